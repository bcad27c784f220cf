// The sampler: which group is due for which container, and a status for every cell that is not measured.
#include <algorithm>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/event_groups.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

constexpr size_t kGroups = 4;  // perf, docker, rdt, app: the groups that have a collector

}  // namespace

struct Sampler::Impl {
  struct Slot {
    std::vector<size_t> columns[kGroups];  ///< that the container wants
    int64_t configured[kGroups] = {};      ///< steps between two samples
    int64_t every[kGroups] = {};           ///< the same as they are now
    bool attached = false;
  };

  std::unique_ptr<Collector> collectors[kGroups];
  std::vector<Slot> slots;
  int64_t step_ns;

  Impl(const RunSpec& spec, const HostFacts& facts, Frame& frame, Journal& journal)
      : slots(spec.containers.size()), step_ns(std::max<int64_t>(spec.step_ns, 1)) {
    bool used[kGroups] = {};
    for (size_t slot = 0; slot < slots.size(); ++slot) plan(spec, slot, frame, used);
    if (used[0]) collectors[0] = make_perf_collector(spec, facts, frame);
    if (used[1]) collectors[1] = make_docker_collector(spec, facts, frame);
    if (used[2]) collectors[2] = make_rdt_collector(spec, facts, frame, journal);
    if (used[3]) collectors[3] = make_app_collector(spec, frame);
  }

  /// Notes what the slot wants, and marks once and for all the cells that it never has.
  void plan(const RunSpec& spec, size_t slot, Frame& frame, bool (&used)[kGroups]) {
    const Sampling& sampling = spec.containers[slot].sampling;
    const MetricSet wanted = with_inputs(sampling.enabled);
    for (size_t column = 0; column < frame.columns().size(); ++column) {
      const Metric metric = frame.columns()[column];
      const auto group = static_cast<size_t>(info(metric).group);
      if (info(metric).scope == MetricScope::Container)
        frame.set_missing(column, frame.host_row(), Status::Disabled);
      if (group >= kGroups || !wanted[static_cast<size_t>(metric)]) {
        frame.set_missing(column, slot, Status::Disabled);
        continue;
      }
      slots[slot].columns[group].push_back(column);
      used[group] = true;
    }
    for (size_t group = 0; group < kGroups; ++group)
      slots[slot].configured[group] = in_steps(sampling.period_ns(static_cast<MetricGroup>(group)));
    set_period(slot, 0);
  }

  [[nodiscard]] int64_t in_steps(int64_t period_ns) const {
    return std::max<int64_t>(period_ns / step_ns, 1);
  }

  void set_period(size_t slot, int64_t period_ns) {
    for (size_t group = 0; group < kGroups; ++group)
      slots[slot].every[group] = period_ns > 0 ? in_steps(period_ns) : slots[slot].configured[group];
  }

  void mark(size_t slot, size_t group, Frame& frame, Status status) const {
    for (const size_t column : slots[slot].columns[group]) frame.set_missing(column, slot, status);
  }
};

Sampler::Sampler(const RunSpec& spec, const HostFacts& facts, Frame& frame, Journal& journal)
    : impl_(std::make_unique<Impl>(spec, facts, frame, journal)) {}
Sampler::~Sampler() = default;

std::vector<std::string> Sampler::attach(size_t slot, const Started& started) {
  std::vector<std::string> lines;
  for (size_t group = 0; group < kGroups; ++group) {
    if (impl_->slots[slot].columns[group].empty()) continue;
    auto refused = impl_->collectors[group]->attach(slot, started);
    std::move(refused.begin(), refused.end(), std::back_inserter(lines));
  }
  impl_->set_period(slot, 0);
  impl_->slots[slot].attached = true;
  return lines;
}

void Sampler::detach(size_t slot) {
  for (size_t group = 0; group < kGroups; ++group)
    if (impl_->slots[slot].attached && !impl_->slots[slot].columns[group].empty())
      impl_->collectors[group]->detach(slot);
  impl_->slots[slot].attached = false;
}

void Sampler::set_period(size_t slot, int64_t period_ns) { impl_->set_period(slot, period_ns); }

void Sampler::sync_tasks() {
  for (const auto& collector : impl_->collectors)
    if (collector) collector->sync_tasks();
}

void Sampler::collect(Frame& frame) {
  for (size_t slot = 0; slot < impl_->slots.size(); ++slot) {
    const Impl::Slot& s = impl_->slots[slot];
    for (size_t group = 0; group < kGroups; ++group) {
      if (s.columns[group].empty()) continue;
      if (!frame.running[slot])
        impl_->mark(slot, group, frame, Status::Stopped);
      else if (frame.step % s.every[group] != 0)
        impl_->mark(slot, group, frame, Status::NotDue);
      else if (!s.attached)
        impl_->mark(slot, group, frame, Status::Unavailable);  // started in this very step
      else
        impl_->collectors[group]->collect(slot, frame);
    }
  }
}

std::vector<Metric> columns_of(const RunSpec& spec) {
  MetricSet all;
  for (const ContainerSpec& container : spec.containers) all |= with_inputs(container.sampling.enabled);
  std::vector<Metric> columns;
  for (size_t i = 0; i < kMetricIds; ++i)
    if (all[i] || (i < kMetricCount && kMetrics[i].group == MetricGroup::self))
      columns.push_back(static_cast<Metric>(i));
  return columns;
}

}  // namespace cbench
