#include <atomic>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <poll.h>

#include "runtime/loop/placement.h"
#include "runtime/loop/settlement.h"
#include "runtime/loop/step_schedule.h"
#include "runtime/loop/worker_pool.h"
#include "tests/support/topology.h"

namespace cbench {
namespace {

TEST(step_schedule, steps_and_missed_steps_add_up_to_the_time_that_passed) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    const int64_t period = 1 + static_cast<int64_t>(random() % 1000);
    StepSchedule schedule(77, period);
    int64_t now = 77, taken = 0, missed = 0, last = 0;
    for (int i = 0; i < 50; ++i) {
      now = std::max(now, schedule.next_due()) +
            static_cast<int64_t>(random() % (3 * static_cast<uint64_t>(period)));
      const auto due = schedule.take(now);
      ASSERT_TRUE(due);
      EXPECT_GT(due->step, last);
      EXPECT_LT(due->lateness_ns, period);
      EXPECT_GE(due->lateness_ns, 0);
      EXPECT_GT(schedule.next_due(), now);
      last = due->step;
      ++taken;
      missed += due->missed;
    }
    EXPECT_EQ(taken + missed, (now - 77) / period);
  }
}

TEST(step_schedule, nothing_is_due_before_its_time) {
  StepSchedule schedule(0, 10);
  EXPECT_FALSE(schedule.take(9));
  EXPECT_TRUE(schedule.take(10));
  EXPECT_FALSE(schedule.take(19));
}

TEST(placement, the_least_used_cpus_are_picked_and_ties_go_to_the_lowest) {
  HostFacts facts;
  facts.online = *parse_cpu_list("0-3");
  const auto cpus = [](const char* list) { return *parse_cpu_list(list); };
  EXPECT_EQ(to_list(choose_cpus(facts, {}, 2)), "0-1");
  EXPECT_EQ(to_list(choose_cpus(facts, {cpus("0-1")}, 1)), "2");
  EXPECT_EQ(to_list(choose_cpus(facts, {cpus("0-3"), cpus("1-2")}, 3)), "0-1,3");
  EXPECT_EQ(to_list(choose_cpus(facts, {}, 9)), "0-3");
  EXPECT_EQ(to_list(choose_cpus(facts, {cpus("0-2"), cpus("0-2")}, 1, cpus("3"))), "0")
      << "cbench's own last";
  EXPECT_EQ(to_list(choose_cpus(facts, {}, 4, cpus("3"))), "0-3");
}

TEST(placement, containers_get_the_cpus_that_were_foreseen_although_cbench_keeps_to_the_others) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const HostFacts facts = test::topology({.sockets = 1 + static_cast<uint32_t>(random() % 2),
                                            .cores = 4,
                                            .threads = 1 + static_cast<uint32_t>(random() % 2),
                                            .caches = 1 + static_cast<uint32_t>(random() % 2)});
    RunSpec spec;
    spec.containers.resize(1 + random() % 4);
    for (ContainerSpec& c : spec.containers) {
      c.num_cores = 1 + static_cast<int64_t>(random() % 3);
      c.stop_ns = 100;
    }
    const CpuSet foreseen = foreseen_cpus(spec, facts);
    std::vector<CpuSet> occupied;
    CpuSet given;
    for (const ContainerSpec& c : spec.containers) {
      occupied.push_back(choose_cpus(facts, occupied, c.num_cores, facts.online & ~foreseen));
      given |= occupied.back();
    }
    ASSERT_EQ(given, foreseen);
  }
}

TEST(placement, a_quota_reads_back_from_the_trace_as_the_live_run_used_it) {
  EXPECT_EQ(quota_code(std::numeric_limits<double>::infinity()), -1);
  EXPECT_EQ(quota_from_code(-1), std::numeric_limits<double>::infinity());
  for (const double cores : {0.1, 1.0, 1.5, 0.333333, 12.25})
    EXPECT_EQ(quota_code(quota_from_code(quota_code(cores))), quota_code(cores));
}

Decision planned(Verb verb) {
  Decision decision;
  decision.verb = verb;
  return decision;
}

TEST(settlement, a_layout_fails_when_one_of_its_classes_does) {
  Settlement settlement(abi::Event::Step, Mode::Act, false, {planned(Verb::Layout)},
                        {{Target::ClassWays, 0, 0}, {Target::ClassWays, 1, 0}, {Target::ClassWays, 2, 0}});
  settlement.applied(0);
  settlement.failed(1, "out of range");
  settlement.applied(2);
  const auto done = settlement.finish();
  EXPECT_EQ(done[0].outcome, Outcome::Failed);
  EXPECT_EQ(done[0].reason, "out of range");
}

TEST(settlement, what_was_replaced_in_the_same_step_changed_nothing) {
  Settlement settlement(abi::Event::Step, Mode::Act, false,
                        {planned(Verb::Quota), planned(Verb::Quota), planned(Verb::Log)},
                        {{Target::ContainerQuota, 0, 1}});
  settlement.applied(0);
  const auto done = settlement.finish();
  EXPECT_EQ(done[0].outcome, Outcome::NoChange);
  EXPECT_EQ(done[1].outcome, Outcome::Applied);
  EXPECT_EQ(done[2].outcome, Outcome::Applied);
}

TEST(settlement, nothing_of_a_call_that_stopped_the_policy_is_carried_out) {
  Settlement settlement(abi::Event::Step, Mode::Act, true, {planned(Verb::Quota), planned(Verb::Stop)},
                        {{Target::ContainerQuota, 0, 0}});
  EXPECT_TRUE(settlement.changes().empty());
  const auto done = settlement.finish();
  EXPECT_EQ(done[0].outcome, Outcome::Planned);
  EXPECT_EQ(done[1].outcome, Outcome::Applied);
}

void wait_for(WorkerPool& pool) {
  while (pool.outstanding() > 0) {
    pollfd ready{.fd = pool.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&ready, 1, 10'000), 1);
    pool.run_completions();
  }
}

TEST(worker_pool, every_completion_runs_on_the_callers_thread_and_once) {
  for (const unsigned threads : {0U, 1U, 3U}) {
    WorkerPool pool(threads);
    int completions = 0;
    const auto here = std::this_thread::get_id();
    for (int i = 0; i < 100; ++i)
      pool.submit([&] {
        return [&] {
          EXPECT_EQ(std::this_thread::get_id(), here);
          ++completions;
        };
      });
    wait_for(pool);
    EXPECT_EQ(completions, 100);
  }
}

TEST(worker_pool, jobs_run_at_once_up_to_the_bound) {
  WorkerPool pool(3);
  std::atomic<int> at_once = 0, most = 0;
  for (int i = 0; i < 12; ++i)
    pool.submit([&]() -> WorkerPool::Completion {
      const int now = ++at_once;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      --at_once;
      return nullptr;
    });
  wait_for(pool);
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 3);
}

TEST(worker_pool, jobs_that_nobody_began_can_be_forgotten) {
  WorkerPool pool(1);
  std::atomic<bool> go_on = false;
  std::atomic<int> ran = 0;
  for (int i = 0; i < 5; ++i)
    pool.submit([&]() -> WorkerPool::Completion {
      ++ran;
      while (!go_on) std::this_thread::yield();
      return nullptr;
    });
  while (ran == 0) std::this_thread::yield();
  pool.drop_queued();
  EXPECT_EQ(pool.outstanding(), 1U);
  go_on = true;
  wait_for(pool);
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace cbench
