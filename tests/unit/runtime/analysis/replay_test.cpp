#include "runtime/analysis/replay.h"

#include <gmock/gmock.h>

#include "runtime/analysis/summary.h"
#include "tests/support/fake_run.h"

namespace cbench {
namespace {

using testing::HasSubstr;

class live_and_replay : public FakeRun {
 protected:
  Result<Replay> again(FakePolicy::Script policy, bool same_policy = true) {
    FakePolicy::script = std::move(policy);
    reader_ = std::move(*TraceReader::open(trace_path));
    return replay({.trace = *reader_,
                   .plan = plan,
                   .entry = FakePolicy::entry,
                   .facts = facts,
                   .spec = spec,
                   .same_policy = same_policy});
  }

 private:
  std::unique_ptr<TraceReader> reader_;
};
using summary = FakeRun;

/// Uses what a policy can use: samples, missing values, the shadow, running flags, admission, and how often
/// it was called.
FakePolicy::Script busy() {
  return [calls = 0](abi::PolicyContext& c, abi::Event event, int32_t slot) mutable -> abi::i32 {
    ++calls;
    c.call->fire(c.host, 0, slot);
    if (event == abi::Event::Admit) {
      c.call->cpus_clear(c.host);
      c.call->cpus_add(c.host, slot % 2);
      c.call->pin(c.host, slot);
    }
    if (event != abi::Event::Step) return 0;
    for (int32_t i = 0; i < static_cast<int32_t>(c.slots); ++i) {
      if (c.running[i] == 0 || c.status[i] != 0) continue;
      const auto used = std::bit_cast<int64_t>(c.values[i]);
      if ((used + c.step + calls) % 3 != 0) continue;
      const double quota = std::min(2.0, c.call->quota(c.host, i));
      c.call->set_quota(c.host, i, quota > 0.2 ? quota * 0.7 : 1.0 + static_cast<double>(used % 7) / 10);
    }
    return 0;
  };
}

TEST_F(live_and_replay, the_replay_of_a_run_decides_what_the_run_decided) {
  container("a").stop_ns = 620 * kMs;
  container("b").start_ns = 130 * kMs;
  container("c").start_ns = 240 * kMs;
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 4) fake_clock.now += 230 * kMs;  // missed steps
    if (frame.step == 8) engine->ends(2, 0);
  };
  host.refuse = [this](const Change& change) { return change.index == 1 && sampler.steps.back() % 2 == 0; };
  go(busy());
  const Result<Replay> replayed = again(busy());
  ASSERT_TRUE(replayed.ok());
  EXPECT_GT(replayed->recorded.size(), 5U);
  EXPECT_EQ(replayed->recorded.size(), replayed->decisions.size());
  EXPECT_FALSE(replayed->difference) << replayed->difference->recorded << " / "
                                     << replayed->difference->replayed;
  const auto failed = std::count_if(replayed->decisions.begin(), replayed->decisions.end(),
                                    [](const Decision& d) { return d.outcome == Outcome::Failed; });
  EXPECT_GT(failed, 0);
}

TEST_F(live_and_replay, advised_decisions_replay_as_well) {
  container("a");
  container("b");
  go(busy(), Mode::Advise);
  const Result<Replay> replayed = again(busy());
  ASSERT_TRUE(replayed.ok());
  EXPECT_GT(replayed->recorded.size(), 2U);
  EXPECT_FALSE(replayed->difference);
}

TEST_F(live_and_replay, a_stop_by_the_deadline_is_obeyed) {
  container("a");
  plan.deadline_ns = 10 * kMs;
  int calls = 0;
  const FakePolicy::Script policy = [&](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    ++calls;
    if (event == abi::Event::Step) c.call->set_quota(c.host, 0, static_cast<double>(c.step) / 10);
    return 0;
  };
  go([&, policy](abi::PolicyContext& c, abi::Event event, int32_t slot) {
    if (event == abi::Event::Step && c.step >= 3) fake_clock.now += 11 * kMs;
    return policy(c, event, slot);
  });
  const int live_calls = std::exchange(calls, 0);
  const Result<Replay> replayed = again(policy);  // as fast as can be, and yet it must stop
  ASSERT_TRUE(replayed.ok());
  EXPECT_EQ(calls, live_calls);
  EXPECT_THAT(replayed->stopped, HasSubstr("deadline"));
  EXPECT_FALSE(replayed->difference);
}

