// A run of two containers, written out for those who watch it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/driver/run_news.h"

namespace cbench {

inline constexpr int64_t kMs = 1'000'000;
inline const std::vector<Metric> kColumns = {Metric::perf_instructions, Metric::perf_cycles,
                                             Metric::docker_cpu_usage_total, Metric::docker_memory_usage};

class WatchedRun : public testing::Test {
 protected:
  WatchedRun() : frame(kColumns, 2) {
    spec.name.value = "watched";
    spec.max_ns = 60'000 * kMs;
    spec.step_ns = 10 * kMs;
    for (const char* name : {"a", "b"}) {
      ContainerSpec& made = spec.containers.emplace_back();
      made.name.value = name;
      made.sampling.docker_period_ns = made.sampling.perf_period_ns = spec.step_ns;
    }
    lives.resize(2);
    lives[0].state = ContainerState::Running;
    plan.policy = "caps";
    plan.rules.push_back({.text = "when busy(c)", .line = 7, .span = {}});
    plan.slot_names = {"a", "b"};
    frame.running = {1, 0};
    facts.plan = &plan;
  }

  /// The next sample of `a`: half a core, 1.5 instructions a cycle.
  void sample(bool perf = true) {
    frame.now_ns += spec.step_ns;
    ++frame.step;
    const auto column = [&](Metric metric) { return static_cast<size_t>(frame.column(metric)); };
    frame.set_i64(column(Metric::docker_cpu_usage_total), 0, frame.now_ns / 2);
    frame.set_i64(column(Metric::docker_memory_usage), 0, 4096);
    frame.set_i64(column(Metric::perf_instructions), 0, 1500);
    frame.set_i64(column(Metric::perf_cycles), 0, 1000);
    if (!perf) frame.set_missing(column(Metric::perf_cycles), 0, Status::Unsupported);
  }
  [[nodiscard]] RunObserver::Progress progress() const {
    return {.elapsed_ns = frame.now_ns,
            .total_ns = spec.max_ns,
            .running = 1,
            .steps = frame.step,
            .lives = &lives};
  }
  [[nodiscard]] Decision quota(Outcome outcome, double value = 0.5) const {
    Decision made;
    made.step = frame.step;
    made.time_ns = frame.now_ns;
    made.rule = 0;
    made.verb = Verb::Quota;
    made.slot = 0;
    made.value = value;
    made.outcome = outcome;
    return made;
  }
  static TraceEvent event(EventKind kind, int32_t slot = -1, int64_t code = 0, std::string text = "") {
    return {.kind = kind,
            .step = 3,
            .time_ns = 30 * kMs,
            .wall_ns = 0,
            .slot = slot,
            .code = code,
            .text = std::move(text)};
  }

  RunSpec spec;
  Plan plan;
  Frame frame;
  std::vector<ContainerLife> lives;
  RunFacts facts{.spec = spec,
                 .plan = nullptr,
                 .run_id = "id",
                 .mode = "act",
                 .engine = "process",
                 .trace_path = "t.arrows",
                 .warnings = {"a CPU is shared"}};
};

}  // namespace cbench
