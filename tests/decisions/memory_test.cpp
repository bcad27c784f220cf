// Operators with a memory that are no windows: rises, falls, changed, prev; `for N of M`; and all of them in
// the heads of rules and in questions to sets.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// One step for each number, which is A's pids; a negative one is a missing sample.
void feed(Scene& s, const std::vector<double>& pids) {
  for (const double x : pids) s.step(x < 0 ? std::vector<Sample>{} : std::vector<Sample>{{"A", kPids, x}});
}
constexpr double kMissing = -1;

TEST(state, it_is_its_initial_value_before_its_container_starts) {
  Scene s({"A"});
  const std::string problems =
      s.compile(policy("state n(c): int = 5\non admit(c) { log \"{n(c)}\"; n(c) = 7 }\n"
                       "on start(c) { log \"{n(c)}\" }"));
  ASSERT_TRUE(s.compiled) << problems;
  s.begin();
  s.admit("A");
  s.start("A");
  EXPECT_THAT(s.log, ElementsAre("0: log info: 5", "0: log info: 5"));
}

TEST(edges, rises_and_falls_are_true_in_the_step_of_the_change) {
  Scene s({"A"});
  s.play(
      policy("stream up(c) = rises(c.docker.pids > 5)\nstream down(c) = falls(c.docker.pids > 5)\n"
             "when up(c) each c in all { log \"up\" }\nwhen down(c) each c in all { log \"down\" }"));
  feed(s, {9, 9, 1, 9, 9, 1, 1});
  EXPECT_THAT(s.log, ElementsAre("3: log info: down", "4: log info: up", "6: log info: down"))
      << "the first value is no change";
}

TEST(edges, a_missing_value_is_missing_and_keeps_the_last_one) {
  Scene s({"A"});
  s.play(
      policy("stream up(c) = rises(c.docker.pids > 5)\nwhen up(c) each c in all { log \"up\" }\n"
             "when not up(c) each c in all { log \"no\" }"));
  feed(s, {1, kMissing, 9, kMissing, 9});
  EXPECT_THAT(s.log, ElementsAre("1: log info: no", "3: log info: up", "5: log info: no"));
}

TEST(edges, changed_is_of_numbers_and_of_truths) {
  Scene s({"A"});
  s.play(
      policy("when changed(c.docker.pids) each c in all { log \"n\" }\n"
             "when changed(c.docker.pids > 5) each c in all { log \"t\" }"));
  feed(s, {1, 2, kMissing, 2, 9, 9});
  EXPECT_THAT(s.log, ElementsAre("2: log info: n", "5: log info: n", "5: log info: t"));
}

TEST(edges, changed_is_of_an_enum_as_well) {
  Scene s({"A"});
  s.play(
      policy("enum Res { Cores, Ways }\nstate r: Res = Cores\nevery 300ms { r = next(r) }\n"
             "when changed(r) { log \"r\" }"));
  s.run(5, {});
  EXPECT_THAT(s.log, ElementsAre("4: log info: r"));
}

TEST(edges, what_is_not_finite_has_not_changed) {
  Scene s({"A"});
  s.play(
      policy("stream ch(c) = changed(c.docker.cpu_usage_percent)\nwhen ch(c) each c in all { log \"c\" }\n"
             "when not ch(c) each c in all { log \"-\" }"));
  for (const double x : std::vector<double>{5, NAN, INFINITY, 5, 6}) s.step({{"A", kCpu, x}});
  EXPECT_THAT(s.log, ElementsAre("1: log info: -", "4: log info: -", "5: log info: c"));
}

TEST(edges, a_gap_keeps_the_last_value_and_a_start_does_not) {
  Scene s({"A"});
  s.play(policy("when rises(c.docker.pids > 5) each c in all { log \"up\" }"));
  feed(s, {1});
  s.step({{"A", kPids, 9}}, 50);
  s.stop("A");
  s.start("A");
  feed(s, {1});
  s.stop("A");
  s.start("A");
  feed(s, {9});
  EXPECT_THAT(s.log, ElementsAre("51: log info: up"));
}

