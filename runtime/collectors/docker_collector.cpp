// The docker collector: the figures of `docker stats`, from cgroup files, as cells of the frame.
#include <algorithm>
#include <map>

#include <sched.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/event_groups.h"
#include "runtime/collectors/figure_files.h"
#include "runtime/collectors/refusals.h"
#include "runtime/host/pidfd.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

using enum Metric;

/// Is the process in the container's groups, or in groups that it has made below them? A number that has gone
/// to another process since the engine told of it is not.
bool is_within(int64_t pid, const CgroupPaths& container) {
  const Result<CgroupPaths> now = cgroups_of(pid);
  if (!now) return false;
  for (const auto member :
       {&CgroupPaths::cpu, &CgroupPaths::cpuacct, &CgroupPaths::cpuset, &CgroupPaths::memory,
        &CgroupPaths::blkio, &CgroupPaths::pids, &CgroupPaths::unified}) {
    const std::string &group = container.*member, &own = *now.*member;
    if (own != group && !own.starts_with(group == "/" ? group : group + "/")) return false;
  }
  return true;
}

class DockerCollector final : public Collector {
 public:
  DockerCollector(const RunSpec& spec, const HostFacts& facts, const Frame& frame)
      : memory_bytes_(static_cast<int64_t>(facts.memory_bytes)),
        foreseen_(facts.unavailable),
        slots_(spec.containers.size()) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      const MetricSet wanted = with_inputs(spec.containers[slot].sampling.enabled);
      for (size_t column = 0; column < frame.columns().size(); ++column) {
        const Metric metric = frame.columns()[column];
        if (info(metric).group == MetricGroup::docker && wanted[static_cast<size_t>(metric)])
          slots_[slot].cells.push_back({metric, column});
      }
    }
  }

  std::vector<std::string> attach(size_t slot, const Started& started) override {
    std::vector<bool> wanted(kFigureCount, false);
    for (const Cell& cell : slots_[slot].cells) wanted[figure(cell.metric)] = true;
    const auto is_wanted = [&](Metric metric) { return wanted[figure(metric)]; };
    if (is_wanted(docker_memory_usage_percent)) wanted[figure(docker_memory_limit)] = true;
    if (is_wanted(docker_memory_usage_percent) || is_wanted(docker_memory_working_set))
      wanted[figure(docker_memory_usage)] = wanted[kInactiveFile] = true;
    const CgroupPaths& cgroup = started.cgroup;
    slots_[slot].splits = cgroup.mode != CgroupMode::V2 && !cgroup.cpuacct.empty() &&
                          cgroup.cpuacct != cgroup.unified &&
                          (is_wanted(docker_cpu_usage_user) || is_wanted(docker_cpu_usage_kernel));
    if (slots_[slot].splits)
      for (const Metric part : {docker_cpu_usage_total, docker_cpu_usage_user, docker_cpu_usage_kernel})
        wanted[figure(part)] = true;
    slots_[slot].user_ns = slots_[slot].kernel_ns = 0;
    slots_[slot].pid = started.pid;
    slots_[slot].previous = {};
    // Held before its groups are looked at and its files are opened: if it has not ended after that, they
    // were its own.
    slots_[slot].process = Pidfd(started.pid);
    const bool own = is_within(started.pid, cgroup);
    const auto refused = slots_[slot].files.open(started, wanted);
    slots_[slot].gone = slots_[slot].process.has_ended();
    if (slots_[slot].gone) {
      detach(slot);
      return {};  // what could not be opened is not the host's fault
    }
    if (!own)
      slots_[slot].process = {};  // another process: the groups are the container's, its network is not
    return refusal_lines(refused, foreseen_);
  }

  void detach(size_t slot) override {
    slots_[slot].files.close();
    slots_[slot].process = {};
  }

  void collect(size_t slot, Frame& frame) override {
    Slot& s = slots_[slot];
    if (s.gone) {
      for (const Cell& cell : s.cells) frame.set_missing(cell.column, slot, Status::Stopped);
      return;
    }
    s.files.read(figures_);
    clamp_limit();
    if (s.splits) split_cpu_time(s);
    if (s.process.has_ended())
      drop_network();
    else
      narrow_to_affinity(s.pid);
    for (const Cell& cell : s.cells) {
      if (cell.metric == docker_cpu_usage_percent)
        set_cpu_percent(s, cell.column, slot, frame);
      else if (cell.metric == docker_memory_working_set)
        set_working_set(cell.column, slot, frame);
      else if (cell.metric == docker_memory_usage_percent)
        set_memory_percent(cell.column, slot, frame);
      else if (status(cell.metric) == Status::Ok)
        frame.set_i64(cell.column, slot, value(cell.metric));
      else
        frame.set_missing(cell.column, slot, status(cell.metric));
    }
    s.previous = {figures_.cpu_read_ns, value(docker_cpu_usage_total),
                  status(docker_cpu_usage_total) == Status::Ok};
  }

 private:
  struct Cell {
    Metric metric;
    size_t column;
  };
  struct CpuReading {
    int64_t time_ns = 0, usage_ns = 0;
    bool valid = false;
  };
  struct Slot {
    std::vector<Cell> cells;
    FigureFiles files;
    CpuReading previous;
    int64_t pid = 0;
    Pidfd process;                       ///< of that pid
    bool gone = false;                   ///< it had ended when it was attached
    bool splits = false;                 ///< user and kernel time are raw ticks
    int64_t user_ns = 0, kernel_ns = 0;  ///< as shown last
  };

  [[nodiscard]] int64_t value(Metric metric) const { return figures_.value[figure(metric)]; }
  [[nodiscard]] Status status(Metric metric) const { return figures_.status[figure(metric)]; }

  /// v1's cpuacct.usage_user and usage_sys count the ticks that hit each, and need not add up to the exact
  /// total. Divides the total in their proportion, neither part ever going back: as cpu.stat of v2 does
  /// (cputime_adjust in the kernel's kernel/sched/cputime.c).
  void split_cpu_time(Slot& s) {
    const Metric parts[] = {docker_cpu_usage_total, docker_cpu_usage_user, docker_cpu_usage_kernel};
    if (std::any_of(std::begin(parts), std::end(parts),
                    [&](Metric part) { return status(part) != Status::Ok; }))
      return;
    const int64_t total = std::max(value(docker_cpu_usage_total), s.user_ns + s.kernel_ns);
    const auto user = static_cast<double>(value(docker_cpu_usage_user)),
               kernel = static_cast<double>(value(docker_cpu_usage_kernel));
    const double share = user + kernel > 0 ? kernel / (user + kernel) : 0;
    const auto wanted = static_cast<int64_t>(static_cast<double>(total) * share);
    s.kernel_ns = std::clamp(wanted, s.kernel_ns, total - s.user_ns);
    s.user_ns = total - s.kernel_ns;
    figures_.value[figure(docker_cpu_usage_user)] = s.user_ns;
    figures_.value[figure(docker_cpu_usage_kernel)] = s.kernel_ns;
  }

  /// /proc/PID/net/dev that is open keeps the namespace and goes on after the process, but Docker takes the
  /// container's interfaces away before it tells of the end: their sums would go back to 0.
  void drop_network() {
    for (const FigureSource& source : figures_of_network())
      if (figures_.status[source.figure] == Status::Ok) figures_.status[source.figure] = Status::Stopped;
  }

  /// No limit, or one beyond what the host has, is the host's memory.
  void clamp_limit() {
    int64_t& limit = figures_.value[figure(docker_memory_limit)];
    limit = std::min(limit, memory_bytes_);
  }

  /// The cpuset bounds what the first process may use; its own affinity may be narrower.
  void narrow_to_affinity(int64_t pid) {
    if (status(docker_assigned_cores) != Status::Ok) return;
    cpu_set_t cpus;
    if (::sched_getaffinity(static_cast<pid_t>(pid), sizeof cpus, &cpus) != 0) return;
    int64_t& cores = figures_.value[figure(docker_assigned_cores)];
    cores = std::min<int64_t>(cores, CPU_COUNT(&cpus));
  }

  void set_cpu_percent(const Slot& s, size_t column, size_t row, Frame& frame) const {
    if (status(docker_cpu_usage_total) != Status::Ok)
      return frame.set_missing(column, row, status(docker_cpu_usage_total));
    const int64_t dt = figures_.cpu_read_ns - s.previous.time_ns;
    const int64_t used = value(docker_cpu_usage_total) - s.previous.usage_ns;
    // v1's usage can be reset by anybody who writes to cpuacct.usage.
    if (!s.previous.valid || dt <= 0 || used < 0) return frame.set_missing(column, row, Status::Unavailable);
    frame.set_f64(column, row, 100.0 * static_cast<double>(used) / static_cast<double>(dt));
  }

  /// Usage without the page cache that can be dropped at once, as docker's CLI computes it
  /// (calculateMemUsageUnixNoCache).
  Status working_set(int64_t& bytes) const {
    if (status(docker_memory_usage) != Status::Ok) return status(docker_memory_usage);
    if (figures_.status[kInactiveFile] != Status::Ok) return figures_.status[kInactiveFile];
    bytes = std::max<int64_t>(value(docker_memory_usage) - figures_.value[kInactiveFile], 0);
    return Status::Ok;
  }

  void set_working_set(size_t column, size_t row, Frame& frame) const {
    int64_t bytes = 0;
    const Status found = working_set(bytes);
    frame.set_i64(column, row, bytes, found);
  }

  void set_memory_percent(size_t column, size_t row, Frame& frame) const {
    int64_t bytes = 0;
    Status found = working_set(bytes);
    if (found == Status::Ok) found = status(docker_memory_limit);
    if (found == Status::Ok && value(docker_memory_limit) <= 0) found = Status::Error;
    if (found != Status::Ok) return frame.set_missing(column, row, found);
    frame.set_f64(column, row,
                  100.0 * static_cast<double>(bytes) / static_cast<double>(value(docker_memory_limit)));
  }

  int64_t memory_bytes_;
  std::map<Metric, std::string> foreseen_;
  std::vector<Slot> slots_;
  Figures figures_{};
};

}  // namespace

std::unique_ptr<Collector> make_docker_collector(const RunSpec& spec, const HostFacts& facts,
                                                 const Frame& frame) {
  return std::make_unique<DockerCollector>(spec, facts, frame);
}

}  // namespace cbench
