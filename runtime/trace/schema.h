// The columns of a trace: which there are, in which order, and what their dictionaries begin with.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/trace/column.h"
#include "runtime/trace/trace.h"

namespace cbench::trace {

/// Columns that every trace has. The metrics' columns, value and status in turn, stand after DtNs.
enum class Col : uint8_t {
  Kind,
  Step,
  TimeNs,
  WallNs,
  Container,
  Slot,
  DtNs,
  Event,
  Code,
  Verb,
  Target,
  Class,
  Domain,
  Value,
  Outcome,
  Detail,
  Reason,
  Why,
  Rule,
  Line,
  Ordinal,
  Samples,
  MissedSteps,
  LatencyNs
};
inline constexpr size_t kBeforeMetrics = 7;
/// Columns at the end that the first traces of version 1 did not have.
inline constexpr size_t kLaterColumns = 1;

/// Row kinds. Frozen names: they are stored in traces.
enum class RowKind : uint8_t { Sample, Action, Event, Annotation, End };
inline constexpr std::string_view kRowKindNames[] = {"sample", "action", "event", "annotation", "end"};

/// Place of a column in a trace with `metrics` metrics.
constexpr size_t place(Col column, size_t metrics) {
  const auto index = static_cast<size_t>(column);
  return index < kBeforeMetrics ? index : index + 2 * metrics;
}
constexpr size_t value_place(size_t metric) { return kBeforeMetrics + 2 * metric; }
constexpr size_t status_place(size_t metric) { return value_place(metric) + 1; }

/// All columns of a trace with these metrics, in order.
std::vector<Field> trace_fields(const std::vector<Metric>& metrics);

/// The dictionaries that a new trace begins with, in the order of its dictionary columns.
std::vector<Dictionary> trace_dictionaries(const TraceHeader& header, const std::vector<Field>& fields);

/// For each field the number of its dictionary (which is also its id in the stream), -1 when it has none.
std::vector<int> dictionary_numbers(const std::vector<Field>& fields);

/// What an action of this verb acts on, as the column `target` says it; empty for none.
std::string target_of(const Decision& decision, const TraceHeader& header);

}  // namespace cbench::trace
