// What workloads report, and the targets that it is held against.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Metric kLatency = Metric::app_latency_p95;
constexpr double kMs = 1e6;

/// A has targets, B has none.
class targets : public testing::Test {
 protected:
  targets() : s({"A", "B"}) {
    s.spec.containers[0].targets = {{kLatency, 5 * kMs},
                                    {Metric::app_throughput, 1000},
                                    {Metric::perf_instructions_per_cycle, 1.5},
                                    {kCpu, 0.8}};
  }
  Scene s;
};

TEST_F(targets, a_target_has_the_type_and_unit_of_its_metric) {
  s.play(
      policy("on start(c) {\n"
             "  if let x = c.target.latency_p95 { if x == 5ms { log \"{c} latency\" } }\n"
             "  if let x = c.target.throughput { if x == 1000/s { log \"{c} throughput\" } }\n"
             "  if let x = c.target.ipc { if x > 1.4ipc and x < 1.6ipc { log \"{c} ipc\" } }\n"
             "  if let x = c.ipc { if x > 1.4ipc and x < 1.6ipc { log \"{c} the older spelling\" } }\n"
             "  if let x = c.target.cpu_usage_percent { if x == 80% { log \"{c} cpu\" } }\n"
             "  if let x = c.target.latency_p99 { log \"{c} has none of this\" }\n"
             "}"));
  EXPECT_THAT(s.log, ElementsAre(HasSubstr("A latency"), HasSubstr("A throughput"), HasSubstr("A ipc"),
                                 HasSubstr("A the older spelling"), HasSubstr("A cpu")))
      << "what B lacks is missing";
}

TEST_F(targets, latency_is_held_against_its_target_where_there_are_both) {
  s.play(
      policy("stream far(c) = (c.app.latency_p95 - c.target.latency_p95) / c.target.latency_p95\n"
             "when far(c) > 30% each c in all { log \"{c} is late\" }"));
  s.step({{"A", kLatency, 6 * kMs}, {"B", kLatency, 60 * kMs}});
  EXPECT_THAT(s.log, IsEmpty());
  s.step({{"A", kLatency, 7 * kMs}, {"B", kLatency, 60 * kMs}});
  EXPECT_THAT(s.log, ElementsAre(HasSubstr("A is late")));
  s.step({{"B", kLatency, 60 * kMs}});
  EXPECT_EQ(s.log.size(), 1U) << "a silent workload is not late";
}

TEST_F(targets, a_figure_that_was_reported_holds_for_as_long_as_the_policy_says) {
  s.play(policy("when hold(c.app.latency_p95 over 250ms) > 5ms each c in all { log \"{step}\" }"));
  s.step({{"A", kLatency, 7 * kMs}});
  s.run(4, {});
  EXPECT_EQ(s.log.size(), 3U) << "the steps 1, 2 and 3";
}

TEST_F(targets, one_container_that_reports_is_enough) {
  s.spec.containers[1].sampling.enabled.reset(static_cast<size_t>(kLatency));
  const std::string read = policy("when c.app.latency_p95 > 5ms each c in all { log \"{c}\" }");
  EXPECT_EQ(s.compile(read), "");
  s.spec.containers[0].sampling.enabled.reset(static_cast<size_t>(kLatency));
  EXPECT_THAT(s.compile(read), HasSubstr("say where it is printed"));
}

}  // namespace
}  // namespace cbench::test
