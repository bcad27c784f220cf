// Counting on a scripted perf_event_open: whatever the turns, a figure is the true one within what was not
// seen, or says that there is none.
#include "tests/support/scripted_perf.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/collectors/cgroup_counters.h"
#include "runtime/collectors/perf_derived.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

using enum Metric;

class scripted : public testing::Test {
 protected:
  void SetUp() override {
    facts.perf_event_paranoid = -1;
    for (uint32_t cpu = 0; cpu < 2; ++cpu) facts.cpus.push_back({.cpu = cpu, .core = cpu});
  }
  std::map<Metric, Error> open(const std::vector<Metric>& events) {
    MetricSet set;
    for (const Metric metric : events) set.set(static_cast<size_t>(metric));
    return counters.open("/", set, facts, own);
  }
  PerfInterval read(double min_running = 0) {
    PerfInterval interval;
    counters.read(interval, min_running);
    return interval;
  }

  ScriptedPerf kernel;
  HostFacts facts;
  std::vector<OwnEvent> own;
  CgroupCounters counters{kernel};
};

const std::vector<Metric> kMany = {perf_instructions,          perf_cycles,        perf_cache_misses,
                                   perf_cache_references,      perf_branch_misses, perf_branch_instructions,
                                   perf_llc_load_misses,       perf_llc_loads,     perf_l1d_cache_loads,
                                   perf_l1d_cache_load_misses, perf_page_faults};

bool is_software(Metric metric) { return !resolve_event(metric, {})->needs_counter(); }

TEST_F(scripted, with_counters_for_all_every_figure_is_exact) {
  kernel.counters = 16;
  facts.perf_counters = 8;
  ASSERT_TRUE(open({perf_instructions, perf_cycles, perf_cache_misses}).empty());
  (void)read();
  kernel.truth.clear();
  for (int cpu : {0, 1})
    kernel.run(cpu, 10, 1'000'000,
               [](const EventCode& code, uint64_t) { return code.config == 0 ? 3.0 : 1.0; });
  const PerfInterval interval = read();
  EXPECT_EQ(interval[perf_cycles].status, Status::Ok);
  EXPECT_EQ(interval[perf_cycles].value, 60'000'000);
  EXPECT_EQ(interval[perf_instructions].value, 20'000'000);
  EXPECT_EQ(interval.running_ratio, 1);
  EXPECT_DOUBLE_EQ(derive(perf_cycles_per_instruction, interval).value, 3);
}

TEST_F(scripted, a_steady_rate_is_found_whatever_the_turns) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 200; ++round) {
    kernel.counters = static_cast<uint32_t>(3 + random() % 6);
    facts.perf_counters = static_cast<uint32_t>(random() % 2 ? kernel.counters : 0);
    std::vector<Metric> events;
    for (const Metric metric : kMany)
      if (!is_software(metric) && random() % 3) events.push_back(metric);
    if (events.empty()) continue;
    ASSERT_TRUE(open(events).empty());
    (void)read();
    for (int interval = 0; interval < 5; ++interval) {
      const double rate = 0.01 + static_cast<double>(random() % 4000) / 1000;
      uint64_t slices = 0;
      for (int cpu : {0, 1}) {
        const uint64_t here = random() % 40;
        slices += here;
        kernel.run(cpu, here, 1'000'000, [&](const EventCode&, uint64_t) { return rate; });
      }
      const PerfInterval got = read();
      for (const Metric metric : events) {
        const EventDelta& event = got[metric];
        const double truth = rate * 1e6 * static_cast<double>(slices);
        ASSERT_GE(event.value, 0);
        if (event.status == Status::NotScheduled) continue;
        // Rounding to whole events loses one a CPU, scaled by at most the number of slices.
        ASSERT_NEAR(static_cast<double>(event.value), truth, 2.0 * 40 + 2) << info(metric).field;
        if (got.running_ratio < 1) continue;
        ASSERT_EQ(event.status, Status::Ok);
      }
    }
    counters.close();
    ASSERT_EQ(kernel.open_files(), 0U);
  }
}

TEST_F(scripted, a_changing_rate_is_missed_by_no_more_than_it_changed_while_nobody_looked) {
  std::mt19937_64 random(12);
  kernel.counters = 3;
  ASSERT_TRUE(open(kMany).empty());
  (void)read();
  for (int round = 0; round < 300; ++round) {
    const double low = static_cast<double>(random() % 1000) / 1000,
                 high = low + static_cast<double>(random() % 3000) / 1000;
    const uint64_t seed = random();
    const auto rate = [&](const EventCode&, uint64_t now) {
      return low +
             (high - low) * static_cast<double>((now / 1'000'000 * 0x9e3779b97f4a7c15 ^ seed) % 1000) / 1000;
    };
    const uint64_t slices = 20 + random() % 100;
    kernel.truth.clear();
    kernel.run(0, slices, 1'000'000, rate);
    const PerfInterval got = read();
    for (const Metric metric : kMany) {
      if (is_software(metric)) continue;
      const EventDelta& event = got[metric];
      ASSERT_EQ(event.status, Status::Multiplexed) << info(metric).field;
      const double unseen = 1 - got.running_ratio;
      const double ns = static_cast<double>(slices) * 1e6;
      ASSERT_NEAR(static_cast<double>(event.value) / ns, (low + high) / 2,
                  (high - low) * (0.5 + unseen) + 1e-3);
    }
  }
}