TEST(edges, a_container_that_is_not_due_has_no_edge) {
  Scene s({"A"});
  s.spec.containers[0].sampling.docker_period_ns = 300'000'000;
  s.play(policy("when rises(c.docker.pids > 5) each c in all { log \"up\" }"));
  const std::vector<Sample> none = {{"A", kPids, 0, Status::NotDue}};
  feed(s, {1});
  s.run(2, none);
  feed(s, {9});
  s.run(2, none);
  EXPECT_THAT(s.log, ElementsAre("4: log info: up"));
}

// --- in the heads of rules and in questions to sets ---

TEST(heads, an_operator_remembers_as_a_stream_of_its_own_would) {
  Scene s({"A", "B"});
  s.play(
      policy("when avg(c.docker.pids\n  over 1s, min 2) > 5 and c.docker.pids < 100 each c in all where "
             "(not falls(c.docker.pids > 1)) ?? true { log \"{c}: {why}\" }"));
  s.step({{"A", kPids, 4}, {"B", kPids, 9}});
  s.step({{"A", kPids, 10}, {"B", kPids, 1}});
  s.step({{"A", kPids, 10}, {"B", kPids, 50}});
  EXPECT_THAT(s.log,
              ElementsAre("2: log info: A: avg(c.docker.pids over 1s, min 2) = 7, c.docker.pids = 10",
                          "3: log info: A: avg(c.docker.pids over 1s, min 2) = 8, c.docker.pids = 10",
                          "3: log info: B: avg(c.docker.pids over 1s, min 2) = 20, c.docker.pids = 50"));
}

TEST(heads, a_latch_in_a_head_keeps_its_state_when_data_is_lost) {
  Scene s({"A"});
  s.play(
      policy("when schmitt(c.perf.llc_mpki, on: 15mpki, off: 8mpki) for 100ms each c in all { log \"on\" }"));
  for (const double x : std::vector<double>{20, 10, NAN, 10, 10, 7, 10}) s.step({{"A", kMpki, x}});
  EXPECT_THAT(s.log, ElementsAre("2: log info: on", "5: log info: on"));
}

TEST(heads, without_each_the_memory_is_one_for_the_run) {
  Scene s({"A", "B"});
  s.play(policy("when rises(sum(c in all: c.docker.pids ?? 0) > 5) { log \"together\" }"));
  s.step({{"A", kPids, 1}, {"B", kPids, 1}});
  s.step({{"A", kPids, 3}, {"B", kPids, 3}});
  s.step({{"A", kPids, 3}, {"B", kPids, 3}});
  EXPECT_THAT(s.log, ElementsAre("2: log info: together"));
}

TEST(sets, each_element_has_a_memory_of_its_own) {
  Scene s({"A", "B"});
  s.play(
      policy("stream total = sum(c in all: max(c.docker.pids over 1s, min 1) ?? 0)\n"
             "stream spread(c) = sum(k in all: (max(c.docker.pids over 1s, min 1) - k.docker.pids) ?? 0)\n"
             "when any(c in all: rises(c.docker.pids > 5)) { log \"some\" }\n"
             "every 100ms { emit total total\n if let c = argmin(c in all: c.index) { emit s spread(c) } }"));
  s.step({{"A", kPids, 3}, {"B", kPids, 4}});
  s.step({{"A", kPids, 1}, {"B", kPids, 9}});
  EXPECT_THAT(s.log, ElementsAre("1: emit total = 7", "1: emit s = -1", "2: log info: some",
                                 "2: emit total = 12", "2: emit s = -4"));
}

// --- prev ---

TEST(prev, it_is_the_value_before_this_step) {
  Scene s({"A"});
  s.play(
      policy("stream x(c) = c.docker.pids\nstream d(c) = x(c) - prev(x(c))\n"
             "when prev(x(c)) >= 0 each c in all { log \"{prev(x(c))} {x(c)} {d(c)}\" }"));
  feed(s, {3, 5, kMissing, 7, 8});
  EXPECT_THAT(s.log,
              ElementsAre("2: log info: 3 5 2", "3: log info: 5 missing missing", "5: log info: 7 8 1"));
}

