// Targets: their names, and which values are of a metric's unit.
#include "stdlib/abi/target.h"

#include <gtest/gtest.h>

namespace cbench {
namespace {

using enum Metric;

TEST(target, it_has_the_name_of_a_metric_without_its_group) {
  EXPECT_EQ(find_target("latency_p95"), app_latency_p95);
  EXPECT_EQ(find_target("llc_mpki"), perf_llc_mpki);
  EXPECT_EQ(find_target("ipc"), perf_instructions_per_cycle);
  EXPECT_EQ(find_target("ipce"), perf_ipc_efficiency);
  EXPECT_EQ(find_target("latency"), std::nullopt);
  EXPECT_EQ(find_target("class_name"), std::nullopt) << "a text";
  EXPECT_EQ(find_target("cpu_usage_total"), std::nullopt) << "it only grows";
  EXPECT_EQ(find_target("step_time"), std::nullopt) << "of the host";
}

TEST(target, its_value_is_canonical_and_a_time_is_in_ns) {
  EXPECT_EQ(target_value(app_latency_p95, 5, Unit::Milliseconds), 5e6);
  EXPECT_EQ(target_value(app_latency_p95, 0.25, Unit::Seconds), 250e6);
  EXPECT_EQ(target_value(app_throughput, 1000, Unit::PerSecond), 1000);
  EXPECT_EQ(target_value(perf_instructions_per_cycle, 1.2, Unit::Ipc), 1.2);
  EXPECT_EQ(target_value(docker_cpu_usage_percent, 70, Unit::Percent), 0.7);
  EXPECT_EQ(target_value(docker_memory_usage, 2, Unit::GiB), 2147483648.0);
  EXPECT_EQ(target_value(perf_llc_mpki, 5, Unit::Mpki), 0.005);
}

TEST(target, a_number_without_a_unit_is_taken_where_there_is_only_one_reading) {
  EXPECT_EQ(target_value(perf_instructions_per_cycle, 1.2, Unit::None), 1.2);
  EXPECT_EQ(target_value(app_throughput, 1000, Unit::None), 1000);
  EXPECT_EQ(target_value(perf_ipc_efficiency, 0.8, Unit::None), 0.8);
  EXPECT_EQ(target_value(app_latency_p95, 5, Unit::None), std::nullopt);
  EXPECT_EQ(target_value(docker_cpu_usage_percent, 80, Unit::None), std::nullopt);
  EXPECT_EQ(target_value(perf_llc_mpki, 5, Unit::None), std::nullopt);
}

TEST(target, another_unit_zero_and_parts_of_what_is_counted_are_refused) {
  EXPECT_EQ(target_value(app_latency_p95, 5, Unit::MiB), std::nullopt);
  EXPECT_EQ(target_value(app_throughput, 5, Unit::Milliseconds), std::nullopt);
  EXPECT_EQ(target_value(app_latency_p95, 0, Unit::Milliseconds), std::nullopt);
  EXPECT_EQ(target_value(app_latency_p95, -1, Unit::Milliseconds), std::nullopt);
  EXPECT_EQ(target_value(docker_pids, 1.5, Unit::None), std::nullopt);
  EXPECT_EQ(target_value(app_latency_p95, 1e300, Unit::Hours), std::nullopt);
}

TEST(target, the_example_of_each_is_one) {
  for (const std::string& name : target_names()) {
    const auto metric = find_target(name);
    ASSERT_TRUE(metric) << name;
    const std::string example = target_example(*metric);
    size_t digits = 0;
    const double value = std::stod(example, &digits);
    Unit unit = Unit::None;
    for (size_t u = 0; u < std::size(kUnits); ++u)
      if (digits < example.size() && kUnits[u].suffix == example.substr(digits)) unit = static_cast<Unit>(u);
    EXPECT_TRUE(target_value(*metric, value, unit)) << name << ": " << example;
  }
}

}  // namespace
}  // namespace cbench
