// Metrics beside metrics.def: their numbers, how they are held, and what their names may be.
#include "stdlib/abi/own_metric.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "stdlib/abi/spec.h"
#include "stdlib/abi/target.h"

namespace cbench {
namespace {

class own_metric : public testing::Test {
 protected:
  void SetUp() override { forget_own_metrics(); }
  void TearDown() override { forget_own_metrics(); }
};

TEST_F(own_metric, equal_declarations_are_one_metric) {
  const auto queue = declare_metric(MetricGroup::app, "queue", Unit::Count);
  ASSERT_TRUE(queue);
  EXPECT_TRUE(is_own(*queue));
  EXPECT_EQ(declare_metric(MetricGroup::app, "queue", Unit::Count), queue);
  EXPECT_NE(declare_metric(MetricGroup::perf, "queue", Unit::Count), queue);
  EXPECT_NE(declare_metric(MetricGroup::app, "queue", Unit::Bytes), queue);
  EXPECT_EQ(declare_metric(MetricGroup::app, "size", Unit::MiB),
            declare_metric(MetricGroup::app, "size", Unit::Bytes))
      << "one dimension";
  EXPECT_EQ(info(*queue).field, "app_queue");
  EXPECT_EQ(info(*queue).name, "queue");
  EXPECT_EQ(info(*queue).scope, MetricScope::Container);
}

TEST_F(own_metric, it_is_held_in_one_unit_of_its_dimension) {
  struct Case {
    MetricGroup group;
    Unit unit, held;
    MetricType type;
    MetricKind kind;
  };
  for (const Case& c :
       {Case{MetricGroup::app, Unit::Milliseconds, Unit::Nanoseconds, MetricType::I64, MetricKind::Gauge},
        Case{MetricGroup::app, Unit::GiB, Unit::Bytes, MetricType::I64, MetricKind::Gauge},
        Case{MetricGroup::app, Unit::Percent, Unit::Ratio, MetricType::F64, MetricKind::Gauge},
        Case{MetricGroup::app, Unit::None, Unit::None, MetricType::F64, MetricKind::Gauge},
        Case{MetricGroup::app, Unit::MBPerSecond, Unit::BytesPerSecond, MetricType::F64, MetricKind::Gauge},
        Case{MetricGroup::perf, Unit::Count, Unit::Count, MetricType::I64, MetricKind::Delta},
        Case{MetricGroup::rdt, Unit::Bytes, Unit::Bytes, MetricType::I64, MetricKind::Gauge},
        Case{MetricGroup::rdt, Unit::BytesPerSecond, Unit::BytesPerSecond, MetricType::F64,
             MetricKind::Derived}}) {
    const auto metric = declare_metric(c.group, "m", c.unit);
    ASSERT_TRUE(metric);
    EXPECT_EQ(info(*metric).unit, c.held);
    EXPECT_EQ(info(*metric).type, c.type);
    EXPECT_EQ(info(*metric).kind, c.kind);
  }
}

TEST_F(own_metric, every_number_is_in_a_set_of_metrics_and_there_are_no_more) {
  MetricSet all;
  for (size_t i = 0; i < kOwnMetrics; ++i) {
    const auto metric = declare_metric(MetricGroup::app, "m" + std::to_string(i), Unit::None);
    ASSERT_TRUE(metric);
    all.set(static_cast<size_t>(*metric));
  }
  EXPECT_EQ(all.count(), kOwnMetrics);
  EXPECT_EQ(declare_metric(MetricGroup::app, "one_more", Unit::None), std::nullopt);
  EXPECT_TRUE(declare_metric(MetricGroup::app, "m7", Unit::None)) << "one that is known is no more";
}

TEST_F(own_metric, names_are_words_that_are_not_taken) {
  for (const char* good : {"a", "Queue_2", "x9"})
    EXPECT_TRUE(may_be_own_name(MetricGroup::app, good)) << good;
  for (const char* bad : {"", "9a", "_a", "a b", "a-b", "latency_p95", "\xc3\xa4"})
    EXPECT_FALSE(may_be_own_name(MetricGroup::app, bad)) << bad;
  EXPECT_TRUE(may_be_own_name(MetricGroup::perf, "latency_p95")) << "of another group";
  EXPECT_FALSE(may_be_own_name(MetricGroup::perf, "stalled_cycles_percentage")) << "an alias";
  EXPECT_TRUE(may_be_own_name(MetricGroup::app, std::string(kOwnNameBytes, 'a')));
  EXPECT_FALSE(may_be_own_name(MetricGroup::app, std::string(kOwnNameBytes + 1, 'a')));
}

TEST_F(own_metric, it_is_found_only_among_those_that_are_given) {
  const auto queue = declare_metric(MetricGroup::app, "queue", Unit::Count);
  const std::vector<Metric> own{*queue};
  EXPECT_EQ(find_metric("app", "queue"), std::nullopt);
  EXPECT_EQ(find_metric("app", "queue", own), queue);
  EXPECT_EQ(find_metric("perf", "queue", own), std::nullopt);
  EXPECT_EQ(find_metric_field("app_queue", own), queue);
  EXPECT_EQ(find_target("queue"), std::nullopt);
  EXPECT_EQ(find_target("queue", own), queue);
  EXPECT_EQ(own_of({Metric::perf_cycles, *queue}), own);
}

TEST_F(own_metric, threads_that_declare_the_same_get_the_same) {
  std::vector<std::vector<Metric>> got(4);
  std::vector<std::thread> threads;
  for (auto& mine : got)
    threads.emplace_back([&mine] {
      for (int i = 0; i < 100; ++i)
        mine.push_back(*declare_metric(MetricGroup::app, "m" + std::to_string(i), Unit::Count));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set(got.begin(), got.end()).size(), 1U);
  EXPECT_EQ(std::set(got[0].begin(), got[0].end()).size(), 100U);
  EXPECT_EQ(info(got[0][42]).name, "m42");
}

}  // namespace
}  // namespace cbench
