#include "runtime/loop/run.h"

#include <gmock/gmock.h>

#include "tests/support/fake_run.h"

namespace cbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using run_steps = FakeRun;
using run_lifecycle = FakeRun;
using run_failure = FakeRun;
using run_signal = FakeRun;

TEST_F(run_steps, each_step_comes_at_its_time) {
  container("a");
  const RunOutcome outcome = go();
  EXPECT_EQ(outcome.name(), "ok");
  EXPECT_THAT(sampler.steps, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  for (size_t i = 0; i < sampler.times.size(); ++i) EXPECT_EQ(sampler.times[i], sampler.steps[i] * 100 * kMs);
  EXPECT_EQ(content().steps, sampler.steps);
  EXPECT_EQ(outcome.missed_steps, 0);
}

TEST_F(run_steps, a_step_late_by_a_period_is_counted_and_not_made_up) {
  container("a");
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 3) fake_clock.now += 250 * kMs;
  };
  const RunOutcome outcome = go();
  EXPECT_THAT(sampler.steps, ElementsAre(1, 2, 3, 5, 6, 7, 8, 9, 10));
  EXPECT_EQ(sampler.times[3], 550 * kMs);  // late by 50 ms
  EXPECT_EQ(sampler.times[4], 600 * kMs);  // and the next is on time
  EXPECT_EQ(outcome.missed_steps, 1);
  const auto missed = content().of(EventKind::MissedSteps);
  ASSERT_EQ(missed.size(), 1U);
  EXPECT_EQ(missed[0].code, 1);
}

TEST_F(run_lifecycle, starts_and_stops_leave_at_their_times) {
  container("a").stop_ns = 730 * kMs;
  container("b").start_ns = 250 * kMs;
  go();
  const int64_t t0 = 5'000 * kMs;
  const auto starts = engine->calls("start");
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].at - t0, 0);
  EXPECT_EQ(starts[1].at - t0, 250 * kMs);
  const auto stops = engine->calls("stop");
  ASSERT_EQ(stops.size(), 2U);
  EXPECT_EQ(stops[0].at - t0, 730 * kMs);
  EXPECT_EQ(stops[1].at - t0, 1000 * kMs);
  expect_nothing_left("ok");
}

TEST_F(run_lifecycle, all_containers_are_prepared_before_the_first_starts) {
  container("a");
  container("b");
  script_engine = [this](FakeEngine& fake) {
    fake.on_start = [this](size_t) { EXPECT_EQ(engine->calls("prepare").size(), 2U); };
  };
  go();
  EXPECT_EQ(engine->calls("start").size(), 2U);
}

TEST_F(run_lifecycle, the_run_ends_when_every_container_has_ended) {
  container("a");
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 4) engine->ends(0, 0);
  };
  const RunOutcome outcome = go();
  EXPECT_THAT(sampler.steps, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(outcome.containers[0].ended_ns, 400 * kMs);
  EXPECT_EQ(engine->calls("stop").size(), 1U);  // what the command left of its container goes as well
  expect_nothing_left("ok");
}

TEST_F(run_lifecycle, with_drain_a_job_runs_to_its_end_and_none_starts_after_max_t) {
  spec.drain = true;
  container("a");
  container("late").start_ns = 1200 * kMs;
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 15) engine->ends(0, 0);
  };
  const RunOutcome outcome = go();
  EXPECT_EQ(sampler.steps.back(), 15);
  EXPECT_EQ(engine->calls("start").size(), 1U);
  EXPECT_EQ(outcome.containers[1].state, ContainerState::Waiting);
  expect_nothing_left("ok");
}

TEST_F(run_lifecycle, free_cores_are_picked_and_given_ones_kept) {
  container("fixed").cores.value = *parse_cpu_list("0");
  container("two").num_cores = 2;
  container("one");
  container("more");
  go();
  const auto starts = engine->calls("start");
  ASSERT_EQ(starts.size(), 4U);
  EXPECT_EQ(to_list(starts[0].cpus), "0");
  EXPECT_EQ(to_list(starts[1].cpus), "1-2");
  EXPECT_EQ(to_list(starts[2].cpus), "3");
  EXPECT_EQ(to_list(starts[3].cpus), "0");  // all have one: the lowest
}

TEST_F(run_lifecycle, cores_that_are_promised_to_a_container_are_not_picked_for_one_that_starts_before) {
  container("one");
  container("fixed").cores.value = *parse_cpu_list("0");
  container("later").cores.value = *parse_cpu_list("1");
  spec.containers.back().start_ns = 500 * kMs;
  go();
  const auto starts = engine->calls("start");
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_EQ(to_list(starts[0].cpus), "2");
}

