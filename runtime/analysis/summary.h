// Summary: what a person wants to know of a run, computed from its trace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/trace/trace.h"
#include "stdlib/abi/decision.h"

namespace cbench {

/// Figures of a container over one span of the run. Absent: nothing was measured.
struct ContainerFigures {
  std::optional<double> cpu_percent;    ///< Δcpu_usage_total / Δt over the whole span; 100 is one core
  std::optional<double> ipc;            ///< Σ instructions / Σ cycles
  std::optional<int64_t> memory_bytes;  ///< largest working set
};

struct ContainerSummary {
  std::string name;
  std::string image_id, image_digest;  ///< empty: it has none, or came from no registry
  int64_t samples = 0;
  int64_t missed = 0;                     ///< steps that were missed while it ran
  ContainerFigures whole, before, after;  ///< before and after the run's first action
  std::optional<int64_t> exit_code;
  bool out_of_memory = false, rejected = false;
  bool stopped = false;  ///< by us, before it ended by itself
};

struct RunSummary {
  std::string run_id, policy, mode;
  Plan plan;
  int64_t steps = 0, missed_steps = 0, duration_ns = 0;
  std::vector<ContainerSummary> containers;
  std::vector<Decision> decisions;
  /// From a step's sample until the host has an action of it.
  struct Latency {
    int64_t p50_ns = 0, p99_ns = 0;
  };
  std::optional<Latency> latency;
  std::string simulated;                 ///< profile of a simulated resctrl; empty: the host's own or none
  std::optional<Decision> first_action;  ///< the first that changed the host while containers were measured
  std::string policy_stopped;
  std::optional<TraceEnd> end;  ///< absent when the run was cut off
};

/// Reads a trace to its end. Samples before `discard_ns` are left out of the figures. Errors: a damaged trace
/// (Invalid).
Result<RunSummary> summarize(TraceReader& trace, int64_t discard_ns = 0);

/// The summary as tables for a terminal, the last line ended.
std::string to_text(const RunSummary& summary);
/// The same as one JSON object, for scripts; with `indent` -1 on one line.
std::string to_json(const RunSummary& summary, int indent = 2);

/// Decisions, one a line: time, what, outcome, rule with its line, reason and condition. Repeated ones are
/// folded. At most `limit` lines (0: all).
std::string decision_table(const std::vector<Decision>& decisions, const Plan& plan,
                           const std::string& indent, size_t limit = 0);
/// One decision as a JSON object on one line.
std::string decision_json(const Decision& decision, const Plan& plan);
/// The same of an event, whose name is its first field. `containers`: their names by slot.
std::string event_json(const TraceEvent& event, const std::vector<std::string>& containers);
/// The object with `"event": name` as its first field.
std::string with_event(std::string_view name, const std::string& object);

}  // namespace cbench