TEST_F(live_and_replay, a_fault_comes_again) {
  container("a");
  const FakePolicy::Script policy = [](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    if (event == abi::Event::Step && c.step < 3) c.call->set_quota(c.host, 0, static_cast<double>(c.step));
    return event == abi::Event::Step && c.step == 5 ? abi::kFault : abi::kGoOn;
  };
  go(policy);
  const Result<Replay> replayed = again(policy);
  ASSERT_TRUE(replayed.ok());
  EXPECT_FALSE(replayed->difference);
  EXPECT_THAT(replayed->stopped, HasSubstr("integer overflow"));
}

TEST_F(live_and_replay, the_first_step_at_which_another_policy_acts_otherwise_is_named) {
  container("a");
  const auto at = [](int64_t from) {
    return [from](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
      if (event == abi::Event::Step && (c.step == 2 || c.step == from))
        c.call->set_quota(c.host, 0, static_cast<double>(c.step));
      return 0;
    };
  };
  go(at(5));
  const Result<Replay> replayed = again(at(7), false);
  ASSERT_TRUE(replayed.ok());
  ASSERT_TRUE(replayed->difference);
  EXPECT_EQ(replayed->difference->step, 5);
  EXPECT_THAT(replayed->difference->recorded, HasSubstr("quota"));
  EXPECT_EQ(replayed->difference->replayed, "nothing");
}

TEST_F(live_and_replay, a_change_of_one_bit_in_a_figure_is_a_difference) {
  container("a");
  const auto value = [](double cores) {
    return [cores](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
      if (event == abi::Event::Step && c.step == 2) c.call->set_quota(c.host, 0, cores);
      return 0;
    };
  };
  go(value(0.5));
  EXPECT_FALSE(again(value(0.5))->difference);
  EXPECT_TRUE(again(value(std::nextafter(0.5, 1)))->difference);
}

TEST_F(summary, figures_are_split_at_the_first_action) {
  container("a");
  sampler.on_collect = [](Frame& frame) {  // 50 ms of CPU a step until step 5, then 100 ms
    const int64_t used = frame.step <= 5 ? 50 * frame.step : 250 + 100 * (frame.step - 5);
    if (frame.running[0] != 0) frame.set_i64(0, 0, used * kMs);
  };
  go([](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    if (event != abi::Event::Step || c.step != 5) return 0;
    c.call->fire(c.host, 0, 0);
    c.call->set_quota(c.host, 0, 2.0);
    return 0;
  });
  const auto reader = TraceReader::open(trace_path);
  ASSERT_TRUE(reader.ok());
  const Result<RunSummary> sums = summarize(**reader);
  ASSERT_TRUE(sums.ok());
  ASSERT_TRUE(sums->first_action);
  EXPECT_EQ(sums->first_action->step, 5);
  EXPECT_DOUBLE_EQ(*sums->containers[0].before.cpu_percent, 50);
  EXPECT_DOUBLE_EQ(*sums->containers[0].after.cpu_percent, 100);
  EXPECT_FALSE(sums->containers[0].whole.ipc);
  const std::string text = to_text(*sums);
  EXPECT_THAT(text, HasSubstr("line 7: when busy(c)"));
  EXPECT_THAT(text, HasSubstr("n/a"));
  EXPECT_THAT(to_json(*sums), HasSubstr("\"cpu_percent\": 50.0"));
}

TEST_F(summary, a_trace_that_was_cut_off_still_sums_up) {
  container("a");
  go();
  const auto size = std::filesystem::file_size(trace_path);
  std::filesystem::resize_file(trace_path, size - size / 8);
  const auto reader = TraceReader::open(trace_path);
  ASSERT_TRUE(reader.ok());
  const Result<RunSummary> sums = summarize(**reader);
  ASSERT_TRUE(sums.ok());
  EXPECT_FALSE(sums->end);
  EXPECT_THAT(to_text(*sums), HasSubstr("cut off"));
}

}  // namespace
}  // namespace cbench