TEST(prev, a_stream_feeds_on_itself) {
  Scene s({"A"});
  s.play(policy(
      "stream strikes(c) = ((prev(strikes(c)) ?? 0) + 1) * count(k in all where (c.docker.pids > 5) ?? "
      "false)\nstream leak(c): float = (prev(leak(c)) ?? 0) / 2 + (c.docker.pids ?? 0)\n"
      "every 100ms { if let c = argmin(c in all: c.index) { emit s strikes(c)\n emit l leak(c) } }"));
  feed(s, {9, 9, kMissing, 8});
  EXPECT_THAT(s.log, ElementsAre("1: emit s = 1", "1: emit l = 9", "2: emit s = 2", "2: emit l = 13.5",
                                 "3: emit s = 0", "3: emit l = 6.75", "4: emit s = 1", "4: emit l = 11.375"));
}

TEST(prev, a_missing_value_is_missing_in_the_next_step_too_and_gaps_do_not_matter) {
  Scene s({"A"});
  s.play(
      policy("stream n(c) = (prev(n(c)) ?? 0) + c.docker.pids\n"
             "every 100ms { if let c = argmin(c in all: c.index) { emit n n(c) } }"));
  feed(s, {3, 4, kMissing, 5});
  s.step({{"A", kPids, 1}}, 30);
  EXPECT_THAT(s.log, ElementsAre("1: emit n = 3", "2: emit n = 7", "4: emit n = 5", "34: emit n = 6"));
  s.stop("A");
  s.start("A");
  feed(s, {2});
  EXPECT_THAT(s.log.back(), "35: emit n = 2");
}

TEST(prev, the_order_of_declarations_does_not_matter) {
  const std::string a = "stream a(c): float = (prev(b(c)) ?? 1) + c.docker.pids\n";
  const std::string b = "stream b(c): float = a(c) * 2\n";
  const std::string o = "stream o(c) = a(c) - prev(a(c))\n";
  const std::string e =
      "every 100ms { if let c = argmin(c in all: c.index) { emit a a(c)\n emit b b(c)\n emit o o(c) } }";
  std::vector<std::string> first;
  for (const std::string& text : {a + b + o, o + b + a, b + o + a}) {
    Scene s({"A"});
    s.play(policy(text + e));
    feed(s, {1, 0, 2});
    if (first.empty()) first = s.log;
    EXPECT_EQ(s.log, first);
  }
  EXPECT_THAT(first, ElementsAre("1: emit a = 2", "1: emit b = 4", "2: emit a = 4", "2: emit b = 8",
                                 "2: emit o = 2", "3: emit a = 10", "3: emit b = 20", "3: emit o = 6"));
}

TEST(prev, of_other_containers_it_is_the_value_before_this_step_as_well) {
  Scene s({"A", "B"});
  s.play(
      policy("stream x(c): int = sum(k in all: prev(x(k)) ?? 1) + c.index\n"
             "every 100ms { for_each() }\nfn for_each() -> plan { emit t sum(k in all: x(k) ?? 0) }"));
  s.run(3, {});
  EXPECT_THAT(s.log, ElementsAre("1: emit t = 5", "2: emit t = 11", "3: emit t = 23"));
}

TEST(prev, of_a_slower_stream_it_is_the_newest_value_between_its_ticks) {
  Scene s({"A"});
  s.spec.containers[0].sampling.docker_period_ns = 300'000'000;
  s.play(
      policy("stream x(c) = c.docker.pids\nstream all_ = sum(k in all: (x(k) - prev(x(k))) ?? 99)\n"
             "every 100ms { emit d all_ }"));
  for (int i = 0; i < 6; ++i) s.step({{"A", kPids, 1.0 + i, i % 3 == 0 ? Status::Ok : Status::NotDue}});
  EXPECT_THAT(s.log, ElementsAre("1: emit d = 99", "2: emit d = 0", "3: emit d = 0", "4: emit d = 3",
                                 "5: emit d = 0", "6: emit d = 0"));
}

