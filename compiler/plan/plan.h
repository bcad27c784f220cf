// Checked program, configuration and host to a planned program: every column, ring and state has its place.
// Refuses a policy that does not fit its configuration before any container starts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/check/program.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench::plan {

/// A policy's state may take so much memory.
inline constexpr uint64_t kStateBudget = 1U << 20U;

/// Byte offsets in the state block. An array has an element per container, or one for what is global (`n`).
struct StreamPlace {
  uint64_t value = 0, updated = 0;  ///< [n] of 8 bytes; `updated` is the time + 1 ns, 0 for never
  uint64_t ok = 0, ticked = 0;      ///< [n] of 1 byte
  /// [n] of 8 and of 1 byte, where `prev` is read: the value before this tick.
  uint64_t before = 0, before_ok = 0;
  uint64_t bytes = 0;  ///< of all that it takes, its operators included
  uint32_t n = 0;
  std::vector<int64_t> hold_ns;  ///< [n]: a value older than this is missing
};
/// Window: [n] × { i64 next, i64 filled, i64 ticks, i64 unused, [capacity] × { i64 time or tick, f64 value }
/// }. Ewma and the -Previous: [n] × { i64 time + 1, f64 value }. Schmitt: [n] × { i64 latch }. Rises, Falls
/// and Changed: [n] × { i64 1 after the first value, value }.
struct TemporalPlace {
  uint64_t base = 0, stride = 0;
  int64_t capacity = 0;
  uint32_t n = 0;
};
/// [n] × [size of an array, or 1] of 8 bytes.
struct StatePlace {
  uint64_t base = 0;
  uint32_t n = 0;
  uint32_t size = 1;
};
/// The plan's class (or, for a class for each container, those of its members: [slots], -1 without one).
struct ClassPlace {
  int32_t first = 0, count = 1;
  std::vector<int64_t> of_slot = {};  ///< empty for a single class
};
/// Times + 1 ns, 0 for none: since when the condition holds, when it was last seen, when the rule last fired;
/// for `every` the first is when it is due next; for `for N of M` it is a bit for each of the last ticks.
struct RulePlace {
  uint64_t first = 0, seen = 0, fired = 0;
  uint32_t n = 0;
  int64_t period_ns = 0;  ///< a gap of two of these starts a `for` anew
  /// Of a task, whose `first` is where it goes on (0: at its begin, -1: it has ended) and whose `seen` is the
  /// time or step until which it waits. Names that outlive a wait: { value, i64 present }.
  std::map<check::LocalId, uint64_t> frame = {};
  uint64_t bytes = 0;  ///< of all that it takes
};

/// What lower() works from. Only make_plan() makes one.
struct Planned {
  const check::Program* program = nullptr;
  const RunSpec* spec = nullptr;
  const HostFacts* facts = nullptr;
  Plan plan;
  std::vector<StreamPlace> streams;
  std::vector<TemporalPlace> temporals;
  std::vector<StatePlace> states;
  std::vector<RulePlace> rules;
  std::vector<ClassPlace> classes;
  /// A trial: { i64 steps so far, i64 votes so far, i64 time or step at which it is judged }.
  std::vector<uint64_t> trials;
  uint64_t states_bytes = 0, trials_bytes = 0;
};

using ParamSetting = std::pair<std::string, Located<std::string>>;

/// `params` are settings from outside, later ones win. With `degraded`, rules that read or do what the host
/// cannot are left out. nullopt: errors were reported.
std::optional<Planned> make_plan(const check::Program& program, const SourceSet& sources, const RunSpec& spec,
                                 const HostFacts& facts, const std::vector<Metric>& columns,
                                 const std::vector<ParamSetting>& params, bool degraded,
                                 Diagnostics& diagnostics);

/// A parameter's text ("20%", "500ms", "3", "true") as the params block holds it. nullopt: not a value of the
/// type; `why` says so.
std::optional<double> parse_setting(std::string_view text, const check::Type& type, std::string& why);

/// The plan as text, for --dump plan.
std::string to_text(const Planned& planned);

/// The parameters as PlanParam, with their defaults.
std::vector<PlanParam> plan_params(const check::Program& program);
/// What was written, with a blank for each row of blanks and newlines.
std::string one_line(std::string_view text);
/// The rules with their heads as text.
std::vector<PlanRule> plan_rules(const check::Program& program, const SourceSet& sources);

}  // namespace cbench::plan
