#include "runtime/analysis/replay.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "runtime/loop/placement.h"
#include "runtime/loop/settlement.h"
#include "runtime/policy/policy.h"

namespace cbench {
namespace {

/// The policy on a trace. What became of a call's changes is read after the call, so a call stays open until
/// the next one.
class Replayer {
 public:
  explicit Replayer(const ReplayInputs& in)
      : in_(in),
        mode_(in.trace.header().mode == "act" ? Mode::Act : Mode::Advise),
        policy_(std::make_unique<PolicyInstance>(in.plan, in.entry, in.facts)) {}

  Result<Replay> go() {
    while (true) {
      Result<std::optional<TraceItem>> item = in_.trace.next();
      if (!item.ok()) return item.error();
      if (!item->has_value()) break;
      std::visit([this](const auto& it) { take(it); }, **item);
    }
    settle();
    return std::move(replay_);
  }

 private:
  void take(const SampleMark&) {
    ++replay_.steps;
    call(abi::Event::Step, -1);
  }
  void take(const Decision& decision) { replay_.recorded.push_back(decision); }
  void take(const TraceEnd& end) { replay_.end = end; }

  void take(const TraceEvent& event) {
    const bool of_container = event.slot >= 0 && static_cast<size_t>(event.slot) < in_.spec.containers.size();
    switch (event.kind) {
      case EventKind::Begin:
        return call(abi::Event::Begin, -1);
      case EventKind::End:
        return call(abi::Event::End, -1);
      case EventKind::Admit:
      case EventKind::Start:
      case EventKind::Stop:
        if (of_container) of(event);
        return;
      case EventKind::ApplyFailed:
        if (in_.same_policy) refusals_.emplace_back(event.code, event.text);
        return;
      case EventKind::PolicyFault:
      case EventKind::PolicyStop:
        if (in_.same_policy) stop(event.text);
        return;
      case EventKind::Exit:
      case EventKind::DeadlineMiss:
      case EventKind::MissedSteps:
      case EventKind::RuleSilent:
      case EventKind::Signal:
      case EventKind::Interference:
      case EventKind::Image:
        return;
    }
  }

  void of(const TraceEvent& event) {
    settle();
    if (!policy_) return;
    if (event.kind == EventKind::Stop) {
      call(abi::Event::Stop, event.slot);
      settle();
      if (policy_) policy_->set_running(event.slot, false);
      return;
    }
    const CpuSet cpus = parse_cpu_list(event.text).value_or(CpuSet{});
    policy_->set_placement(event.slot, cpus, quota_from_code(event.code));
    if (event.kind == EventKind::Start) policy_->set_running(event.slot, true);
    call(event.kind == EventKind::Start ? abi::Event::Start : abi::Event::Admit, event.slot);
  }

  void call(abi::Event event, int32_t slot) {
    settle();
    if (!policy_) return;
    const PolicyInstance::Verdict verdict = policy_->call(event, in_.trace.frame(), slot);
    const bool stopped = verdict != PolicyInstance::Verdict::Go;
    open_.emplace(event, mode_, stopped, policy_->decisions(), policy_->changes());
    if (stopped) stop(policy_->message());
  }

  /// "jail 0=3;1=3 (4 bits moved)": where the ways of a class come to stand, by L3 domain, as in a schemata
  /// file.
  [[nodiscard]] std::string masks(const Change& change) const {
    const Allocation &goal = policy_->goal(), &real = policy_->real();
    const RdtFacts& rdt = in_.facts.rdt;
    std::string domains;
    uint64_t io = 0;
    int moved = 0;
    for (size_t d = 0; d < goal.domains; ++d) {
      if ((change.domains >> d & 1) == 0) continue;
      const size_t at = static_cast<size_t>(change.index) * goal.domains + d;
      const uint64_t then = goal.classes[at].ways;
      domains += fmt::format("{}{}={:x}", domains.empty() ? "" : ";",
                             d < rdt.l3_domains.size() ? rdt.l3_domains[d] : d, then);
      moved += std::popcount(then ^ real.classes[at].ways);
      io |= then & rdt.l3_shareable;
    }
    return fmt::format("{} {} ({} bit{} moved{})", in_.plan.classes[static_cast<size_t>(change.index)],
                       domains, moved, moved == 1 ? "" : "s",
                       io == 0 ? "" : fmt::format(", {:x} shared with I/O", io));
  }

  /// "jail 3 (6 bits moved)", of each L2 cache.
  [[nodiscard]] std::string l2_mask(size_t cls) const {
    const size_t at = cls * policy_->goal().domains;
    const uint64_t then = policy_->goal().classes[at].l2;
    const int moved = std::popcount(then ^ policy_->real().classes[at].l2);
    return fmt::format("{} {:x} ({} bit{} moved)", in_.plan.classes[cls], then, moved, moved == 1 ? "" : "s");
  }

