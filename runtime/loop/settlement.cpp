#include "runtime/loop/settlement.h"

namespace cbench {

void Settlement::applied(size_t change) {
  const uint32_t index = changes_[change].decision;
  if (index >= decisions_.size() || decisions_[index].outcome == Outcome::Failed) return;
  decisions_[index].outcome = mode_ == Mode::Act ? Outcome::Applied : Outcome::Advised;
}

void Settlement::failed(size_t change, const std::string& reason) {
  const uint32_t index = changes_[change].decision;
  if (index >= decisions_.size()) return;
  Decision& decision = decisions_[index];
  decision.outcome = Outcome::Failed;
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
