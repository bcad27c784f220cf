#include "runtime/loop/settlement.h"

#include <algorithm>

namespace cbench {

void Settlement::applied(size_t change, int64_t latency_ns) {
  const uint32_t index = changes_[change].decision;
  if (index >= decisions_.size() || decisions_[index].outcome == Outcome::Failed) return;
  decisions_[index].outcome = mode_ == Mode::Act ? Outcome::Applied : Outcome::Advised;
  decisions_[index].latency_ns = std::max(decisions_[index].latency_ns, latency_ns);
}

void Settlement::failed(size_t change, const std::string& reason) {
  const uint32_t index = changes_[change].decision;
  if (index >= decisions_.size()) return;
  Decision& decision = decisions_[index];
  decision.outcome = Outcome::Failed;
  decision.latency_ns = -1;
  if (decision.reason == kTakenBack) decision.reason.clear();
  if (reason == kTakenBack && !decision.reason.empty()) return;
  decision.reason += (decision.reason.empty() ? "" : "; ") + reason;
}

std::vector<Decision> Settlement::finish() {
  for (Decision& decision : decisions_) {
    if (decision.outcome != Outcome::Planned) continue;
    const bool touches_host =
        info(decision.verb).resource != ActionResource::None || decision.verb == Verb::Reject;
    if (!touches_host) {
      decision.outcome = Outcome::Applied;  // saying something and stopping take effect in every mode
    } else if (stopped_) {
      decision.reason = "not carried out: the policy stopped in this call";
    } else if (event_ == abi::Event::Admit) {
      decision.outcome = mode_ == Mode::Act ? Outcome::Applied : Outcome::Advised;  // the start makes it real
    } else {
      decision.outcome = Outcome::NoChange;
      decision.reason = "nothing was left to change: a later action of the same step replaced it";
    }
  }
  return std::move(decisions_);
}

}  // namespace cbench