TEST_F(run_lifecycle, a_container_that_ends_while_it_is_started_is_not_lost) {
  container("a");
  container("b");
  script_engine = [](FakeEngine& fake) {
    fake.on_start = [&fake](size_t slot) {
      if (slot == 0) fake.ends(0, 0);
    };
  };
  const RunOutcome outcome = go();
  EXPECT_EQ(outcome.containers[0].state, ContainerState::Ended);
  EXPECT_EQ(content().of(EventKind::Exit).size(), 2U);
  expect_nothing_left("ok");
}

TEST_F(run_lifecycle, a_slow_start_does_not_delay_sampling) {
  SystemClock real;
  clock = &real;
  workers = 4;
  spec.max_ns = 400 * kMs;
  spec.step_ns = 10 * kMs;
  container("a");
  container("slow");
  script_engine = [](FakeEngine& fake) {
    fake.on_start = [](size_t slot) {
      if (slot == 1) std::this_thread::sleep_for(std::chrono::milliseconds(300));
    };
  };
  const RunOutcome outcome = go();
  const auto in_time =
      std::count_if(sampler.times.begin(), sampler.times.end(), [](int64_t t) { return t < 290 * kMs; });
  EXPECT_GE(in_time, 10);  // 28 on a quiet machine
  EXPECT_GT(outcome.containers[1].started_ns, 290 * kMs);
  expect_nothing_left("ok");
}

TEST_F(run_lifecycle, a_host_that_is_slow_to_take_a_container_in_does_not_delay_sampling) {
  SystemClock real;
  clock = &real;
  workers = 2;
  spec.max_ns = 400 * kMs;
  spec.step_ns = 10 * kMs;
  container("a");
  host.on_attach = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  };  // as an fsync may take
  const RunOutcome outcome = go([](abi::PolicyContext&, abi::Event, int32_t) { return 0; });
  const auto in_time =
      std::count_if(sampler.times.begin(), sampler.times.end(), [](int64_t t) { return t < 290 * kMs; });
  EXPECT_GE(in_time, 10);
  EXPECT_GT(outcome.containers[0].started_ns, 290 * kMs);
  expect_nothing_left("ok");
}

TEST_F(run_failure, an_image_that_is_missing_starts_nothing) {
  container("a");
  container("b");
  script_engine = [](FakeEngine& fake) { fake.fail_prepare = 1; };
  const RunOutcome outcome = go();
  ASSERT_EQ(outcome.problems.size(), 1U);
  EXPECT_EQ(outcome.problems[0], "`b` could not be prepared: no such image: build it");
  EXPECT_TRUE(engine->calls("start").empty());
  EXPECT_TRUE(sampler.steps.empty());
  expect_nothing_left("failed");
}

TEST_F(run_failure, a_container_that_cannot_start_ends_the_run_and_the_others) {
  container("a");
  container("b").start_ns = 300 * kMs;
  script_engine = [](FakeEngine& fake) { fake.fail_start = 1; };
  const RunOutcome outcome = go();
  EXPECT_THAT(outcome.problems, ElementsAre("`b` could not be started: permission denied"));
  EXPECT_THAT(sampler.steps, ElementsAre(1, 2, 3));
  EXPECT_EQ(engine->calls("stop").size(), 1U);
  expect_nothing_left("failed");
}

TEST_F(run_failure, an_exit_code_fails_the_run_unless_it_is_allowed_or_follows_our_stop) {
  container("bad").stop_ns = 1000 * kMs;
  container("allowed").allow_failure = true;
  container("stopped").stop_ns = 500 * kMs;  // the fake ends it with 143
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 2) engine->ends(0, 3);
    if (frame.step == 3) engine->ends(1, 4);
  };
  const RunOutcome outcome = go();
  EXPECT_THAT(outcome.problems,
              ElementsAre("`bad` ended with exit code 3; its output is in logs/bad.stderr"));
  EXPECT_EQ(sampler.steps.size(), 5U);  // the others were measured to their end
  const auto exits = content().of(EventKind::Exit);
  ASSERT_EQ(exits.size(), 3U);
  EXPECT_EQ(exits[0].code, 3);
  EXPECT_EQ(exits[2].code, 143);
  expect_nothing_left("failed");
}

