// HostFacts: what the host is and can do, probed once before a run and stored in its trace, so that a replay
// plans and decides with the same numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stdlib/abi/cpu_set.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {

enum class CgroupMode : uint8_t { V1, V2, Hybrid };

/// One logical CPU.
struct CpuFacts {
  uint32_t cpu = 0, core = 0, socket = 0, numa = 0;
  int32_t l3_domain = -1;  ///< resctrl's domain id (cache id); -1 unknown
};

/// In which unit an MB value of a schemata file is.
enum class MbUnit : uint8_t {
  Percent,     ///< Intel and most Arm: 1..100
  EighthGBps,  ///< AMD: multiples of 1/8 GB/s
  MBps,        ///< mounted with -o mba_MBps: MiB/s, by the kernel's feedback loop
};
inline constexpr std::string_view kMbUnitNames[] = {"percent", "eighth_gbps", "mbps"};
/// `host.mb_kind` of the policy language.
enum class MbKind : uint8_t { Percent, Rate, None };
inline constexpr std::string_view kMbKindNames[] = {"percent", "rate", "none"};

/// What resctrl offers (Documentation/filesystems/resctrl.rst). `present` is false where it is not mounted or not
/// supported; then nothing else counts.
struct RdtFacts {
  bool present = false;
  bool simulated = false;
  std::string profile = {};  ///< of a simulated one: what its simulator was started as, "xeon-2s"
  std::string root = "/sys/fs/resctrl";
  std::string absent_reason;
  std::vector<uint32_t> l3_domains;  ///< ids in the schemata line, ascending
  std::vector<uint32_t> snc_nodes;   ///< with sub-NUMA clustering: the nodes that monitoring tells apart, ascending
  bool l3_allocation = false;        ///< CAT
  uint32_t l3_ways = 0;              ///< bits of cbm_mask
  uint32_t l3_min_bits = 1;
  uint64_t l3_shareable = 0;  ///< bits that hardware uses as well
  bool l3_sparse = false;     ///< masks may have gaps (info/L3/sparse_masks, Linux 6.7)
  bool l2_allocation = false;  ///< CAT of the L2
  uint32_t l2_ways = 0, l2_min_bits = 1;
  bool l2_sparse = false;
  uint32_t num_closids = 0;
  uint64_t l3_bytes = 0;  ///< size of one domain's cache
  bool mb_allocation = false;
  MbUnit mb_unit = MbUnit::Percent;
  uint32_t mb_min = 10, mb_granularity = 10;  ///< in that unit, other than MBps, which takes each number from 1 on
  bool l3_occupancy = false, mbm_total = false, mbm_local = false;
  uint32_t num_rmids = 0;
  double peak_bandwidth = 0;  ///< bytes/s to memory of one L3 domain, given or calibrated; 0: not known

  [[nodiscard]] MbKind mb_kind() const {
    return !present || !mb_allocation ? MbKind::None : mb_unit == MbUnit::Percent ? MbKind::Percent : MbKind::Rate;
  }
  /// Units from one value that can be set to the next.
  [[nodiscard]] uint32_t mb_step() const { return mb_unit == MbUnit::MBps ? 1 : std::max<uint32_t>(mb_granularity, 1); }
  /// Of a host of kind rate: bytes/s of one unit, and of the least that can be set.
  [[nodiscard]] double mb_unit_rate() const { return mb_unit == MbUnit::MBps ? 1048576.0 : 125e6; }
  [[nodiscard]] double mb_least_rate() const {
    return mb_unit_rate() * static_cast<double>(mb_unit == MbUnit::MBps ? 1 : mb_min);
  }
};

/// A part of the host that has a share of its own: a socket, or the domain of an L3 cache (on AMD a CCX, with SNC a
/// cluster).
struct HostPart {
  uint32_t id = 0;             ///< as the kernel numbers it
  std::vector<uint32_t> cpus;  ///< those that are online, ascending
};

struct HostFacts {
  std::string hostname, os, kernel, cpu_model, cpu_vendor, microcode, governor, kernel_command_line;
  std::string turbo, smt;  ///< "on", "off" or "unknown"
  std::vector<CpuFacts> cpus;
  CpuSet online;      ///< CPUs that are online and that this process may use
  uint32_t sockets = 1;
  uint64_t memory_bytes = 0;
  CgroupMode cgroup_mode = CgroupMode::V2;
  int32_t perf_event_paranoid = 4;
  bool virtual_machine = false;    ///< a hypervisor is below us
  uint32_t perf_counters = 0;  ///< events that one group can hold beside instructions and cycles; 0: not known
  RdtFacts rdt;
  /// Metrics that this host cannot deliver, each with the reason and the remedy, as found by opening them.
  std::map<Metric, std::string> unavailable;

  /// Ascending by id. One with all CPUs where the topology is not known.
  [[nodiscard]] std::vector<HostPart> socket_parts() const;
  /// As resctrl divides the cache, otherwise as the topology says; none where neither does.
  [[nodiscard]] std::vector<HostPart> domain_parts() const;
};

}  // namespace cbench
