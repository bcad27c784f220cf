#include "runtime/host/checks.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/resource.h>

#include "runtime/host/capability.h"
#include "runtime/host/cgroup.h"
#include "runtime/host/files.h"

namespace cbench {
namespace {

class Checks {
 public:
  Checks(const HostFacts& facts, const Surroundings& around) : f_(facts), a_(around) {}

  std::vector<HostCheck> all() {
    cpus();
    frequency();
    counters();
    cgroups();
    engine();
    rdt();
    ourselves();
    return std::move(out_);
  }

 private:
  void ok(std::string what, std::string finding) {
    out_.push_back({std::move(what), CheckState::Ok, std::move(finding), "", ""});
  }
  void bad(CheckState state, std::string what, std::string finding, std::string cost, std::string remedy) {
    out_.push_back({std::move(what), state, std::move(finding), std::move(cost), std::move(remedy)});
  }

  void cpus() {
    const std::string finding =
        fmt::format("{}: {} usable of {} ({}), {} socket{}", f_.cpu_model, f_.online.count(), f_.cpus.size(),
                    to_list(f_.online), f_.sockets, f_.sockets == 1 ? "" : "s");
    if (f_.online.count() > 1)
      ok("CPUs", finding);
    else
      bad(CheckState::Limited, "CPUs", finding, "cbench runs on the CPU that it measures",
          "use a host with more CPUs");
    if (f_.virtual_machine)
      bad(CheckState::Limited, "bare metal", "a hypervisor is below",
          "other guests take time and cache that no figure shows; counters and RDT are there only if it "
          "passes them on",
          "measure on bare metal, or give the guest CPUs of its own and a PMU");
    else
      ok("bare metal", "no hypervisor in sight");
  }

  void frequency() {
    if (f_.governor == "performance")
      ok("frequency", "governor performance");
    else if (f_.governor == "unknown")
      ok("frequency", "not ours to set: no cpufreq here");
    else
      bad(CheckState::Limited, "frequency", "governor " + f_.governor,
          "the clock follows the load: times and throughput differ from run to run",
          "cpupower frequency-set -g performance");
    if (f_.turbo == "on")
      bad(CheckState::Limited, "turbo", "on",
          "the clock depends on how many cores are busy and how warm they are",
          "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo   # elsewhere: echo 0 > "
          "/sys/devices/system/cpu/cpufreq/boost");
    else
      ok("turbo", f_.turbo);
    if (f_.smt == "on")
      bad(CheckState::Limited, "SMT", "on", "containers on two threads of one core slow one another",
          "echo off > /sys/devices/system/cpu/smt/control   # or give a container both threads");
    else
      ok("SMT", f_.smt);
  }

  void counters() {
    const std::string level = fmt::format("perf_event_paranoid {}", f_.perf_event_paranoid);
    if (a_.may_open_events)
      ok("perf events", level);
    else
      bad(CheckState::Missing, "perf events", level, "no perf metric of a container",
          "sysctl kernel.perf_event_paranoid=0   # or root, or setcap cap_perfmon=ep on the program");
    if (f_.perf_counters == 0) {
      bad(CheckState::Missing, "hardware counters", "none",
          "no cycles, instructions, IPC, cache or branch misses",
          f_.virtual_machine ? "give the virtual machine a PMU (QEMU: -cpu host,pmu=on)"
                             : "use a kernel with the driver of this CPU's PMU");
      return;
    }
    const std::string there = fmt::format("{} at a time beside instructions and cycles", f_.perf_counters);
    if (a_.nmi_watchdog)
      bad(CheckState::Limited, "hardware counters", there, "the NMI watchdog holds one more",
          "sysctl kernel.nmi_watchdog=0");
    else
      ok("hardware counters", there);
  }

  void cgroups() {
    constexpr const char* kModes[] = {"v1", "v2", "hybrid (v1 controllers, v2 beside them)"};
    ok("cgroups", kModes[static_cast<size_t>(f_.cgroup_mode)]);
    if (f_.cgroup_mode == CgroupMode::V1)
      bad(CheckState::Missing, "pressure (PSI)", "cgroup v1 has none", "no *_pressure_* metrics",
          "boot with systemd.unified_cgroup_hierarchy=1");
    else if (!a_.pressure)
      bad(CheckState::Missing, "pressure (PSI)", "the kernel has none", "no *_pressure_* metrics",
          "boot with psi=1, on a kernel with CONFIG_PSI");
    else
      ok("pressure (PSI)", "there");
    if (a_.swap_bytes > 0)
      bad(CheckState::Limited, "swap",
          fmt::format("{:.1f} GiB", static_cast<double>(a_.swap_bytes) / (1ULL << 30U)),
          "pages that come back from disk look like slow memory", "swapoff -a");
    else
      ok("swap", "off");
  }

  void engine() {
    if (a_.process_trouble.empty())
      ok("engine process", "usable");
    else
      bad(CheckState::Missing, "engine process", a_.process_trouble, "no engine `process`",
          "run as root, or in a cgroup that is yours (docs/privileges.md)");
    if (a_.docker_trouble.empty() && a_.writes_any_cgroup)
      ok("Docker", "usable");
    else if (a_.docker_trouble.empty())
      bad(CheckState::Limited, "Docker", "usable to measure",
          "a policy cannot limit, pin or pause its containers, whose cgroups belong to root",
          "run as root, or setcap cap_dac_override=ep on the program");
    else
      bad(CheckState::Missing, "Docker", a_.docker_trouble,
          "no engine `docker`; `engine: process` needs none", a_.docker_remedy);
  }

