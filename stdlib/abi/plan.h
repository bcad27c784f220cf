// Plan: what a policy compiled for one run needs from the runtime. Plain data, no AST and no LLVM in it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stdlib/abi/span.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {

enum class Verb : uint8_t {
#define CBENCH_ACTION(id, name, target, resource, doc) id,
#include "stdlib/abi/actions.def"
};
enum class ActionTarget : uint8_t { None, Container, Class, Layout };
enum class ActionResource : uint8_t { None, Rdt, Cpu, Freezer, Sampling };
struct ActionInfo {
  std::string_view name;
  ActionTarget target;
  ActionResource resource;
  std::string_view doc;
};
inline constexpr ActionInfo kActions[] = {
#define CBENCH_ACTION(id, name, target, resource, doc) {name, ActionTarget::target, ActionResource::resource, doc},
#include "stdlib/abi/actions.def"
};
constexpr const ActionInfo& info(Verb verb) { return kActions[static_cast<size_t>(verb)]; }

/// A `param` of the policy. Values are held in canonical units (bytes, ns for times, ratios as 0..1).
struct PlanParam {
  std::string name, doc;
  Unit unit = Unit::None;      ///< for printing
  bool is_integer = false;     ///< bits of the params block: int64 or double
  double value = 0, lo = 0, hi = 0;
};

/// A rule (`when`, `on`, `every`): what a decision points back to.
struct PlanRule {
  std::string text;  ///< its head, as written, on one line
  uint32_t line = 0; ///< 1-based, in the policy file
  Span span;
  std::string silent = {};  ///< in a degraded run: why the rule is left out; empty: it is not
};

/// A place where the generated code may fault.
struct PlanFault {
  std::string what;  ///< "integer overflow"
  uint32_t line = 0;
  Span span;
};

/// A use in the policy: metric or action, with the first place.
template <class T>
struct PlanUse {
  T what;
  uint32_t line = 0;
  Span span;
};

struct Plan {
  std::string policy, doc;
  int64_t edition = 1;
  uint32_t slots = 0;
  std::vector<std::string> slot_names;
  std::vector<Metric> columns;  ///< of the frame, ascending
  /// [slots] period at which a container is sampled from its start; 0: one for each group of metrics.
  std::vector<int64_t> periods_ns = {};
  std::vector<int64_t> sample_ns = {};  ///< periods that the policy may set by `sample`, ascending
  std::vector<std::string> classes;
  /// [classes] slot of the container that a class is for; -1 (and beyond the end): it is for any.
  std::vector<int32_t> owners = {};
  uint32_t classes_at_once = 0;  ///< most that exist at a time: one for a container goes when that stops
  int32_t default_class = -1;    ///< where started containers without a class of their own go; -1: the root group
  uint32_t trials = 0;         ///< that tasks may have going on at once
  std::vector<PlanParam> params;
  std::vector<PlanRule> rules;
  std::vector<PlanFault> faults;
  std::vector<std::string> texts;
  uint64_t state_bytes = 0;
  std::vector<PlanUse<Metric>> needs;  ///< metrics that the policy reads
  std::vector<PlanUse<Verb>> acts;     ///< actions that it may take
  uint64_t operations = 0;             ///< bound on the operations of a step, as `check` prints it
  uint32_t dwell_steps = 2;            ///< a target is written at most once in so many steps
  uint32_t actions_per_step = 8;
  int64_t deadline_ns = 0;             ///< of one call

  /// The slot of the container that the class is for; -1: it is for any.
  [[nodiscard]] int32_t owner(int32_t cls) const {
    return cls >= 0 && static_cast<size_t>(cls) < owners.size() ? owners[static_cast<size_t>(cls)] : -1;
  }
  /// The class that is for the container alone; -1: there is none.
  [[nodiscard]] int32_t own_class(int32_t slot) const {
    const auto it = std::find(owners.begin(), owners.end(), slot);
    return it == owners.end() || slot < 0 ? -1 : static_cast<int32_t>(it - owners.begin());
  }
  /// Of a container as it starts: periods_ns.
  [[nodiscard]] int64_t period_ns(int32_t slot) const {
    return static_cast<size_t>(slot) < periods_ns.size() ? periods_ns[static_cast<size_t>(slot)] : 0;
  }
  /// Where the container goes when it starts.
  [[nodiscard]] int32_t first_class(int32_t slot) const {
    const int32_t own = own_class(slot);
    return own >= 0 ? own : default_class;
  }
};

}  // namespace cbench
