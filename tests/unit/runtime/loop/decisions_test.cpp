#include <limits>

#include <gmock/gmock.h>

#include "tests/support/fake_run.h"

namespace cbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using decisions = FakeRun;

/// Halves the quota of container 0 in the steps given.
FakePolicy::Script halve_in(std::vector<int64_t> steps) {
  return [steps](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    if (event != abi::Event::Step || std::find(steps.begin(), steps.end(), c.step) == steps.end()) return 0;
    c.call->fire(c.host, 0, 0);
    c.call->set_quota(c.host, 0, std::min(1.0, c.call->quota(c.host, 0)) / 2);
    return 0;
  };
}

TEST_F(decisions, an_action_is_applied_and_recorded_with_its_rule) {
  container("a");
  EXPECT_EQ(go(halve_in({3})).name(), "ok");
  ASSERT_EQ(host.applied.size(), 1U);
  EXPECT_EQ(host.applied[0].target, Target::ContainerQuota);
  const auto recorded = content().decisions;
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].verb, Verb::Quota);
  EXPECT_EQ(recorded[0].outcome, Outcome::Applied);
  EXPECT_EQ(recorded[0].rule, 0);
  EXPECT_EQ(recorded[0].step, 3);
  EXPECT_EQ(recorded[0].time_ns, 300 * kMs);
  EXPECT_EQ(recorded[0].value, 0.5);
}

TEST_F(decisions, in_advise_nothing_is_applied_and_the_shadow_follows) {
  container("a");
  go(halve_in({2, 5}), Mode::Advise);
  EXPECT_TRUE(host.applied.empty());
  EXPECT_TRUE(host.attached.empty());
  const auto recorded = content().decisions;
  ASSERT_EQ(recorded.size(), 2U);
  EXPECT_EQ(recorded[0].outcome, Outcome::Advised);
  EXPECT_EQ(recorded[1].value, 0.25);  // of the advised half
}

TEST_F(decisions, what_the_host_refuses_is_failed_with_its_reason_and_the_shadow_goes_back) {
  container("a");
  host.refuse = [this](const Change&) { return host.applied.empty() && sampler.steps.back() == 2; };
  EXPECT_EQ(go(halve_in({2, 5})).name(), "ok");
  const TraceContent trace = content();
  ASSERT_EQ(trace.decisions.size(), 2U);
  EXPECT_EQ(trace.decisions[0].outcome, Outcome::Failed);
  EXPECT_EQ(trace.decisions[0].reason, "the kernel said no");
  EXPECT_EQ(trace.decisions[1].value, 0.5);  // of the unlimited quota that really was in force
  const auto failed = trace.of(EventKind::ApplyFailed);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].code, 0);
}

/// Container 0 is sampled each 200 ms from step 2 on; the policy faults in step 4.
abi::i32 sample_seldom(abi::PolicyContext& c, abi::Event event, int32_t) {
  if (event == abi::Event::Step && c.step == 2) {
    c.call->fire(c.host, 0, 0);
    c.call->set_period(c.host, 0, 200 * kMs);
  }
  return event == abi::Event::Step && c.step == 4 ? abi::kFault : 0;
}

TEST_F(decisions, a_sampling_period_holds_until_the_policy_ends) {
  container("a");
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 3) EXPECT_EQ(sampler.periods[0], 200 * kMs);
    if (frame.step == 5) EXPECT_EQ(sampler.periods[0], 0);
  };
  go(sample_seldom);
  EXPECT_TRUE(host.applied.empty()) << "nothing of the host has changed";
  const auto recorded = content().decisions;
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].verb, Verb::Sample);
  EXPECT_EQ(recorded[0].outcome, Outcome::Applied);
  EXPECT_EQ(recorded[0].value, 2e8);
}

TEST_F(decisions, in_advise_the_sampling_period_stays) {
  container("a");
  go(sample_seldom, Mode::Advise);
  EXPECT_TRUE(sampler.periods.empty());
  EXPECT_EQ(content().decisions[0].outcome, Outcome::Advised);
}

