// Events that exist on some CPU models only, by libpfm4's names for them.
#include "runtime/collectors/model_event.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include <fmt/format.h>
#include <perfmon/pfmlib_perf_event.h>

namespace cbench {
namespace {

struct ModelEvent {
  std::string_view key;
  std::string_view names[4];
};

// Intel: CYCLE_ACTIVITY and RESOURCE_STALLS as in Intel's event lists (perfmon-events.intel.com): the *_MISS
// forms from Skylake on, the *_PENDING forms up to Broadwell; Sapphire Rapids counts memory-bound cycles as
// EXE_ACTIVITY:BOUND_ON_LOADS. Arm: STALL ("no operation sent for execution") and STALL_BACKEND_MEM of PMUv3
// (Arm ARM DDI 0487, chapter D13). AMD's core counters have nothing that counts the same, so these metrics
// are unsupported there.
constexpr ModelEvent kModelEvents[] = {
    {"stalls_total", {"CYCLE_ACTIVITY:STALLS_TOTAL", "CYCLE_ACTIVITY:CYCLES_NO_EXECUTE", "STALL"}},
    {"stalls_l3_miss", {"CYCLE_ACTIVITY:STALLS_L3_MISS"}},
    {"stalls_l2_miss", {"CYCLE_ACTIVITY:STALLS_L2_MISS", "CYCLE_ACTIVITY:STALLS_L2_PENDING"}},
    {"stalls_l1d_miss", {"CYCLE_ACTIVITY:STALLS_L1D_MISS", "CYCLE_ACTIVITY:STALLS_L1D_PENDING"}},
    {"stalls_mem_any",
     {"CYCLE_ACTIVITY:STALLS_MEM_ANY", "CYCLE_ACTIVITY:STALLS_LDM_PENDING", "EXE_ACTIVITY:BOUND_ON_LOADS",
      "STALL_BACKEND_MEM"}},
    {"resource_stalls_sb", {"RESOURCE_STALLS:SB"}},
    {"resource_stalls_scoreboard", {"RESOURCE_STALLS:SCOREBOARD", "PARTIAL_RAT_STALLS:SCOREBOARD"}},
};

/// libpfm4 has global state and is set up once.
bool pfm_ready() {
  static std::once_flag once;
  static bool ready = false;
  std::call_once(once, [] { ready = pfm_initialize() == PFM_SUCCESS; });
  return ready;
}

/// Does libpfm4 know the running CPU? Without a core PMU of its own it resolves the kernel's generic names
/// only.
bool cpu_is_known() {
  for (int pmu = 0; pmu < PFM_PMU_MAX; ++pmu) {
    pfm_pmu_info_t facts{};
    facts.size = sizeof facts;
    // Intel's architectural PMU stands in for any newer Intel CPU, without its model's events.
    if (pfm_get_pmu_info(static_cast<pfm_pmu_t>(pmu), &facts) == PFM_SUCCESS && facts.is_present &&
        facts.type == PFM_PMU_TYPE_CORE && std::string_view(facts.name) != "ix86arch")
      return true;
  }
  return false;
}

/// PFM_SUCCESS, or libpfm4's error.
int encode_as(std::string_view name, EventCode& code) {
  perf_event_attr attr{};
  pfm_perf_encode_arg_t arg{};
  arg.attr = &attr;
  arg.size = sizeof arg;
  const int result =
      pfm_get_os_event_encoding(std::string(name).c_str(), PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT, &arg);
  if (result == PFM_SUCCESS) code = {attr.type, attr.config, attr.config1, attr.config2};
  return result;
}

bool encode(std::string_view name, EventCode& code) { return encode_as(name, code) == PFM_SUCCESS; }

}  // namespace

std::span<const std::string_view> model_event_names(std::string_view key) {
  for (const ModelEvent& event : kModelEvents) {
    if (event.key != key) continue;
    const auto end = std::find(std::begin(event.names), std::end(event.names), std::string_view{});
    return {std::begin(event.names), end};
  }
  return {};
}

Result<EventCode> resolve_model_event(std::string_view key, const HostFacts& facts) {
  const std::string_view other = "leave this metric out";
  if (!pfm_ready()) return Error{Exit::HostLacks, "libpfm4 could not be initialised", std::string(other)};
  EventCode code;
  for (const std::string_view name : model_event_names(key))
    if (encode(name, code)) return code;
  if (facts.cpu_vendor == "AuthenticAMD")
    return Error{
        Exit::HostLacks,
        fmt::format(
            "AMD's core counters ({}) have nothing that counts the same as {}: they tell dispatch stalls by "
            "the queue that is full, not by the cache level that is waited for",
            facts.cpu_model, key),
        "leave this metric out, or name an event of the CPU in `data.perf.events`"};
  if (!cpu_is_known())
    return Error{Exit::HostLacks,
                 fmt::format("libpfm4 does not know the events of this CPU ({})", facts.cpu_model),
                 std::string(other)};
  return Error{Exit::HostLacks, fmt::format("this CPU ({}) has no event for {}", facts.cpu_model, key),
               std::string(other)};
}

Result<EventCode> resolve_named_event(std::string_view name, const HostFacts& facts) {
  if (!pfm_ready())
    return Error{Exit::HostLacks, "libpfm4 could not be initialised", "write its raw code: rNNNN"};
  EventCode code;
  const int result = encode_as(name, code);
  if (result == PFM_SUCCESS) return code;
  return Error{Exit::HostLacks,
               fmt::format("libpfm4 has no event `{}` for this CPU ({}): {}", name, facts.cpu_model,
                           pfm_strerror(result)),
               "`perf list` shows the CPU's events; write the event's raw code instead: rNNNN"};
}

}  // namespace cbench
