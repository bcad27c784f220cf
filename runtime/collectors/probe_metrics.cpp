// Which metrics this host cannot deliver, found by trying: perf events on our own cgroup, the cgroup
// controllers, resctrl.
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/collectors/cgroup_counters.h"
#include "runtime/collectors/cgroup_figures.h"
#include "runtime/collectors/collector.h"
#include "runtime/collectors/figure_files.h"
#include "runtime/collectors/refusals.h"
#include "runtime/host/files.h"
#include "runtime/host/resctrl.h"
#include "stdlib/abi/domain_parts.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

void refuse(HostFacts& facts, Metric metric, const std::string& reason) {
  facts.unavailable.emplace(metric, reason);
}

bool readable(const std::string& path) { return read_text(path).has_value(); }

/// Every event by itself, so that one refusal does not hide another.
void probe_perf(const MetricSet& wanted, std::span<const OwnEvent> events, const CgroupPaths& own,
                HostFacts& facts) {
  HostFacts one_cpu = facts;
  if (one_cpu.cpus.size() > 1) one_cpu.cpus.resize(1);
  for (size_t i = 0; i < kMetricIds; ++i) {
    if (!wanted[i]) continue;
    const MetricInfo& m = info(static_cast<Metric>(i));
    if (m.group != MetricGroup::perf || m.kind == MetricKind::Derived) continue;
    CgroupCounters counters;
    MetricSet only;
    only.set(i);
    for (const auto& [metric, error] : counters.open(own.perf_event, only, one_cpu, events))
      refuse(facts, metric, reason_and_remedy(error));
  }
}

/// The top of a v2 hierarchy: what it has, a container's cgroup can be given.
std::string top_of(std::string folder) {
  namespace fs = std::filesystem;
  while (fs::exists(fs::path(folder).parent_path() / "cgroup.controllers"))
    folder = fs::path(folder).parent_path();
  return folder;
}

struct ControllerFolder {
  Controller controller;
  std::string_view name;  ///< in cgroup.controllers and on the kernel's command line
  std::string CgroupPaths::* folder;
};
const ControllerFolder kControllers[] = {
    {Controller::Cpu, "cpu", &CgroupPaths::cpu},
    {Controller::Cpuset, "cpuset", &CgroupPaths::cpuset},
    {Controller::Memory, "memory", &CgroupPaths::memory},
    {Controller::Blkio, "io", &CgroupPaths::blkio},
    {Controller::Pids, "pids", &CgroupPaths::pids},
    {Controller::Cpuacct, "cpuacct", &CgroupPaths::cpuacct},
};

/// Why this host cannot give a figure of `controller`; "" when it can. The files of a container's own cgroup
/// are looked at when it is attached; ours may be the root, which lacks some of them.
std::string why_no_controller(Controller controller, const CgroupPaths& own,
                              const std::string& v2_controllers) {
  if (controller == Controller::Network) return "";
  for (const ControllerFolder& entry : kControllers) {
    if (entry.controller != controller) continue;
    if (own.mode != CgroupMode::V2 && !(own.*entry.folder).empty()) return "";
    if (controller == Controller::Cpuacct && !own.unified.empty())
      return "";  // cpu.stat stands in every v2 group
    if ((" " + v2_controllers + " ").find(fmt::format(" {} ", entry.name)) != std::string::npos) return "";
    return fmt::format(
        "the cgroup controller `{0}` is not available; mount it or boot with it enabled (no "
        "cgroup_disable={0} on the "
        "kernel's command line)",
        entry.name);
  }
  return "";
}

std::string why_no_pressure(std::string_view file, const CgroupPaths& own) {
  const std::string resource(file.substr(0, file.find('.')));
  if (own.unified.empty())
    return "pressure stall information of a cgroup needs cgroup v2; boot with "
           "systemd.unified_cgroup_hierarchy=1";
  if (!readable("/proc/pressure/" + resource))
    return fmt::format(
        "the kernel gives no pressure stall information for {}; boot with psi=1, on a kernel with CONFIG_PSI",
        resource);
  return "";
}

