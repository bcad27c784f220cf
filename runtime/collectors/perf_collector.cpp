// The perf collector: cgroup counters of each container, as cells of the frame.
#include <deque>

#include "runtime/collectors/cgroup_counters.h"
#include "runtime/collectors/collector.h"
#include "runtime/collectors/online_cpus.h"
#include "runtime/collectors/perf_derived.h"
#include "runtime/collectors/refusals.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

class PerfCollector final : public Collector {
 public:
  PerfCollector(const RunSpec& spec, const HostFacts& facts, const Frame& frame)
      : facts_(facts), events_(spec.events), slots_(spec.containers.size()) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      slots_[slot].min_running = spec.containers[slot].sampling.min_running;
      const MetricSet wanted = with_inputs(spec.containers[slot].sampling.enabled);
      for (size_t column = 0; column < frame.columns().size(); ++column) {
        const Metric metric = frame.columns()[column];
        if (info(metric).group == MetricGroup::perf && wanted[static_cast<size_t>(metric)])
          slots_[slot].cells.push_back({metric, column});
      }
    }
  }

  std::vector<std::string> attach(size_t slot, const Started& started) override {
    MetricSet events;
    for (const Cell& cell : slots_[slot].cells)
      if (info(cell.metric).kind != MetricKind::Derived) events.set(static_cast<size_t>(cell.metric));
    const auto refused = slots_[slot].counters.open(started.cgroup.perf_event, events, facts_, events_);
    return refusal_lines(refused, facts_.unavailable);
  }

  void detach(size_t slot) override { slots_[slot].counters.close(); }

  void collect(size_t slot, Frame& frame) override {
    look_at_cpus(frame.now_ns);
    slots_[slot].counters.read(interval_, slots_[slot].min_running);
    for (const Cell& cell : slots_[slot].cells) {
      if (info(cell.metric).kind == MetricKind::Derived) {
        const DerivedValue derived = derive(cell.metric, interval_);
        if (has_value(derived.status))
          frame.set_f64(cell.column, slot, derived.value, derived.status);
        else
          frame.set_missing(cell.column, slot, derived.status);
        continue;
      }
      const EventDelta& event = interval_[cell.metric];
      if (has_value(event.status))
        frame.set_i64(cell.column, slot, event.value, event.status);
      else
        frame.set_missing(cell.column, slot, event.status);
    }
  }

 private:
  struct Cell {
    Metric metric;
    size_t column;
  };
  struct Slot {
    std::vector<Cell> cells;
    double min_running = 0;
    CgroupCounters counters;
  };

  /// CPUs that went offline or came have other events. Ten times a second: looking takes some 2 µs, and the
  /// interval in which it is noticed is an error anyway.
  void look_at_cpus(int64_t now_ns) {
    constexpr int64_t kEvery = 100'000'000;
    if (now_ns - looked_ns_ < kEvery) return;
    looked_ns_ = now_ns;
    if (!online_.changed()) return;
    for (Slot& slot : slots_) slot.counters.follow(online_.cpus());
  }

  HostFacts facts_;
  std::vector<OwnEvent> events_;
  OnlineCpus online_;
  int64_t looked_ns_ = 0;
  std::deque<Slot> slots_;
  PerfInterval interval_;
};

}  // namespace

std::unique_ptr<Collector> make_perf_collector(const RunSpec& spec, const HostFacts& facts,
                                               const Frame& frame) {
  return std::make_unique<PerfCollector>(spec, facts, frame);
}

}  // namespace cbench