// --- for N of M ---

TEST(tally, it_fires_while_the_condition_holds_and_has_in_enough_of_the_last_ticks) {
  Scene s({"A"});
  s.play(policy("when c.docker.pids > 5 for 3 of 5 each c in all { log \"hot\" }"));
  //       1  2  3  4  5  6  7  8  9  10 11 12
  feed(s, {9, 1, 9, 1, 9, 1, 9, 1, 1, 9, 9, 9});
  EXPECT_THAT(s.log,
              ElementsAre("5: log info: hot", "7: log info: hot", "11: log info: hot", "12: log info: hot"));
}

TEST(tally, a_missing_value_counts_as_not_true_and_does_not_fire) {
  Scene s({"A"});
  s.play(policy("when c.docker.pids > 5 for 2 of 3 each c in all { log \"hot\" }"));
  feed(s, {9, kMissing, 9, 9, kMissing, kMissing, 9});
  EXPECT_THAT(s.log, ElementsAre("3: log info: hot", "4: log info: hot"));
}

TEST(tally, a_gap_above_two_periods_starts_it_anew_and_a_shorter_one_does_not) {
  Scene s({"A"});
  s.play(policy("when c.docker.pids > 5 for 3 of 4 each c in all { log \"hot\" }"));
  feed(s, {9, 9});
  s.step({{"A", kPids, 9}}, 2);
  EXPECT_THAT(s.log, ElementsAre("4: log info: hot"));
  s.step({{"A", kPids, 9}}, 3);
  feed(s, {9});
  EXPECT_EQ(s.log.size(), 1U);
  feed(s, {9});
  EXPECT_EQ(s.log.back(), "9: log info: hot");
}

TEST(tally, its_ticks_are_those_in_which_the_container_is_due) {
  Scene s({"A"});
  s.spec.containers[0].sampling.docker_period_ns = 300'000'000;
  s.play(policy("when c.docker.pids > 5 for 2 of 3 each c in all { log \"hot\" }"));
  for (int i = 0; i < 7; ++i) s.step({{"A", kPids, 9, i % 3 == 0 ? Status::Ok : Status::NotDue}});
  EXPECT_THAT(s.log, ElementsAre("4: log info: hot", "7: log info: hot"));
}

TEST(tally, a_container_that_starts_again_or_leaves_the_set_begins_anew) {
  Scene s({"A"});
  s.play(
      policy("state in_set: bool = true\nevery 300ms { in_set = not in_set }\n"
             "when c.docker.pids > 5 for 2 of 9 each c in all where in_set { log \"hot\" }"));
  feed(s, {9});
  s.stop("A");
  s.start("A");
  feed(s, {9, 9});  // out of the set from step 3 …
  s.log.clear();
  feed(s, {9, 9, 9, 9});  // … and in again from step 6
  EXPECT_THAT(s.log, ElementsAre("7: log info: hot"));
}

TEST(tally, its_numbers_may_be_parameters_and_sixty_four) {
  Scene s({"A"});
  s.params = {{"n", {"2", {}}}};
  s.play(
      policy("param n: int = 3 in 1..5 \"strikes\"\n"
             "when c.docker.pids > 5 for n of 5 each c in all cooldown 1h { log \"n\" }\n"
             "when c.docker.pids > 5 for 64 of 64step each c in all { log \"all\" }"));
  feed(s, std::vector<double>(64, 9));
  EXPECT_THAT(s.log, ElementsAre("2: log info: n", "64: log info: all"));
}

TEST(tally, without_each_it_counts_steps) {
  Scene s({"A"});
  s.play(policy("when any(c in all: c.docker.pids > 5) for 2 of 3 { log \"some\" }"));
  feed(s, {9, 1, 9, 1, 1, 9});
  EXPECT_THAT(s.log, ElementsAre("3: log info: some"));
}

}  // namespace
}  // namespace cbench::test