TEST_F(scripted, ratios_are_made_of_events_that_were_counted_together) {
  kernel.counters = 3;
  ASSERT_TRUE(open(kMany).empty());
  (void)read();
  // Twice as many instructions while the first groups are on as later: a ratio over different times would be
  // wrong.
  kernel.run(0, 30, 1'000'000, [](const EventCode& code, uint64_t now) {
    const double phase = now < 15'000'000 ? 2 : 1;
    return code.config == PERF_COUNT_HW_CPU_CYCLES && code.type == PERF_TYPE_HARDWARE ? 2 * phase : phase;
  });
  const PerfInterval got = read();
  const DerivedValue cpi = derive(perf_cycles_per_instruction, got);
  EXPECT_EQ(cpi.status, Status::Multiplexed);
  EXPECT_NEAR(cpi.value, 2, 1e-6);
}

TEST_F(scripted, an_event_that_was_counted_too_shortly_has_no_value) {
  kernel.counters = 3;
  ASSERT_TRUE(open(kMany).empty());
  (void)read();
  kernel.run(0, 60, 1'000'000, [](const EventCode&, uint64_t) { return 1.0; });
  const PerfInterval all = read(0.1);
  EXPECT_GT(all.running_ratio, 0.1);
  EXPECT_LT(all.running_ratio, 0.9);
  for (const Metric metric : kMany) EXPECT_TRUE(has_value(all[metric].status)) << info(metric).field;
  kernel.run(0, 60, 1'000'000, [](const EventCode&, uint64_t) { return 1.0; });
  const PerfInterval strict = read(0.9);
  for (const Metric metric : kMany)
    EXPECT_EQ(strict[metric].status, is_software(metric) ? Status::Ok : Status::NotScheduled)
        << info(metric).field;
}

TEST_F(scripted, what_went_back_is_an_error_and_never_a_number) {
  kernel.counters = 8;
  ASSERT_TRUE(open({perf_instructions, perf_cycles}).empty());
  (void)read();
  const auto one = [](const EventCode&, uint64_t) { return 1.0; };
  kernel.run(0, 5, 1'000'000, one);
  EXPECT_EQ(read()[perf_cycles].status, Status::Ok);
  kernel.turn_back(PERF_COUNT_HW_CPU_CYCLES, 1'000'000);
  const PerfInterval broken = read();
  EXPECT_EQ(broken[perf_cycles].status, Status::Error);
  EXPECT_EQ(broken[perf_cycles].value, 0);
  EXPECT_EQ(read()[perf_cycles].status, Status::Unavailable) << "nothing is known to compare with";
  kernel.run(0, 5, 1'000'000, one);
  EXPECT_EQ(read()[perf_cycles].value, 5'000'000);
}

TEST_F(scripted, large_counts_lose_nothing) {
  kernel.counters = 8;
  for (const uint64_t start : {uint64_t{1} << 48U, (uint64_t{1} << 53U) + 1, uint64_t{1} << 62U}) {
    ASSERT_TRUE(open({perf_instructions}).empty());
    kernel.set_values(start);
    (void)read();
    kernel.run(1, 3, 1'000'001, [](const EventCode&, uint64_t) { return 1.0; });
    EXPECT_EQ(read()[perf_instructions].value, 3'000'003);
    counters.close();
  }
}

TEST_F(scripted, a_cpu_that_goes_or_comes_makes_one_interval_an_error) {
  kernel.counters = 8;
  ASSERT_TRUE(open({perf_instructions, perf_cycles, perf_task_clock}).empty());
  (void)read();
  const auto one = [](const EventCode&, uint64_t) { return 1.0; };
  kernel.run(1, 5, 1'000'000, one);
  kernel.take_offline(1);
  counters.follow(*parse_cpu_list("0"));
  EXPECT_EQ(read()[perf_cycles].status, Status::Error);
  kernel.run(0, 5, 1'000'000, one);
  EXPECT_EQ(read()[perf_cycles].value, 5'000'000);
  kernel.bring_online(1);
  counters.follow(*parse_cpu_list("0-1"));
  EXPECT_EQ(read()[perf_cycles].status, Status::Error) << "it may have run there uncounted";
  kernel.run(0, 5, 1'000'000, one);
  kernel.run(1, 5, 1'000'000, one);
  EXPECT_EQ(read()[perf_cycles].value, 10'000'000);
  EXPECT_EQ(kernel.open_files(), 6U) << "nothing was left open";
}