  void rdt() {
    const RdtFacts& r = f_.rdt;
    if (!r.present) {
      bad(CheckState::Missing, "resctrl", r.absent_reason.substr(0, r.absent_reason.find("; ")),
          "cache and bandwidth are neither measured nor allocated",
          r.absent_reason.substr(std::min(r.absent_reason.find("; "), r.absent_reason.size() - 2) + 2));
      return;
    }
    ok("resctrl", r.root + (r.simulated ? " (simulated)" : ""));
    part("cache allocation", r.l3_allocation,
         fmt::format("{} ways in {} L3 domain{}, {} classes", r.l3_ways, r.l3_domains.size(),
                     r.l3_domains.size() == 1 ? "" : "s", r.num_closids),
         "no `ways` and no `layout`", "CAT");
    if (r.l2_allocation) ok("L2 allocation", fmt::format("{} ways", r.l2_ways));
    part("bandwidth allocation", r.mb_allocation, bandwidth(), "no `mb` or `mb_rate`", "MBA");
    part("cache monitoring", r.l3_occupancy, fmt::format("{} RMIDs", r.num_rmids),
         "no rdt_l3_cache_occupancy", "CMT");
    part("bandwidth monitoring", r.mbm_total, r.mbm_local ? "total and local" : "total",
         "no rdt_memory_bandwidth_*", "MBM");
    if (!r.mbm_total) return;
    if (r.peak_bandwidth > 0)
      ok("peak bandwidth", fmt::format("{:.1f} GB/s for an L3 domain", r.peak_bandwidth / 1e9));
    else
      bad(CheckState::Limited, "peak bandwidth", "not known",
          "no rdt_bandwidth_utilization_percent, and host.peak_bandwidth is missing to policies",
          "cbench host --calibrate");
  }
  void part(std::string what, bool there, std::string finding, std::string cost, std::string_view name) {
    if (there)
      ok(std::move(what), std::move(finding));
    else
      bad(CheckState::Missing, std::move(what), fmt::format("this CPU has no {}", name), std::move(cost),
          "use a host with it");
  }
  [[nodiscard]] std::string bandwidth() const {
    const RdtFacts& r = f_.rdt;
    if (r.mb_kind() == MbKind::Percent)
      return fmt::format("from {} % in steps of {} %", r.mb_min, r.mb_granularity);
    return fmt::format("from {:.4g} MB/s in steps of {:.4g} MB/s", r.mb_least_rate() / 1e6,
                       r.mb_step() * r.mb_unit_rate() / 1e6);
  }

  void ourselves() {
    constexpr uint64_t kComfortable = 65'536;
    if (a_.open_files >= kComfortable)
      ok("open files", a_.open_files == UINT64_MAX ? "no limit" : fmt::format("{} at most", a_.open_files));
    else
      bad(CheckState::Limited, "open files", fmt::format("{} at most", a_.open_files),
          "each perf event takes one for each container and CPU",
          "ulimit -Hn 65536   # systemd: LimitNOFILE=65536");
    if (a_.may_lock_memory)
      ok("locked memory", "allowed");
    else
      bad(CheckState::Limited, "locked memory", "RLIMIT_MEMLOCK",
          "under memory pressure a sample may wait for cbench's own pages",
          "ulimit -l unlimited   # or setcap cap_ipc_lock=ep on the program");
    if (!a_.without_realtime.empty())
      bad(CheckState::Limited, "real-time priority", a_.without_realtime + " has no time for real-time tasks",
          "no `benchmark.observer.fifo`",
          fmt::format("echo 100000 > {}/cpu.rt_runtime_us   # as root", a_.without_realtime));
    else if (a_.may_be_realtime)
      ok("real-time priority", "allowed");
    else
      bad(CheckState::Limited, "real-time priority", "not allowed", "no `benchmark.observer.fifo`",
          "ulimit -r 99   # or setcap cap_sys_nice=ep on the program");
  }

  const HostFacts& f_;
  const Surroundings& a_;
  std::vector<HostCheck> out_;
};

/// Bytes of /proc/swaps: "Filename Type Size Used Priority", sizes in KiB.
uint64_t swap_bytes() {
  uint64_t sum = 0;
  const std::string text = read_text("/proc/swaps").value_or("");
  for (const std::string_view line : fields(text, '\n')) {
    std::vector<std::string_view> words;
    for (size_t at = 0; at < line.size();) {
      const size_t end = std::min(line.find_first_of(" \t", at), line.size());
      if (end > at) words.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    if (words.size() > 2) sum += parse_number(words[2]).value_or(0) * 1024;
  }
  return sum;
}

uint64_t limit_of(int resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) != 0 || limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
}

}  // namespace

Surroundings look_around(const HostFacts& facts) {
  Surroundings around;
  around.may_open_events = facts.perf_event_paranoid <= 0 || has_capability(Capability::Perfmon) ||
                           has_capability(Capability::SysAdmin);
  around.nmi_watchdog = read_number("/proc/sys/kernel/nmi_watchdog").value_or(0) == 1;
  around.pressure = read_text("/proc/pressure/cpu").has_value();
  around.may_lock_memory = has_capability(Capability::IpcLock) || limit_of(RLIMIT_MEMLOCK) == UINT64_MAX;
  around.may_be_realtime = has_capability(Capability::SysNice) || limit_of(RLIMIT_RTPRIO) > 0;
  around.open_files = limit_of(RLIMIT_NOFILE);
  around.swap_bytes = swap_bytes();
  around.process_trouble = why_no_cgroups();
  around.writes_any_cgroup = has_capability(Capability::DacOverride);
  around.without_realtime = group_without_realtime();
  return around;
}

std::vector<HostCheck> host_checks(const HostFacts& facts, const Surroundings& around) {
  return Checks(facts, around).all();
}

}  // namespace cbench
