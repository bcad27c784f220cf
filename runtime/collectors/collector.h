// The interface of the collectors: perf events, Docker's figures, RDT monitoring, what workloads report.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/dataframe/frame.h"
#include "runtime/engines/engine.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// One source of metrics. Called from the sampling thread only. Collecting makes no allocation and no daemon call.
class Collector {
 public:
  virtual ~Collector() = default;
  /// Opens what the slot's metrics need. A metric that cannot be opened gets its status in every later sample; never fatal.
  /// Returns what could not be opened: a line per reason, "perf.cycles, perf.instructions: reason; remedy", the same for every
  /// container that lacks the same.
  virtual std::vector<std::string> attach(size_t slot, const Started& started) = 0;
  virtual void detach(size_t slot) = 0;
  /// Fills the cells of the collector's group that are enabled for the slot. Called when the group is due for the slot.
  virtual void collect(size_t slot, Frame& frame) = 0;
  /// Now and then: tasks that have come to a container are counted with it.
  virtual void sync_tasks() {}
};

/// Makes the collectors of the groups that a run enables.
std::unique_ptr<Collector> make_perf_collector(const RunSpec& spec, const HostFacts& facts, const Frame& frame);
std::unique_ptr<Collector> make_docker_collector(const RunSpec& spec, const HostFacts& facts, const Frame& frame);
/// `journal` learns of the monitoring groups that are made.
std::unique_ptr<Collector> make_rdt_collector(const RunSpec& spec, const HostFacts& facts, const Frame& frame, Journal& journal);

/// Reads what workloads print (ContainerSpec::app).
std::unique_ptr<Collector> make_app_collector(const RunSpec& spec, const Frame& frame);

/// Fills facts.unavailable by trying every metric that `wanted` holds, and the inputs of its derived ones: events on our own
/// cgroup (`events` has those that the user named), the controllers of this host, resctrl as facts.rdt has it. Each reason ends
/// with the remedy. Counts the CPU's counters (facts.perf_counters).
void probe_metrics(const MetricSet& wanted, HostFacts& facts, std::span<const OwnEvent> events = {});

/// All collectors of a run and the bookkeeping of periods and statuses.
class Sampler {
 public:
  Sampler(const RunSpec& spec, const HostFacts& facts, Frame& frame, Journal& journal);
  ~Sampler();
  std::vector<std::string> attach(size_t slot, const Started& started);
  void detach(size_t slot);
  /// Fills `frame` for `step` (frame.step, times and running already set): every cell gets a value or a status. A group is due for a
  /// container in steps that are multiples of its period.
  void collect(Frame& frame);
  /// From now on the container is sampled at this period, a multiple of the step; 0: as configured. A start
  /// sets it back.
  void set_period(size_t slot, int64_t period_ns);
  void sync_tasks();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The columns of a run: all metrics that some container enables, inputs of enabled derived metrics, and the self group.
std::vector<Metric> columns_of(const RunSpec& spec);

}  // namespace cbench