  /// Notes the masks behind the decisions of the open call.
  void note_masks() {
    for (const Change& change : open_->changes())
      if (policy_ && (change.target == Target::ClassWays || change.target == Target::ClassL2))
        replay_.masks.emplace_back(
            replay_.decisions.size() + change.decision,
            change.target == Target::ClassWays ? masks(change) : l2_mask(static_cast<size_t>(change.index)));
  }

  /// Closes the open call: its changes succeeded, but for those that the trace says were refused.
  void settle() {
    if (!open_) return;
    note_masks();
    for (size_t i = 0; i < open_->changes().size(); ++i) {
      const Change change = open_->changes()[i];
      const auto refusal = std::find_if(refusals_.begin(), refusals_.end(),
                                        [i](const auto& r) { return r.first == static_cast<int64_t>(i); });
      if (refusal == refusals_.end()) {
        if (policy_) policy_->applied(change);
        open_->applied(i);
      } else {
        if (policy_) policy_->failed(change, refusal->second);
        open_->failed(i, refusal->second);
      }
    }
    std::vector<Decision> decisions = open_->finish();
    std::move(decisions.begin(), decisions.end(), std::back_inserter(replay_.decisions));
    open_.reset();
    refusals_.clear();
  }

  void stop(const std::string& why) {
    if (!policy_) return;
    replay_.stopped = why;
    settle();
    policy_.reset();
  }

  const ReplayInputs& in_;
  Mode mode_;
  std::unique_ptr<PolicyInstance> policy_;
  std::optional<Settlement> open_;
  std::vector<std::pair<int64_t, std::string>> refusals_;  ///< of the open call: index of the change, reason
  Replay replay_;
};

bool same(const Decision& a, const Decision& b) {
  return a.step == b.step && a.time_ns == b.time_ns && a.ordinal == b.ordinal && a.rule == b.rule &&
         a.verb == b.verb && a.slot == b.slot && a.cls == b.cls && a.domain == b.domain &&
         std::bit_cast<uint64_t>(a.value) == std::bit_cast<uint64_t>(b.value) && a.outcome == b.outcome &&
         a.detail == b.detail && a.reason == b.reason && a.why == b.why;
}

/// The first place where two lists of decisions part. `equal` compares two; `words` puts one into words.
template <class Equal, class Words, class Recorded>
std::optional<Difference> first_difference(const std::vector<Decision>& recorded,
                                           const std::vector<Decision>& replayed, Equal equal,
                                           Recorded recorded_words, Words words) {
  const auto [a, b] =
      std::mismatch(recorded.begin(), recorded.end(), replayed.begin(), replayed.end(), equal);
  if (a == recorded.end() && b == replayed.end()) return std::nullopt;
  const bool from_a = b == replayed.end() || (a != recorded.end() && a->step <= b->step);
  const Decision& first = from_a ? *a : *b;
  return Difference{.step = first.step,
                    .time_ns = first.time_ns,
                    .recorded = a != recorded.end() && a->step == first.step ? recorded_words(*a) : "nothing",
                    .replayed = b != replayed.end() && b->step == first.step ? words(*b) : "nothing"};
}

std::vector<Decision> of_host(const std::vector<Decision>& decisions) {
  std::vector<Decision> kept;
  std::copy_if(decisions.begin(), decisions.end(), std::back_inserter(kept), [](const Decision& d) {
    return info(d.verb).resource != ActionResource::None && d.outcome != Outcome::NoChange;
  });
  return kept;
}

std::string in_full(const Decision& decision, const Plan& plan) {
  return fmt::format("{} [{}]{}{}{}{}", describe(decision, plan), name(decision.outcome),
                     decision.why.empty() ? "" : " ", decision.why, decision.reason.empty() ? "" : ": ",
                     decision.reason);
}

}  // namespace

Result<Replay> replay(const ReplayInputs& in) {
  Result<Replay> done = Replayer(in).go();
  if (!done.ok() || in.trace.header().policy_text.empty()) return done;
  const Plan& recorded_plan = in.trace.header().plan;
  if (in.same_policy) {
    const auto words = [&](const Decision& d) { return in_full(d, in.plan); };
    done->difference = first_difference(done->recorded, done->decisions, same, words, words);
  } else {  // another policy: what it would have done to the host
    const auto equal = [&](const Decision& a, const Decision& b) {
      return a.step == b.step && describe(a, recorded_plan) == describe(b, in.plan);
    };
    done->difference = first_difference(
        of_host(done->recorded), of_host(done->decisions), equal,
        [&](const Decision& d) { return describe(d, recorded_plan); },
        [&](const Decision& d) { return describe(d, in.plan); });
  }
  return done;
}

}  // namespace cbench
