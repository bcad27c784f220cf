// The bound on a policy's work.
#pragma once

#include "compiler/plan/plan.h"

namespace cbench::plan {

/// Upper bound on the operations of one step: every expression node counts one, a set operation its body for
/// each container or CPU, a window its capacity, a rule its body for each element.
uint64_t operations_per_step(const Planned& planned);
/// Nodes of the code once all functions are inlined.
uint64_t code_size(const Planned& planned);

}  // namespace cbench::plan