TEST_F(scripted, a_cpu_that_vanishes_unseen_gives_no_number) {
  kernel.counters = 8;
  ASSERT_TRUE(open({perf_instructions, perf_cycles}).empty());
  (void)read();
  kernel.run(0, 5, 1'000'000, [](const EventCode&, uint64_t) { return 1.0; });
  kernel.take_offline(1);
  EXPECT_EQ(read()[perf_cycles].status, Status::Error);
}

TEST_F(scripted, groups_are_as_large_as_the_cpu_allows) {
  for (const uint32_t there : {2U, 3U, 4U, 6U, 8U}) {
    kernel.counters = there;
    EXPECT_EQ(count_counters(kernel, false), there);
    EXPECT_EQ(count_counters(kernel, true), there - 1) << "the watchdog has one";
    EXPECT_EQ(kernel.open_files(), 0U);
    facts.perf_counters = there;
    EXPECT_EQ(hardware_group(facts), std::min<size_t>(2 + there, kLargestGroup));
    ASSERT_TRUE(open(kMany).empty());
    counters.close();
  }
  kernel.refuse = [](const EventCode& code, int) { return code.needs_counter() ? -ENOENT : 0; };
  EXPECT_EQ(count_counters(kernel, true), 0U);
}

TEST_F(scripted, every_refusal_is_told_and_the_rest_is_counted) {
  const auto refused_with = [&](int error) {
    kernel.refuse = [error](const EventCode& code, int) {
      return code.type == PERF_TYPE_HARDWARE && code.config == PERF_COUNT_HW_CACHE_MISSES ? -error : 0;
    };
    const auto refused = open({perf_cache_misses, perf_cache_references, perf_task_clock});
    EXPECT_EQ(refused.size(), 1U);
    (void)read();
    kernel.run(0, 1, 1'000'000, [](const EventCode&, uint64_t) { return 1.0; });
    const PerfInterval got = read();
    EXPECT_EQ(got[perf_cache_misses].status, Status::Unsupported);
    EXPECT_EQ(got[perf_cache_references].status, Status::Ok);
    EXPECT_EQ(got[perf_task_clock].status, Status::Ok);
    return refused.contains(perf_cache_misses) ? refused.at(perf_cache_misses).message : "";
  };
  for (const int error :
       {EACCES, EPERM, EMFILE, ENFILE, ENOSYS, EBADF, EBUSY, ENOENT, EINVAL, EOPNOTSUPP, ENODEV, EIO})
    EXPECT_NE(refused_with(error), "") << error;
  facts.virtual_machine = true;
  EXPECT_THAT(refused_with(ENOENT), testing::HasSubstr("this virtual machine"));
  facts.virtual_machine = false;
  EXPECT_THAT(refused_with(ENOENT), testing::HasSubstr("this CPU"));
  EXPECT_THAT(refused_with(EPERM), testing::HasSubstr("seccomp")) << "paranoid is -1, so it is not that";
}

TEST_F(scripted, descriptors_that_run_out_are_said_so) {
  kernel.counters = 8;
  kernel.most_files = 3;
  const auto refused = open({perf_instructions, perf_cycles, perf_branch_misses});
  ASSERT_FALSE(refused.empty());
  EXPECT_THAT(refused.begin()->second.message, testing::HasSubstr("RLIMIT_NOFILE"));
  counters.close();
  EXPECT_EQ(kernel.open_files(), 0U);
}

TEST_F(scripted, events_of_ones_own_are_counted_by_their_codes) {
  kernel.counters = 4;
  const Metric uops = *declare_metric(MetricGroup::perf, "uops", Unit::Count);
  const Metric switches = *declare_metric(MetricGroup::perf, "switches", Unit::Count);
  const Metric nothing = *declare_metric(MetricGroup::perf, "nothing", Unit::Count);
  own = {{uops, {"r01c2", {}}}, {switches, {"perf::CONTEXT-SWITCHES", {}}}, {nothing, {"NO_SUCH:EVENT", {}}}};
  const auto refused = open({uops, switches, nothing, perf_cycles});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_THAT(refused.at(nothing).message, testing::HasSubstr("NO_SUCH:EVENT"));
  (void)read();
  kernel.run(0, 2, 1'000'000, [](const EventCode& code, uint64_t) {
    return code.type == PERF_TYPE_RAW && code.config == 0x1c2 ? 4.0 : 1.0;
  });
  const PerfInterval got = read();
  EXPECT_EQ(got[uops].value, 8'000'000);
  EXPECT_EQ(got[switches].value, 2'000'000);
  EXPECT_EQ(got[nothing].status, Status::Unsupported);
  for (const char* bad : {"r", "rxyz", "r10123456789abcdef"}) {
    own = {{uops, {bad, {}}}};
    EXPECT_FALSE(resolve_event(uops, facts, own).ok()) << bad;
  }
}

}  // namespace
}  // namespace cbench
