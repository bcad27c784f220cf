#include "stdlib/abi/cpu_set.h"

#include <gtest/gtest.h>

#include "stdlib/abi/abi.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {
namespace {

TEST(cpu_list, a_list_reads_back_as_it_was_written) {
  for (const char* list : {"", "0", "0-3", "0-3,8", "1,3,5-7", "1023"})
    EXPECT_EQ(to_list(parse_cpu_list(list).value()), list);
}

TEST(cpu_list, adjacent_cpus_are_joined_and_blanks_are_allowed) {
  EXPECT_EQ(to_list(parse_cpu_list(" 0, 1 ,2-4\n").value()), "0-4");
}

TEST(cpu_list, what_is_no_list_is_refused) {
  for (const char* text : {"3-1", "a", "0,", ",0", "0--1", "1024", "-1", "0;1", "1-"})
    EXPECT_FALSE(parse_cpu_list(text)) << text;
}

TEST(vocabulary, each_field_name_finds_its_metric) {
  for (size_t i = 0; i < kMetricCount; ++i)
    EXPECT_EQ(find_metric_field(kMetrics[i].field), static_cast<Metric>(i));
}

TEST(vocabulary, an_alias_of_container_bench_finds_the_metric) {
  EXPECT_EQ(find_metric("rdt", "rdt_class_name"), Metric::rdt_class_name);
  EXPECT_EQ(find_metric("perf", "docker_cpu"), std::nullopt);
}

TEST(vocabulary, a_derived_perf_metric_names_perf_metrics_as_its_inputs) {
  for (const MetricInfo& metric : kMetrics) {
    if (metric.group != MetricGroup::perf || metric.kind != MetricKind::Derived ||
        metric.source == "counters")
      continue;
    std::string_view rest = metric.source;
    while (!rest.empty()) {
      const auto blank = rest.find(' ');
      EXPECT_TRUE(find_metric("perf", rest.substr(0, blank))) << metric.name << " from " << rest;
      rest = blank == std::string_view::npos ? "" : rest.substr(blank + 1);
    }
  }
}

}  // namespace
}  // namespace cbench
