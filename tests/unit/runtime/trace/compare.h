// Comparison of what was recorded with what a trace says, bit for bit.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "random_run.h"
#include "runtime/trace/plan_json.h"

namespace cbench::test {

inline void expect_same(const TraceHeader& a, const TraceHeader& b) {
  EXPECT_EQ(a.run_id, b.run_id);
  EXPECT_EQ(a.cbench_version, b.cbench_version);
  EXPECT_EQ(a.config_path, b.config_path);
  EXPECT_EQ(a.config_text, b.config_text);
  EXPECT_EQ(a.variables, b.variables);
  EXPECT_EQ(a.policy_path, b.policy_path);
  EXPECT_EQ(a.policy_text, b.policy_text);
  EXPECT_EQ(a.params, b.params);
  EXPECT_EQ(a.host_json, b.host_json);
  EXPECT_EQ(a.mode, b.mode);
  EXPECT_EQ(a.engine, b.engine);
  EXPECT_EQ(a.observer, b.observer);
  EXPECT_EQ(a.degraded, b.degraded);
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(a.time_scale, b.time_scale);
  ASSERT_EQ(a.imports.size(), b.imports.size());
  for (size_t i = 0; i < a.imports.size(); ++i) {
    EXPECT_EQ(a.imports[i].path, b.imports[i].path);
    EXPECT_EQ(a.imports[i].text, b.imports[i].text);
  }
  EXPECT_EQ(a.start_wall_ns, b.start_wall_ns);
  EXPECT_EQ(a.step_ns, b.step_ns);
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(a.container_names, b.container_names);
  EXPECT_EQ(to_json(a.plan), to_json(b.plan));
}

inline void expect_same(const Frame& a, const Frame& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.now_ns, b.now_ns);
  EXPECT_EQ(a.dt_ns, b.dt_ns);
  EXPECT_EQ(a.wall_ns, b.wall_ns);
  ASSERT_EQ(a.running, b.running);
  ASSERT_EQ(a.columns(), b.columns());
  for (size_t c = 0; c < a.columns().size(); ++c)
    for (size_t row = 0; row <= a.slots(); ++row) {
      ASSERT_EQ(a.status(c, row), b.status(c, row)) << info(a.columns()[c]).field << " of row " << row;
      if (!a.has(c, row)) continue;
      if (info(a.columns()[c]).type == MetricType::Str)
        ASSERT_EQ(a.text(c, row), b.text(c, row));
      else
        ASSERT_EQ(a.i64(c, row), b.i64(c, row)) << "bits of " << info(a.columns()[c]).field;
    }
}

inline void expect_same(const Decision& a, const Decision& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.time_ns, b.time_ns);
  EXPECT_EQ(a.ordinal, b.ordinal);
  EXPECT_EQ(a.rule, b.rule);
  EXPECT_EQ(a.verb, b.verb);
  EXPECT_EQ(a.slot, b.slot);
  EXPECT_EQ(a.cls, b.cls);
  EXPECT_EQ(std::bit_cast<uint64_t>(a.value), std::bit_cast<uint64_t>(b.value));
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.detail, b.detail);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.why, b.why);
}

inline void expect_same(const TraceEvent& a, const TraceEvent& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.time_ns, b.time_ns);
  EXPECT_EQ(a.wall_ns, b.wall_ns);
  EXPECT_EQ(a.slot, b.slot);
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.text, b.text);
}

inline void expect_same(const TraceEnd& a, const TraceEnd& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.time_ns, b.time_ns);
  EXPECT_EQ(a.wall_ns, b.wall_ns);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.samples, b.samples);
  EXPECT_EQ(a.missed_steps, b.missed_steps);
}

/// Does the reader's next item equal `item`?
inline void expect_next(TraceReader& reader, const Recorded& item) {
  const auto next = reader.next();
  ASSERT_TRUE(next.ok()) << next.error().message;
  ASSERT_TRUE(next->has_value()) << "the trace ends early";
  if (const auto* frame = std::get_if<Frame>(&item)) {
    ASSERT_TRUE(std::holds_alternative<SampleMark>(**next));
    expect_same(*frame, reader.frame());
  } else if (const auto* decision = std::get_if<Decision>(&item)) {
    ASSERT_TRUE(std::holds_alternative<Decision>(**next));
    expect_same(*decision, std::get<Decision>(**next));
  } else {
    ASSERT_TRUE(std::holds_alternative<TraceEvent>(**next));
    expect_same(std::get<TraceEvent>(item), std::get<TraceEvent>(**next));
  }
}

/// The reader's next item is the end row, and nothing follows.
inline void expect_end(TraceReader& reader, const TraceEnd& end) {
  const auto next = reader.next();
  ASSERT_TRUE(next.ok()) << next.error().message;
  ASSERT_TRUE(next->has_value() && std::holds_alternative<TraceEnd>(**next));
  expect_same(end, std::get<TraceEnd>(**next));
  const auto after = reader.next();
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_FALSE(after->has_value());
  EXPECT_FALSE(reader.truncated());
}

/// Writes the run, flushed now and then when `flush_every` is not 0.
inline void write_run(const std::string& path, const Recording& run, size_t flush_every) {
  auto writer = TraceWriter::create(path, run.header);
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  for (size_t i = 0; i < run.items.size(); ++i) {
    record(**writer, run.items[i]);
    if (flush_every != 0 && i % flush_every == 0) ASSERT_TRUE((*writer)->flush().ok());
  }
  const auto closed = (*writer)->close(run.end);
  ASSERT_TRUE(closed.ok()) << closed.error().message;
}

}  // namespace cbench::test