void probe_figures(const MetricSet& wanted, const CgroupPaths& own, HostFacts& facts) {
  const std::string controllers =
      own.unified.empty() ? "" : read_line(top_of(own.unified) + "/cgroup.controllers");
  for (const FigureSource& source : figures_of_v2()) {
    if (source.figure == kInactiveFile || !wanted[source.figure]) continue;
    const std::string why = source.controller == Controller::Pressure
                                ? why_no_pressure(source.file, own)
                                : why_no_controller(source.controller, own, controllers);
    if (!why.empty()) refuse(facts, static_cast<Metric>(source.figure), why);
    if (source.controller == Controller::Blkio && own.mode != CgroupMode::V2 && !own.blkio.empty())
      if (const auto uncounted = why_no_blkio(own.blkio))
        refuse(facts, static_cast<Metric>(source.figure), reason_and_remedy(*uncounted));
  }
  const std::string no_memory = why_no_controller(Controller::Memory, own, controllers);
  for (const Metric metric : {Metric::docker_memory_working_set, Metric::docker_memory_usage_percent})
    if (wanted[static_cast<size_t>(metric)] && !no_memory.empty()) refuse(facts, metric, no_memory);
  for (const FigureSource& source : figures_of_network())
    if (wanted[source.figure] && !readable("/proc/self/net/dev"))
      refuse(facts, static_cast<Metric>(source.figure),
             "/proc/self/net/dev cannot be read; use a kernel with CONFIG_NET");
}

/// Why resctrl cannot give `metric`; "" when it can.
std::string why_no_rdt(Metric of, const HostFacts& facts) {
  const Metric metric = whole_of(of);
  const RdtFacts& rdt = facts.rdt;
  const auto lacks = [&](std::string_view what) {
    return fmt::format("resctrl on this CPU ({}) has no {}; use a host with it", facts.cpu_model, what);
  };
  if (!rdt.present) return rdt.absent_reason;
  switch (metric) {
    case Metric::rdt_l3_cache_occupancy:
      return rdt.l3_occupancy ? "" : lacks("cache occupancy monitoring (CMT)");
    case Metric::rdt_cache_llc_utilization_percent:
      if (!rdt.l3_occupancy) return lacks("cache occupancy monitoring (CMT)");
      if (rdt.l3_bytes == 0) return lacks("known cache size");
      return rdt.l3_allocation ? "" : lacks("cache allocation (CAT)");
    case Metric::rdt_memory_bandwidth_total:
      return rdt.mbm_total ? "" : lacks("total bandwidth monitoring (MBM)");
    case Metric::rdt_memory_bandwidth_local:
      return rdt.mbm_local ? "" : lacks("local bandwidth monitoring (MBM)");
    case Metric::rdt_l3_cache_allocation:
    case Metric::rdt_l3_ways:
    case Metric::rdt_l3_cache_allocation_pct:
      return rdt.l3_allocation ? "" : lacks("cache allocation (CAT)");
    case Metric::rdt_mba_throttle:
      if (!rdt.mb_allocation) return lacks("memory bandwidth allocation (MBA)");
      return rdt.mb_kind() == MbKind::Percent
                 ? ""
                 : "this host's memory bandwidth is allocated in absolute units, not in percent; read "
                   "rdt.memory_bandwidth_total";
    case Metric::rdt_bandwidth_utilization_percent:
      if (!rdt.mbm_total) return lacks("total bandwidth monitoring (MBM)");
      return rdt.peak_bandwidth > 0
                 ? ""
                 : "the host's peak memory bandwidth is not known; write it into bench.yml (`benchmark: "
                   "{host: "
                   "{peak_bandwidth: 80GB/s}}`), or let `cbench host --calibrate` measure it";
    default:
      return rdt.l3_occupancy || rdt.mbm_total || rdt.mbm_local ? "" : lacks("monitoring");
  }
}

/// A derived metric lacks what its first missing input lacks.
void probe_derived(const MetricSet& wanted, HostFacts& facts) {
  for (size_t i = 0; i < kMetricCount; ++i) {
    if (!wanted[i]) continue;
    for (const Metric input : inputs_of(static_cast<Metric>(i)))
      if (const auto missing = facts.unavailable.find(input); missing != facts.unavailable.end()) {
        refuse(facts, static_cast<Metric>(i),
               fmt::format("needs {}: {}", info(input).field, missing->second));
        break;
      }
  }
}

}  // namespace

void probe_metrics(const MetricSet& wanted, HostFacts& facts, std::span<const OwnEvent> events) {
  const MetricSet all = with_inputs(wanted);
  const auto own = cgroups_of(::getpid());
  for (size_t i = 0; i < kMetricIds; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (!all[i]) continue;
    if (!own && info(metric).group <= MetricGroup::docker)
      refuse(facts, metric, reason_and_remedy(own.error()));
    if (info(metric).group != MetricGroup::rdt) continue;
    if (const std::string why = why_no_rdt(metric, facts); !why.empty()) refuse(facts, metric, why);
  }
  facts.perf_counters =
      count_counters(linux_perf(), read_number("/proc/sys/kernel/nmi_watchdog").value_or(0) == 1);
  if (own) {
    probe_perf(all, events, *own, facts);
    probe_figures(all, *own, facts);
  }
  probe_derived(all, facts);
}

}  // namespace cbench
