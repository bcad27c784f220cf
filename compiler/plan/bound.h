// The bound on a policy's work.
#pragma once

#include "compiler/plan/plan.h"

namespace cbench::plan {

/// Upper bound on the operations of one step: every expression node counts one, a set operation its body for
/// each container or CPU, a window its capacity, a rule its body for each element.
uint64_t operations_per_step(const Planned& planned);
/// Nodes of the code once all functions are inlined.
uint64_t code_size(const Planned& planned);

/// What a stream, a rule or (as one) the states or trials of a policy cost at most in a step. The costs of
/// all parts are those of the plan.
struct PartCost {
  std::string text;   ///< "stream misses(c)", a rule's head, "states", "trials"
  uint32_t line = 0;  ///< 0 for the states and trials
  uint64_t operations = 0, state_bytes = 0;
  check::Uses uses;
};
std::vector<PartCost> part_costs(const Planned& planned, const SourceSet& sources);

}  // namespace cbench::plan
