// The stock policies and their twins on the same random frames: the same decisions, word for word.
#include <cmath>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/policy/policy.h"
#include "tests/bench/twins/stage.h"
#include "tests/bench/twins/twin.h"

namespace cbench::twins {
namespace {

constexpr size_t kContainers = 7, kSteps = 1200;

/// All that a decision says.
std::string words(const Decision& d, const Plan& plan) {
  return fmt::format("{} {} #{} rule {}: {} | slot {} class {} value {:a} outcome {} | {} | {} | {}", d.step,
                     d.time_ns, d.ordinal, d.rule, describe(d, plan), d.slot, d.cls, d.value,
                     static_cast<int>(d.outcome), d.detail, d.reason, d.why);
}

/// Plays a run with starts, stops, gaps in time and in the data; what was decided in it.
std::vector<std::string> play(const Stage& stage, const Plan& plan, abi::EntryFn entry, uint64_t seed) {
  std::vector<Frame> frames = stage.frames(kSteps, seed);
  PolicyInstance policy(plan, entry, stage.facts);
  std::mt19937_64 random(seed + 1);
  std::vector<bool> running(kContainers, false);
  std::vector<std::string> log;
  const auto call = [&](abi::Event event, const Frame& frame, int32_t slot = -1) {
    const auto verdict = policy.call(event, frame, slot);
    if (verdict != PolicyInstance::Verdict::Go) log.push_back("ended: " + policy.message());
    for (const Decision& d : policy.decisions()) log.push_back(words(d, plan));
    const std::vector<Change> changes = policy.changes();
    for (const Change& change : changes) policy.applied(change);
  };
  const auto turn = [&](size_t slot, const Frame& frame) {
    const auto at = static_cast<int32_t>(slot);
    if (running[slot]) {
      call(abi::Event::Stop, frame, at);
      policy.set_running(at, false);
    } else {
      CpuSet cpus;
      cpus.set(0);
      policy.set_placement(at, cpus, HUGE_VAL);
      policy.set_running(at, true);
      call(abi::Event::Start, frame, at);
    }
    running[slot] = !running[slot];
  };
  call(abi::Event::Begin, frames[0]);
  for (size_t slot = 0; slot + 1 < kContainers; ++slot) turn(slot, frames[0]);
  int64_t step = 0;
  for (Frame& frame : frames) {
    const int64_t passed = random() % 50 == 0 ? static_cast<int64_t>(random() % 15) + 1 : 1;
    step += passed;
    frame.step = step;
    frame.dt_ns = passed * stage.spec.step_ns;
    frame.now_ns = step * stage.spec.step_ns + static_cast<int64_t>(random() % 3'000'000);
    if (random() % 100 == 0) turn(random() % kContainers, frame);
    if (random() % 60 == 0)
      for (size_t slot = 0; slot < kContainers; ++slot) frame.set_missing(0, slot, Status::Unavailable);
    if (random() % 60 == 0 && info(stage.columns[0]).type == MetricType::F64)
      frame.set_f64(0, random() % kContainers, HUGE_VAL);
    call(abi::Event::Step, frame);
  }
  call(abi::Event::End, frames.back());
  return log;
}

class Twins : public testing::TestWithParam<std::string> {};

TEST_P(Twins, take_the_same_decisions) {
  const Stage stage(GetParam(), kContainers);
  const Twin cpp = cpp_twin(GetParam());
  const LuaTwin lua(GetParam());
  const Plan cpp_plan = plan_of(stage.compiled.plan, cpp);
  const Plan lua_plan = plan_of(stage.compiled.plan, lua.twin());
  size_t decided = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    const auto wanted = play(stage, stage.compiled.plan, stage.compiled.entry, seed);
    decided += wanted.size();
    const std::pair<const char*, std::vector<std::string>> others[] = {
        {"C++", play(stage, cpp_plan, cpp.entry, seed)},
        {"Lua", play(stage, lua_plan, lua.twin().entry, seed)}};
    for (const auto& [language, log] : others) {
      for (size_t i = 0; i < std::min(log.size(), wanted.size()); ++i)
        ASSERT_EQ(log[i], wanted[i]) << language << ", decision " << i;
      ASSERT_EQ(log.size(), wanted.size()) << language;
    }
  }
  EXPECT_GT(decided, 100U);
}
INSTANTIATE_TEST_SUITE_P(stock, Twins, testing::Values("cache_aware", "bandwidth_aware", "parties"),
                         [](const auto& of) { return of.param; });

}  // namespace
}  // namespace cbench::twins
