// The docker collector: the figures of `docker stats`, from cgroup files, as cells of the frame.
#include <algorithm>
#include <map>

#include <sched.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/event_groups.h"
#include "runtime/collectors/figure_files.h"
#include "runtime/collectors/refusals.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

using enum Metric;

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
    slots_[slot].pid = started.pid;
    slots_[slot].previous = {};
    return refusal_lines(slots_[slot].files.open(started, wanted), foreseen_);
  }

  void detach(size_t slot) override { slots_[slot].files.close(); }

  void collect(size_t slot, Frame& frame) override {
    Slot& s = slots_[slot];
    s.files.read(figures_);
    clamp_limit();
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
  };

  [[nodiscard]] int64_t value(Metric metric) const { return figures_.value[figure(metric)]; }
  [[nodiscard]] Status status(Metric metric) const { return figures_.status[figure(metric)]; }

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