TEST_F(run_failure, what_others_do_to_a_container_is_recorded_each_time_and_said_once) {
  container("a");
  container("b");
  script_engine = [](FakeEngine& fake) {
    fake.on_stop = [&fake](size_t slot) {
      if (slot == 1) fake.disturb(7, "is not one of ours");
    };
  };
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 2 || frame.step == 4) engine->disturb(1, "was paused by somebody else");
    if (frame.step == 3) engine->disturb(0, "was sent SIGKILL by somebody else");
    if (frame.step == 3) engine->ends(0, 137);
  };
  EXPECT_THAT(go().problems, ElementsAre("`a` ended with exit code 137; its output is in logs/a.stderr"));
  const TraceContent trace = content();
  const auto seen = trace.of(EventKind::Interference);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].slot, 1);
  EXPECT_EQ(seen[0].step, 2);
  EXPECT_EQ(seen[0].text, "was paused by somebody else");
  EXPECT_EQ(seen[1].slot, 0);
  EXPECT_EQ(seen[2].step, 4);
  const auto at = [&](EventKind kind) {
    return std::find_if(trace.events.begin(), trace.events.end(),
                        [&](const TraceEvent& e) { return e.kind == kind && e.slot == 0; });
  };
  EXPECT_LT(at(EventKind::Interference), at(EventKind::Exit));  // the cause stands first
  EXPECT_EQ(std::count(observer.lines.begin(), observer.lines.end(),
                       "`b` was paused by somebody else; its figures may be disturbed"),
            1);
}

TEST_F(run_failure, running_out_of_memory_is_said_in_words) {
  container("a");
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 2) engine->ends(0, 137, true);
  };
  EXPECT_THAT(go().problems, ElementsAre("`a` ran out of memory (exit code 137)"));
}

TEST_F(run_failure, a_job_that_ends_before_its_expected_time_is_reported) {
  container("early").expected_ns = 500 * kMs;
  container("exact").expected_ns = 500 * kMs;
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 2) engine->ends(0, 0);
    if (frame.step == 5) engine->ends(1, 0);
  };
  EXPECT_THAT(go().problems,
              ElementsAre("`early` ended after 0.2 s, earlier than its `expected_t` of 0.5 s"));
}

TEST_F(run_signal, an_interrupt_while_preparing_starts_nothing) {
  container("a");
  script_engine = [](FakeEngine& fake) { fake.on_prepare = [](size_t) { kill(getpid(), SIGINT); }; };
  const RunOutcome outcome = go();
  EXPECT_EQ(outcome.signal, SIGINT);
  EXPECT_TRUE(engine->calls("start").empty());
  expect_nothing_left("interrupted");
}

TEST_F(run_signal, an_interrupt_while_measuring_stops_in_order) {
  container("a");
  container("b");
  sampler.on_collect = [](Frame& frame) {
    if (frame.step == 3) kill(getpid(), SIGTERM);
  };
  const RunOutcome outcome = go();
  EXPECT_EQ(outcome.signal, SIGTERM);
  EXPECT_THAT(sampler.steps, ElementsAre(1, 2, 3));
  EXPECT_EQ(engine->calls("stop").size(), 2U);
  EXPECT_EQ(content().of(EventKind::Stop).size(), 2U);
  EXPECT_EQ(content().of(EventKind::Signal).size(), 1U);
  expect_nothing_left("interrupted");
}

TEST_F(run_signal, a_second_interrupt_kills_what_does_not_stop) {
  SystemClock real;
  clock = &real;
  workers = 2;
  spec.step_ns = 10 * kMs;
  container("stubborn");
  sampler.on_collect = [sent = false](Frame&) mutable {
    if (!std::exchange(sent, true)) kill(getpid(), SIGINT);
  };
  script_engine = [](FakeEngine& fake) {
    fake.on_stop = [&fake](size_t) {
      kill(getpid(), SIGINT);
      while (!fake.removing) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
  };
  const RunOutcome outcome = go();
  EXPECT_EQ(outcome.signal, SIGINT);
  EXPECT_FALSE(outcome.abandoned);
  EXPECT_GE(engine->calls("remove_all").size(), 2U);
  expect_nothing_left("interrupted");
}

TEST_F(run_signal, an_interrupt_after_the_policy_began_restores_the_host) {
  container("a");
  sampler.on_collect = [](Frame& frame) {
    if (frame.step == 2) kill(getpid(), SIGHUP);
  };
  go([](abi::PolicyContext&, abi::Event, int32_t) { return 0; });
  EXPECT_GE(host.restores, 1);
  EXPECT_TRUE(host.attached.empty());
  expect_nothing_left("interrupted");
}

}  // namespace
}  // namespace cbench
