// A process in cgroups of its own, sampled by hand: every docker and perf metric of one container.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/collectors/collector.h"
#include "runtime/host/probe.h"
#include "tests/support/cgroup_child.h"
#include "tests/support/fixture_tree.h"

namespace cbench {

inline const std::vector<std::string> kHybridHierarchies = {"cpu",   "cpuacct", "cpuset", "memory",
                                                            "blkio", "pids",    "unified"};

class Sampled {
 public:
  /// `pid` and `group` stand for what the engine told of it, if that is to be another than the child's.
  explicit Sampled(const CgroupChild& child, pid_t pid = 0,
                   const std::optional<CgroupPaths>& group = std::nullopt)
      : facts(probe_host()) {
    spec.step_ns = 1;
    spec.containers.resize(1);
    for (size_t i = 0; i < kMetricCount; ++i)
      if (kMetrics[i].group == MetricGroup::perf || kMetrics[i].group == MetricGroup::docker)
        spec.containers[0].sampling.enabled.set(i);
    frame = std::make_unique<Frame>(columns_of(spec), 1);
    frame->running[0] = 1;
    auto opened = Journal::open("run-of-test", tree / "journal");
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
    sampler = std::make_unique<Sampler>(spec, facts, *frame, *journal);
    Started started;
    started.pid = pid > 0 ? pid : child.pid;
    const auto cgroup = group ? Result<CgroupPaths>(*group) : cgroups_of(child.pid);
    EXPECT_TRUE(cgroup.ok());
    if (cgroup) started.cgroup = *cgroup;
    lines = sampler->attach(0, started);
  }
  void collect() {
    ++frame->step;
    sampler->collect(*frame);
  }
  [[nodiscard]] Status status(Metric metric) const {
    return frame->status(static_cast<size_t>(frame->column(metric)), 0);
  }
  [[nodiscard]] double operator[](Metric metric) const {
    EXPECT_TRUE(has_value(status(metric))) << info(metric).field << " is " << name(status(metric));
    return frame->number(static_cast<size_t>(frame->column(metric)), 0);
  }

  FixtureTree tree;
  HostFacts facts;
  RunSpec spec;
  std::unique_ptr<Frame> frame;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Sampler> sampler;
  std::vector<std::string> lines;
};

}  // namespace cbench
