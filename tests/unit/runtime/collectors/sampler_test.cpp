// The sampler's bookkeeping: columns, periods, and a status for every cell; and what probing a host finds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/host/probe.h"
#include "stdlib/abi/inputs.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

using enum Metric;
using testing::HasSubstr;

ContainerSpec container(std::initializer_list<Metric> metrics, int64_t period_ns) {
  ContainerSpec made;
  for (const Metric metric : metrics) made.sampling.enabled.set(static_cast<size_t>(metric));
  made.sampling.perf_period_ns = made.sampling.docker_period_ns = made.sampling.rdt_period_ns = period_ns;
  return made;
}

/// Two containers that sample different things; this process stands for the first.
class Steps : public testing::Test {
 protected:
  Steps() : facts(probe_host()) {
    spec.step_ns = 1'000'000;
    spec.containers = {container({docker_cpu_usage_percent, perf_page_faults}, 2'000'000),
                       container({docker_pids}, 1'000'000)};
    frame = std::make_unique<Frame>(columns_of(spec), 2);
    auto opened = Journal::open("run-of-test", tree / "journal");
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
    started.pid = ::getpid();
    if (auto own = cgroups_of(::getpid())) started.cgroup = *own;
    sampler = std::make_unique<Sampler>(spec, facts, *frame, *journal);
  }
  void step(int64_t number) {
    frame->step = number;
    sampler->collect(*frame);
  }
  [[nodiscard]] Status status(Metric metric, size_t row) const {
    return frame->status(static_cast<size_t>(frame->column(metric)), row);
  }

  FixtureTree tree;
  HostFacts facts;
  RunSpec spec;
  Started started;
  std::unique_ptr<Frame> frame;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Sampler> sampler;
};

TEST_F(Steps, columns_are_what_some_container_enables_with_inputs_and_self) {
  EXPECT_GE(frame->column(docker_cpu_usage_total), 0);
  EXPECT_GE(frame->column(docker_pids), 0);
  EXPECT_EQ(frame->column(perf_cycles), -1);
  for (size_t i = 0; i < kMetricCount; ++i)
    if (kMetrics[i].group == MetricGroup::self)
      EXPECT_GE(frame->column(static_cast<Metric>(i)), 0) << kMetrics[i].field;
}

TEST_F(Steps, what_a_container_does_not_enable_is_disabled_in_every_step) {
  for (int64_t n = 1; n <= 3; ++n) {
    frame->running = {1, 1};
    step(n);
    EXPECT_EQ(status(docker_pids, 0), Status::Disabled);
    EXPECT_EQ(status(docker_cpu_usage_percent, 1), Status::Disabled);
    EXPECT_EQ(status(self_lateness, 0), Status::Disabled);
    EXPECT_EQ(status(docker_pids, frame->host_row()), Status::Disabled);
  }
}

TEST_F(Steps, a_container_that_does_not_run_is_stopped) {
  step(2);
  EXPECT_EQ(status(docker_cpu_usage_percent, 0), Status::Stopped);
  EXPECT_EQ(status(perf_page_faults, 0), Status::Stopped);
  EXPECT_EQ(status(docker_pids, 1), Status::Stopped);
}

TEST_F(Steps, a_group_is_due_in_multiples_of_its_period_and_first_differences_are_unavailable) {
  sampler->attach(0, started);
  frame->running = {1, 0};
  step(1);
  EXPECT_EQ(status(docker_cpu_usage_percent, 0), Status::NotDue);
  EXPECT_EQ(status(perf_page_faults, 0), Status::NotDue);
  step(2);
  EXPECT_EQ(status(docker_cpu_usage_percent, 0), Status::Unavailable);
  EXPECT_EQ(status(docker_cpu_usage_total, 0), Status::Ok) << "a cumulative figure has a value at once";
  step(3);
  EXPECT_EQ(status(docker_cpu_usage_total, 0), Status::NotDue);
  step(4);
  EXPECT_EQ(status(docker_cpu_usage_percent, 0), Status::Ok);
}