TEST_F(decisions, a_fault_stops_the_policy_restores_the_host_and_measuring_goes_on) {
  container("a");
  int calls_after = 0;
  bool faulted = false;
  const RunOutcome outcome = go([&](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    calls_after += faulted ? 1 : 0;
    if (event != abi::Event::Step || c.step != 4) return 0;
    c.call->fire(c.host, 0, 0);
    c.call->set_quota(c.host, 0, 0.5);
    faulted = true;
    c.fault_site = 0;
    return abi::kFault;
  });
  EXPECT_EQ(calls_after, 0);
  EXPECT_EQ(sampler.steps.size(), 10U);
  EXPECT_TRUE(host.applied.empty());
  EXPECT_GE(host.restores, 1);
  ASSERT_EQ(outcome.problems.size(), 1U);
  EXPECT_THAT(outcome.problems[0], HasSubstr("integer overflow"));
  EXPECT_THAT(outcome.problems[0], HasSubstr("9"));  // the line
  EXPECT_EQ(content().of(EventKind::PolicyFault).size(), 1U);
  expect_nothing_left("failed");
}

TEST_F(decisions, a_host_that_refuses_everything_stops_the_policy) {
  spec.max_ns = 2000 * kMs;
  container("a");
  std::vector<int64_t> steps;
  for (int64_t step = 1; step <= 20; ++step) steps.push_back(step);
  host.refuse = [this](const Change&) { return sampler.steps.back() != 4; };
  const RunOutcome outcome = go(halve_in(steps));
  EXPECT_EQ(host.applied.size(), 1U);
  const TraceContent trace = content();
  EXPECT_EQ(trace.of(EventKind::ApplyFailed).size(), 13U) << "3, then one that succeeds, then 10 in a row";
  EXPECT_EQ(trace.of(EventKind::PolicyStop).size(), 1U);
  EXPECT_THAT(outcome.policy_stopped,
              HasSubstr("10 changes in a row (the last one: the kernel said no; `quota a = "));
  EXPECT_THAT(outcome.policy_stopped, HasSubstr("`, asked for at line 7)"));
  EXPECT_EQ(sampler.steps.size(), 20U) << "measuring goes on";
  expect_nothing_left("failed");
}

/// Pins container 0 and limits both containers in one firing of step 2, and in step 5 again; two decisions.
abi::i32 two_parts(abi::PolicyContext& c, abi::Event event, int32_t) {
  if (event != abi::Event::Step || (c.step != 2 && c.step != 5)) return 0;
  c.call->fire(c.host, 0, 0);
  c.call->layout_clear(c.host);
  for (abi::i32 cls = 0; cls < 2; ++cls) c.call->layout_part(c.host, cls, 2 + cls + (c.step == 5 ? 1 : 0));
  c.call->layout(c.host);
  c.call->set_quota(c.host, 0, 0.5);
  return 0;
}

class divided_cache : public FakeRun {
 protected:
  divided_cache() {
    container("a");
    plan.classes = {"one", "two"};
    plan.classes_at_once = 2;
    facts.rdt.present = facts.rdt.l3_allocation = true;
    facts.rdt.l3_ways = 11;
    facts.rdt.l3_domains = {0};
  }
};

