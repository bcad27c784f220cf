// Which events are counted together, over all subsets that a configuration may choose.
#include "runtime/collectors/event_groups.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "runtime/collectors/perf_event.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

bool counted(Metric metric) {
  return info(metric).group == MetricGroup::perf && info(metric).kind != MetricKind::Derived;
}

std::map<Metric, EventCode> codes_of(const MetricSet& events) {
  std::map<Metric, EventCode> codes;
  for (size_t i = 0; i < kMetricCount; ++i)
    if (events[i])
      codes[static_cast<Metric>(i)] = {info(static_cast<Metric>(i)).source.starts_with("sw:") ? 1U : 0U};
  return codes;
}
bool needs_counter(Metric metric) { return !info(metric).source.starts_with("sw:"); }

MetricSet random_events(std::mt19937_64& random) {
  MetricSet events;
  for (size_t i = 0; i < kMetricCount; ++i)
    if (counted(static_cast<Metric>(i)) && random() % 2) events.set(i);
  return events;
}

TEST(EventGroups, every_event_is_in_just_one_group_that_fits_and_is_of_one_kind) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 500; ++round) {
    const MetricSet events = random_events(random);
    MetricSet seen;
    for (const auto& group : group_events(codes_of(events), kUsualGroup)) {
      ASSERT_FALSE(group.empty());
      ASSERT_LE(group.size(), needs_counter(group[0]) ? kUsualGroup : kLargestGroup);
      for (const Metric metric : group) {
        ASSERT_EQ(needs_counter(metric), needs_counter(group[0]));
        ASSERT_FALSE(seen[static_cast<size_t>(metric)]) << info(metric).field;
        seen.set(static_cast<size_t>(metric));
      }
    }
    ASSERT_EQ(seen, events);
  }
}

TEST(EventGroups, the_inputs_of_a_derived_metric_are_in_one_group) {
  std::mt19937_64 random(6);
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto inputs = inputs_of(static_cast<Metric>(i));
    if (kMetrics[i].group != MetricGroup::perf || inputs.empty()) continue;
    for (int round = 0; round < 50; ++round) {
      MetricSet events = random_events(random);
      for (const Metric input : inputs) events.set(static_cast<size_t>(input));
      for (const auto& group : group_events(codes_of(events), kUsualGroup)) {
        const auto here = std::count_if(inputs.begin(), inputs.end(), [&](Metric m) {
          return std::count(group.begin(), group.end(), m) > 0;
        });
        ASSERT_TRUE(here == 0 || here == static_cast<long>(inputs.size())) << kMetrics[i].field;
      }
    }
  }
}

TEST(Inputs, derived_metrics_name_theirs) {
  EXPECT_EQ(inputs_of(Metric::perf_llc_mpki),
            (std::vector{Metric::perf_llc_load_misses, Metric::perf_instructions}));
  EXPECT_EQ(inputs_of(Metric::docker_cpu_usage_percent), (std::vector{Metric::docker_cpu_usage_total}));
  EXPECT_TRUE(inputs_of(Metric::perf_cycles).empty());
  EXPECT_TRUE(inputs_of(Metric::perf_running_ratio).empty());
  MetricSet enabled;
  enabled.set(static_cast<size_t>(Metric::perf_instructions_per_cycle));
  EXPECT_EQ(with_inputs(enabled).count(), 3u);
}

}  // namespace
}  // namespace cbench
