// The preflight: what this host has for measuring and controlling, what each missing piece costs, and how to
// mend it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stdlib/abi/host_facts.h"

namespace cbench {

enum class CheckState : uint8_t { Ok, Limited, Missing };
inline constexpr std::string_view kCheckStates[] = {"ok", "limited", "missing"};

struct HostCheck {
  std::string what;  ///< "hardware counters"
  CheckState state = CheckState::Ok;
  std::string finding;       ///< what there is
  std::string cost, remedy;  ///< when it is not Ok; the remedy is a command where there is one
};

/// What is asked of the host beside HostFacts.
struct Surroundings {
  bool may_open_events = false;  ///< perf events of other processes
  bool nmi_watchdog = false;
  bool pressure = false;  ///< the kernel has PSI
  bool may_lock_memory = false, may_be_realtime = false;
  uint64_t open_files = 0;     ///< RLIMIT_NOFILE's hard limit; UINT64_MAX: none
  uint64_t swap_bytes = 0;     ///< of swap that is on
  std::string docker_trouble;  ///< empty: usable
  std::string docker_remedy;
  std::string process_trouble{};   ///< why engine process cannot make cgroups; empty: it can
  bool writes_any_cgroup = false;  ///< also those of the Docker daemon's containers
  std::string without_realtime{};  ///< the cgroup that gives real-time tasks no time; empty: none
};
/// All but Docker.
Surroundings look_around(const HostFacts& facts);

std::vector<HostCheck> host_checks(const HostFacts& facts, const Surroundings& around);

}  // namespace cbench