TEST_F(divided_cache, a_decision_of_which_one_part_is_refused_is_taken_back_whole) {
  host.refuse = [this](const Change& change) {
    return sampler.steps.back() == 2 && change.target == Target::ClassWays && change.index == 1;
  };
  EXPECT_EQ(go(two_parts).name(), "ok");
  // Step 2: ways of class 0, which are taken back, and the quota, which is another decision.
  ASSERT_GE(host.applied.size(), 4U);
  EXPECT_EQ(host.applied[0].target, Target::ClassWays);
  EXPECT_EQ(host.applied[0].index, 0);
  EXPECT_EQ(host.applied[1].target, Target::ClassWays);
  EXPECT_EQ(host.applied[1].index, 0);
  EXPECT_EQ(host.masks[0], 0x3U);
  EXPECT_EQ(host.masks[1], 0x7FFU) << "as it was before";
  EXPECT_EQ(host.applied[2].target, Target::ContainerQuota);
  const TraceContent trace = content();
  ASSERT_GE(trace.decisions.size(), 3U);
  EXPECT_EQ(trace.decisions[0].outcome, Outcome::Failed);
  EXPECT_EQ(trace.decisions[0].reason, "the kernel said no");
  EXPECT_EQ(trace.decisions[0].latency_ns, -1);
  EXPECT_EQ(trace.decisions[1].outcome, Outcome::Applied);
  EXPECT_EQ(trace.of(EventKind::ApplyFailed).size(), 2U)
      << "one refused, one taken back: a replay obeys both";
  EXPECT_EQ(trace.decisions[2].outcome, Outcome::Applied) << "step 5";
}

TEST_F(divided_cache, what_cannot_be_taken_back_stops_the_policy) {
  int asked = 0;
  host.refuse = [&](const Change& change) { return change.target == Target::ClassWays && ++asked > 1; };
  const RunOutcome outcome = go(two_parts);
  EXPECT_THAT(outcome.policy_stopped, HasSubstr("could not be taken back: the kernel said no"));
  EXPECT_THAT(outcome.policy_stopped, HasSubstr("line 7"));
  EXPECT_GE(host.restores, 1);
  expect_nothing_left("failed");
}

TEST_F(decisions, a_host_that_hangs_stops_the_policy_and_measuring_goes_on) {
  container("a");
  host.refuse = [this](const Change&) {
    host.hangs = "the host did not answer within 1000 ms";
    return true;
  };
  const RunOutcome outcome = go(halve_in({2, 4, 6}));
  EXPECT_THAT(outcome.policy_stopped,
              HasSubstr("did not answer within 1000 ms (`quota a = 50%`, asked for at line 7)"));
  EXPECT_EQ(content().of(EventKind::PolicyStop).size(), 1U);
  EXPECT_EQ(content().decisions.size(), 1U);
  EXPECT_EQ(sampler.steps.size(), 10U);
  EXPECT_GE(host.restores, 1);
  expect_nothing_left("failed");
}

TEST_F(decisions, the_latency_counts_from_the_sample) {
  container("a");
  host.refuse = [this](const Change&) {
    fake_clock.now += 3 * kMs;
    return false;
  };
  go(halve_in({3}));
  ASSERT_EQ(content().decisions.size(), 1U);
  EXPECT_EQ(content().decisions[0].latency_ns, 3 * kMs);
}

TEST_F(decisions, three_calls_over_the_deadline_in_a_row_stop_the_policy) {
  container("a");
  plan.deadline_ns = 10 * kMs;
  const std::vector<int64_t> slow = {2, 3, 5, 6, 7};
  std::vector<int64_t> called;
  const RunOutcome outcome = go([&](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    if (event != abi::Event::Step) return 0;
    called.push_back(c.step);
    if (std::find(slow.begin(), slow.end(), c.step) != slow.end()) fake_clock.now += 11 * kMs;
    return 0;
  });
  EXPECT_THAT(called, ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(content().of(EventKind::DeadlineMiss).size(), 5U);
  EXPECT_EQ(content().of(EventKind::PolicyStop).size(), 1U);
  EXPECT_THAT(outcome.policy_stopped, HasSubstr("3 calls in a row"));
  expect_nothing_left("failed");
}

TEST_F(decisions, a_policy_that_says_stop_is_stopped) {
  container("a");
  const RunOutcome outcome = go([](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    if (event != abi::Event::Begin) return 0;
    c.call->fire(c.host, 0, -1);
    c.call->text_begin(c.host);
    c.call->text_piece(c.host, 0);
    c.call->stop(c.host);
    return abi::kStopped;
  });
  EXPECT_THAT(outcome.policy_stopped, HasSubstr("too crowded"));
  EXPECT_EQ(sampler.steps.size(), 10U);
  expect_nothing_left("failed");
}

TEST_F(decisions, a_rejected_container_is_never_started) {
  container("a");
  container("b");
  const RunOutcome outcome = go([](abi::PolicyContext& c, abi::Event event, int32_t slot) -> abi::i32 {
    if (event != abi::Event::Admit || slot != 1) return 0;
    c.call->fire(c.host, 0, slot);
    c.call->text_begin(c.host);
    c.call->text_piece(c.host, 0);
    c.call->reject(c.host, slot);
    return 0;
  });
  EXPECT_EQ(outcome.containers[1].state, ContainerState::Rejected);
  EXPECT_EQ(engine->calls("start").size(), 1U);
  const auto recorded = content().decisions;
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded[0].verb, Verb::Reject);
  EXPECT_EQ(recorded[0].outcome, Outcome::Applied);
  expect_nothing_left("ok");
}