TEST_F(Steps, a_running_container_without_cgroups_yet_is_unavailable) {
  frame->running = {1, 1};
  step(2);
  EXPECT_EQ(status(docker_pids, 1), Status::Unavailable);
}

TEST_F(Steps, a_period_that_is_set_holds_until_the_container_is_attached_anew) {
  sampler->attach(0, started);
  frame->running = {1, 0};
  sampler->set_period(0, 3'000'000);
  const auto due = [&](int64_t number) {
    step(number);
    return status(docker_cpu_usage_percent, 0) != Status::NotDue;
  };
  EXPECT_FALSE(due(2));
  EXPECT_TRUE(due(3));
  sampler->set_period(0, 0);
  EXPECT_TRUE(due(4)) << "as configured";
  sampler->set_period(0, 3'000'000);
  sampler->detach(0);
  sampler->attach(0, started);
  EXPECT_TRUE(due(8));
}

TEST_F(Steps, figures_of_the_step_loop_are_left_alone) {
  const auto column = static_cast<size_t>(frame->column(self_lateness));
  frame->set_i64(column, frame->host_row(), 77);
  step(1);
  EXPECT_EQ(frame->i64(column, frame->host_row()), 77);
  EXPECT_EQ(frame->status(column, frame->host_row()), Status::Ok);
}

TEST_F(Steps, a_detached_container_can_be_attached_again) {
  sampler->attach(0, started);
  frame->running = {1, 0};
  step(2);
  step(4);
  sampler->detach(0);
  sampler->attach(0, started);
  step(6);
  EXPECT_EQ(status(docker_cpu_usage_percent, 0), Status::Unavailable)
      << "a difference never spans two attachments";
}

TEST(ProbeMetrics, each_reason_has_a_remedy_and_derived_metrics_lack_what_their_inputs_lack) {
  HostFacts facts = probe_host();
  facts.rdt.present = false;
  facts.rdt.absent_reason = "no resctrl; use another host";
  MetricSet wanted;
  wanted = every_metric();
  probe_metrics(wanted, facts);
  for (const auto& [metric, reason] : facts.unavailable)
    EXPECT_THAT(reason, HasSubstr(";")) << info(metric).field;
  for (size_t i = 0; i < kMetricCount; ++i)
    EXPECT_EQ(kMetrics[i].group == MetricGroup::rdt,
              facts.unavailable.contains(static_cast<Metric>(i)) && kMetrics[i].group == MetricGroup::rdt);
  EXPECT_EQ(facts.unavailable.contains(perf_instructions) || facts.unavailable.contains(perf_cycles),
            facts.unavailable.contains(perf_instructions_per_cycle));
  EXPECT_FALSE(facts.unavailable.contains(docker_cpu_usage_total));
  EXPECT_FALSE(facts.unavailable.contains(self_lateness));
}

TEST(ProbeMetrics, what_is_not_wanted_is_not_tried) {
  HostFacts facts = probe_host();
  probe_metrics({}, facts);
  EXPECT_TRUE(facts.unavailable.empty());
}

TEST(ProbeMetrics, resctrl_parts_are_told_apart) {
  HostFacts facts;
  facts.rdt = {};
  facts.rdt.present = facts.rdt.l3_occupancy = true;
  MetricSet wanted;
  for (const Metric metric :
       {rdt_l3_cache_occupancy, rdt_memory_bandwidth_total, rdt_l3_ways, rdt_class_name})
    wanted.set(static_cast<size_t>(metric));
  probe_metrics(wanted, facts);
  EXPECT_FALSE(facts.unavailable.contains(rdt_l3_cache_occupancy));
  EXPECT_FALSE(facts.unavailable.contains(rdt_class_name));
  EXPECT_THAT(facts.unavailable[rdt_memory_bandwidth_total], HasSubstr("MBM"));
  EXPECT_THAT(facts.unavailable[rdt_l3_ways], HasSubstr("CAT"));
}

}  // namespace
}  // namespace cbench
