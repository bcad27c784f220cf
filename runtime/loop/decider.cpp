#include "runtime/loop/decider.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/loop/placement.h"
#include "runtime/loop/settlement.h"

namespace cbench {

Decider::Decider(const RunInputs& inputs, RunLog& log) : in_(inputs), log_(log) {
  if (in_.plan != nullptr && in_.mode != Mode::Observe)
    policy_ = std::make_unique<PolicyInstance>(*in_.plan, in_.entry, in_.facts);
}

void Decider::begin() {
  log_.event(EventKind::Begin);
  if (in_.plan != nullptr)
    for (const PlanRule& rule : in_.plan->rules)
      if (!rule.silent.empty())
        log_.event(EventKind::RuleSilent, -1, rule.line,
                   fmt::format("the rule at line {} is left out: {}", rule.line, rule.silent));
  call(abi::Event::Begin);
}

void Decider::end() {
  log_.event(EventKind::End);
  call(abi::Event::End);
}

Decider::Admission Decider::admit(size_t slot, const CpuSet& proposed, double quota) {
  const auto index = static_cast<int32_t>(slot);
  const int64_t code = quota_code(quota);
  log_.event(EventKind::Admit, index, code, to_list(proposed));
  Admission admission{
      .rejected = false, .why = "", .shown = proposed, .cpus = proposed, .goal = std::nullopt};
  if (!active()) return admission;
  policy_->set_placement(index, proposed, quota_from_code(code));
  call(abi::Event::Admit, index);
  if (!active()) return admission;
  if (const CpuSet& wanted = policy_->goal().containers[slot].cpus; wanted.any()) admission.shown = wanted;
  if (in_.mode == Mode::Act) {
    admission.rejected = policy_->rejected();
    for (const Decision& decision : policy_->decisions())
      if (admission.rejected && decision.verb == Verb::Reject) admission.why = decision.detail;
    admission.cpus = admission.shown;
    if (acts()) {
      admission.goal = policy_->goal();
      admission.goal->containers[slot].cls = in_.plan->first_class(index);  // where a started container goes
    }
  }
  return admission;
}

void Decider::start(size_t slot, const Admission& admission, double quota, const Result<>& attached) {
  const auto index = static_cast<int32_t>(slot);
  const int64_t code = quota_code(quota);
  if (active()) {
    policy_->set_placement(index, admission.shown, quota_from_code(code));
    policy_->set_running(index, true);
    if (!attached.ok())  // before the event, so that a replay knows that the policy is not called for it
      halt(EventKind::PolicyStop,
           fmt::format("`{}` could not be placed under the policy's control: {}",
                       in_.spec.containers[slot].name.value, in_words(attached.error())));
  } else if (admission.goal) {
    restore();  // the policy was stopped while the host took the container in
  }
  log_.event(EventKind::Start, index, code, to_list(admission.shown));
  call(abi::Event::Start, index);
}

void Decider::stop(size_t slot) {
  const auto index = static_cast<int32_t>(slot);
  log_.event(EventKind::Stop, index);
  call(abi::Event::Stop, index);
  if (!active()) return;
  policy_->set_running(index, false);
  if (acts()) in_.host->detach(slot);
}

void Decider::step() {
  policy_time_ns_ = 0;
  call(abi::Event::Step);
}

void Decider::sync_tasks() {
  if (acts()) in_.host->sync_tasks();
}

void Decider::restore() {
  for (size_t slot = 0; slot < in_.spec.containers.size(); ++slot) in_.sampler.set_period(slot, 0);
  if (in_.host == nullptr) return;
  for (const std::string& left : in_.host->restore()) log_.problem("the host could not be restored: " + left);
}

void Decider::call(abi::Event event, int32_t slot) {
  if (!active()) return;
  const int64_t wall_ns = event == abi::Event::Step ? in_.frame.wall_ns : in_.clock.wall_ns();
  const int64_t from = in_.clock.monotonic_ns();
  const PolicyInstance::Verdict verdict = policy_->call(event, in_.frame, slot);
  const int64_t took = in_.clock.monotonic_ns() - from;
  if (event == abi::Event::Step) policy_time_ns_ = took;
  settle(event, verdict, wall_ns);
  if (verdict == PolicyInstance::Verdict::Fault) return halt(EventKind::PolicyFault, policy_->message());
  if (verdict == PolicyInstance::Verdict::Stop) return halt(EventKind::PolicyStop, policy_->message());
  if (failures_ >= kMostFailures)
    return halt(EventKind::PolicyStop, fmt::format("the host refused {} changes in a row (the last one: {})",
                                                   failures_, last_failure_));
  watch_deadline(took);
}

void Decider::settle(abi::Event event, PolicyInstance::Verdict verdict, int64_t wall_ns) {
  Settlement settlement(event, in_.mode, verdict != PolicyInstance::Verdict::Go, policy_->decisions(),
                        policy_->changes());
  for (size_t i = 0; i < settlement.changes().size(); ++i) {
    const Change change = settlement.changes()[i];
    const Result<> done = acts() ? make_real(change) : Result<>(Done{});
    if (done.ok()) {
      policy_->applied(change);
      settlement.applied(i);
      failures_ = 0;
    } else {
      policy_->failed(change, done.error().message);
      settlement.failed(i, done.error().message);
      last_failure_ = done.error().message;
      ++failures_;
      log_.event(EventKind::ApplyFailed, -1, static_cast<int64_t>(i), done.error().message);
    }
  }
  for (const Decision& decision : settlement.finish()) record(decision, wall_ns);
}

Result<> Decider::make_real(const Change& change) {
  if (change.target != Target::ContainerPeriod) return in_.host->apply(change, policy_->goal());
  const auto slot = static_cast<size_t>(change.index);
  in_.sampler.set_period(slot, policy_->goal().containers[slot].period_ns);
  return Done{};
}

void Decider::record(const Decision& decision, int64_t wall_ns) {
  log_.decision(decision, wall_ns);
  const std::string words = describe(decision, *in_.plan);
  if (decision.verb == Verb::Log)  // its value is the level
    return log_.say(static_cast<RunObserver::Level>(std::clamp(static_cast<int>(decision.value), 0, 3)),
                    decision.detail);
  if (info(decision.verb).resource == ActionResource::None) return;
  switch (decision.outcome) {
    case Outcome::Applied:
      last_action_ = words;
      break;
    case Outcome::Advised:
      last_action_ = words + " (advised)";
      break;
    case Outcome::Failed:
      log_.say(RunObserver::Level::Warn, fmt::format("{} failed: {}", words, decision.reason));
      break;
    case Outcome::Planned:
    case Outcome::Refused:
    case Outcome::NoChange:
      break;
  }
}

void Decider::watch_deadline(int64_t took_ns) {
  const int64_t deadline = in_.plan->deadline_ns;
  if (deadline <= 0 || took_ns <= deadline) {
    late_calls_ = 0;
    return;
  }
  log_.event(EventKind::DeadlineMiss, -1, took_ns);
  if (++late_calls_ == kMostDeadlineMisses)
    halt(EventKind::PolicyStop,
         fmt::format("{} calls in a row took longer than its deadline of {} us (the last one {} us)",
                     kMostDeadlineMisses, deadline / 1000, took_ns / 1000));
}

void Decider::halt(EventKind kind, std::string why) {
  const bool acted = acts();
  log_.event(kind, -1, 0, why);
  policy_.reset();
  restore();
  log_.problem(fmt::format("policy `{}` stopped: {}{}; measuring goes on", in_.plan->policy, why,
                           acted ? "; its changes were undone" : ""));
  stopped_because_ = std::move(why);
}

}  // namespace cbench