TEST_F(decisions, a_pin_at_admission_is_where_the_container_starts) {
  container("a");
  go([](abi::PolicyContext& c, abi::Event event, int32_t slot) -> abi::i32 {
    if (event != abi::Event::Admit) return 0;
    c.call->fire(c.host, 0, slot);
    c.call->cpus_clear(c.host);
    c.call->cpus_add(c.host, 2);
    c.call->pin(c.host, slot);
    return 0;
  });
  ASSERT_EQ(engine->calls("start").size(), 1U);
  EXPECT_EQ(to_list(engine->calls("start")[0].cpus), "2");
  EXPECT_TRUE(host.applied.empty());  // the start made it real
  const auto started = content().of(EventKind::Start);
  ASSERT_EQ(started.size(), 1U);
  EXPECT_EQ(started[0].text, "2");
  EXPECT_EQ(started[0].code, -1);
}

TEST_F(decisions, the_policy_is_called_in_the_order_of_a_runs_life) {
  container("a").stop_ns = 250 * kMs;
  std::vector<abi::Event> order;
  go([&](abi::PolicyContext&, abi::Event event, int32_t) {
    if (order.empty() || order.back() != abi::Event::Step || event != abi::Event::Step)
      order.push_back(event);
    return 0;
  });
  EXPECT_THAT(order, ElementsAre(abi::Event::Begin, abi::Event::Admit, abi::Event::Start, abi::Event::Step,
                                 abi::Event::Stop, abi::Event::End));
}

TEST_F(decisions, a_container_that_the_host_cannot_control_ends_the_policy_not_the_run) {
  container("a");
  host.fail_attach = true;
  const RunOutcome outcome = go([](abi::PolicyContext&, abi::Event, int32_t) { return 0; });
  EXPECT_THAT(outcome.policy_stopped, HasSubstr("no space left"));
  EXPECT_EQ(sampler.steps.size(), 10U);
  expect_nothing_left("failed");
}

TEST_F(decisions, a_started_container_is_taken_into_the_default_class) {
  container("a");
  plan.classes = {"jail", "shared"};
  plan.default_class = 1;
  go([](abi::PolicyContext&, abi::Event, int32_t) { return 0; });
  EXPECT_THAT(host.classes, ElementsAre(1));
}

TEST_F(decisions, a_rule_that_a_degraded_run_leaves_out_is_recorded) {
  container("a");
  PlanRule rule;
  rule.line = 12;
  rule.silent = "perf_cycles: no hardware counters";
  plan.rules.push_back(rule);
  go([](abi::PolicyContext&, abi::Event, int32_t) { return 0; });
  const auto silent = content().of(EventKind::RuleSilent);
  ASSERT_EQ(silent.size(), 1U);
  EXPECT_EQ(silent[0].code, 12);
  EXPECT_THAT(silent[0].text, HasSubstr("perf_cycles"));
}

}  // namespace
}  // namespace cbench
