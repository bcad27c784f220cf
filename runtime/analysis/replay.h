// Replay: runs a policy over a recorded trace, with the calls that the live run made, in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/trace/trace.h"
#include "stdlib/abi/abi.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

struct ReplayInputs {
  TraceReader& trace;
  const Plan& plan;  ///< of the policy, compiled for the trace's columns
  abi::EntryFn entry = nullptr;
  const HostFacts& facts;  ///< of the trace
  const RunSpec& spec;     ///< of the trace
  /// Policy text and parameters are the recorded ones: refused changes and stops of the recording are obeyed,
  /// and every decision must come out the same.
  bool same_policy = false;
};

/// Where replay and recording part.
struct Difference {
  int64_t step = 0, time_ns = 0;
  std::string recorded, replayed;  ///< in words; "nothing" when one has no more
};

struct Replay {
  std::vector<Decision> decisions, recorded;
  /// Where the cache's ways come to stand: an index into `decisions`, and the class's masks in words.
  std::vector<std::pair<size_t, std::string>> masks;
  int64_t steps = 0;
  std::string stopped;                   ///< why the policy stopped; empty when it did not
  std::optional<Difference> difference;  ///< the first; absent when the trace holds no policy
  std::optional<TraceEnd> end;           ///< absent when the recording was cut off
};

/// Errors: a damaged trace (Invalid).
Result<Replay> replay(const ReplayInputs& inputs);

}  // namespace cbench
