// Decision: one thing that a policy asked for, and what became of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stdlib/abi/plan.h"

namespace cbench {

/// Frozen: the numbers are stored in traces.
enum class Outcome : uint8_t {
  Planned = 0,  ///< accepted on the shadow, not (yet) applied
  Applied = 1,  ///< done on the host
  Refused = 2,  ///< not possible; `reason` says which limit and by how much
  NoChange = 3, ///< the target already was so; nothing written
  Failed = 4,   ///< accepted, but the host refused it
  Advised = 5,  ///< accepted; mode advise applies nothing
};
inline constexpr std::string_view kOutcomeNames[] = {"planned", "applied", "refused", "no_change", "failed", "advised"};
constexpr std::string_view name(Outcome outcome) { return kOutcomeNames[static_cast<size_t>(outcome)]; }

/// One decision. For a Move `cls` is the goal; for those with a figure `value` is; for Cores `detail` is the CPUs; for Pin and Layout `detail` is
/// ("0-3", "jail:2 shared:9"); for Log, Annotate, Reject and Stop `detail` is the text; for Emit its name.
struct Decision {
  int64_t step = 0;
  int64_t time_ns = 0;   ///< since the run's begin
  uint32_t ordinal = 0;  ///< within the call
  int32_t rule = -1;     ///< index into Plan::rules
  Verb verb{};
  int32_t slot = -1;
  int32_t cls = -1;
  int32_t domain = -1;  ///< id of the L3 domain that a Ways, Mb or MbRate is for; -1: all
  double value = 0;
  Outcome outcome = Outcome::Planned;
  int64_t latency_ns = -1;  ///< from the step's sample (else from the event) until the host has it; -1: nothing was changed
  std::string detail;
  std::string reason;  ///< of a refusal or failure
  std::string why;     ///< values of the firing's condition
};

/// Is `value` part of such a decision, even when it is 0?
constexpr bool has_figure(Verb verb) {
  return verb == Verb::Ways || verb == Verb::Mb || verb == Verb::MbRate || verb == Verb::Quota || verb == Verb::Emit || verb == Verb::Cores ||
         verb == Verb::Sample;
}

/// "move hog -> jail", "quota hog = 50%": the decision as a person reads it.
std::string describe(const Decision& decision, const Plan& plan);

}  // namespace cbench
