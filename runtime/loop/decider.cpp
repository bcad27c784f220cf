#include "runtime/loop/decider.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/loop/placement.h"
#include "runtime/loop/settlement.h"

namespace cbench {

Decider::Decider(const RunInputs& inputs, RunLog& log) : in_(inputs), log_(log) {
  if (in_.plan == nullptr || in_.mode == Mode::Observe) return;
  policy_ = std::make_unique<PolicyInstance>(*in_.plan, in_.entry, in_.facts);
  guard_.emplace(*in_.plan, in_.facts.rdt.l3_domains.size());
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
    guard_->forget(index);
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

CpuSet Decider::cpus(size_t slot, const CpuSet& started_on) const {
  if (!acts()) return started_on;
  const CpuSet& now = policy_->goal().containers[slot].cpus;
  return now.any() ? now : started_on;
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
  if (!acts()) return;
  in_.host->sync_tasks();
  if (const std::string hung = in_.host->hung(); !hung.empty()) halt(EventKind::PolicyStop, hung);
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
  settle(event, verdict, wall_ns, event == abi::Event::Step ? log_.t0() + in_.frame.now_ns : from);
  if (verdict == PolicyInstance::Verdict::Fault) return halt(EventKind::PolicyFault, policy_->message());
  if (verdict == PolicyInstance::Verdict::Stop) return halt(EventKind::PolicyStop, policy_->message());
  if (const std::string hung = acts() ? in_.host->hung() : ""; !hung.empty())
    return halt(EventKind::PolicyStop, last_failure_ == hung ? hung + " (" + last_asked_ + ")" : hung);
  if (!stuck_.empty()) return halt(EventKind::PolicyStop, stuck_);
  if (failures_ >= kMostFailures)
    return halt(EventKind::PolicyStop,
                fmt::format("the host refused {} changes in a row (the last one: {}; {})", failures_,
                            last_failure_, last_asked_));
  watch_deadline(took);
}

void Decider::settle(abi::Event event, PolicyInstance::Verdict verdict, int64_t wall_ns, int64_t since_ns) {
  Settlement settlement(event, in_.mode, verdict != PolicyInstance::Verdict::Go, policy_->decisions(),
                        policy_->changes());
  const std::vector<Made> made = make_real(settlement.changes());
  for (size_t i = 0; i < made.size(); ++i) {
    const Change change = settlement.changes()[i];
    if (made[i].result.ok()) {
      policy_->applied(change);
      settlement.applied(i, made[i].at_ns < 0 ? -1 : made[i].at_ns - since_ns);
      continue;
    }
    const std::string& why = made[i].result.error().message;
    policy_->failed(change, why);
    settlement.failed(i, why);
    log_.event(EventKind::ApplyFailed, -1, static_cast<int64_t>(i), why);
  }
  for (const Decision& decision : settlement.finish()) record(decision, wall_ns);
}

std::vector<Decider::Made> Decider::make_real(const std::vector<Change>& changes) {
  std::vector<Made> made(changes.size());
  if (!acts()) return made;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (!made[i].result.ok()) continue;  // its decision has failed already
    made[i].result = guard_->allow(in_.frame.step, changes[i]);
    if (made[i].result.ok()) made[i].result = carry_out(changes[i], policy_->goal());
    if (made[i].result.ok()) {
      made[i].at_ns = in_.clock.monotonic_ns();
      failures_ = 0;
    } else {
      last_failure_ = made[i].result.error().message;
      last_asked_ = asked_for(changes[i]);
      ++failures_;
      take_back(changes, made, i);
    }
  }
  return made;
}

Result<> Decider::carry_out(const Change& change, const Allocation& as) {
  if (change.target != Target::ContainerPeriod) return in_.host->apply(change, as);
  const auto slot = static_cast<size_t>(change.index);
  in_.sampler.set_period(slot, as.containers[slot].period_ns);
  return Done{};
}

std::string Decider::asked_for(const Change& change) const {
  const std::vector<Decision>& decisions = policy_->decisions();
  if (change.decision >= decisions.size()) return "a change that no rule asked for";
  const Decision& decision = decisions[change.decision];
  const auto rule = static_cast<size_t>(decision.rule);
  return fmt::format("`{}`{}", describe(decision, *in_.plan),
                     decision.rule >= 0 && rule < in_.plan->rules.size()
                         ? fmt::format(", asked for at line {}", in_.plan->rules[rule].line)
                         : "");
}

void Decider::take_back(const std::vector<Change>& changes, std::vector<Made>& made, size_t failed) {
  const Error taken_back{Exit::RunFailed, kTakenBack, ""};
  for (size_t i = changes.size(); i-- > 0;) {
    if (i == failed || changes[i].decision != changes[failed].decision) continue;
    if (i < failed && made[i].result.ok())
      if (const Result<> back = carry_out(changes[i], policy_->real()); !back.ok())
        stuck_ = fmt::format("{} was refused ({}), and what had been done of it could not be taken back: {}",
                             last_asked_, last_failure_, back.error().message);
    if (made[i].result.ok()) made[i].result = taken_back;
  }
}

void Decider::record(const Decision& decision, int64_t wall_ns) {
  log_.decision(decision, wall_ns);
  if (decision.verb == Verb::Log)  // its value is the level
    return log_.say(static_cast<RunObserver::Level>(std::clamp(static_cast<int>(decision.value), 0, 3)),
                    decision.detail);
  if (info(decision.verb).resource != ActionResource::None && decision.outcome == Outcome::Failed)
    log_.say(RunObserver::Level::Warn,
             fmt::format("{} failed: {}", describe(decision, *in_.plan), decision.reason));
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
