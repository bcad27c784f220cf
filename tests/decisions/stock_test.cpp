// What the stock policies that act on any machine do, on frames.
#include "stdlib/embed/stock.h"

#include <bit>

#include <gmock/gmock.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(fair_share, on_a_full_cpu_it_limits_who_takes_more_than_a_share_and_nobody_else) {
  Scene s({"hog", "victim"});
  s.play(std::string(stock_policy("fair_share")));
  s.run(40, {{"hog", kCpu, 75}, {"victim", kCpu, 24}});
  EXPECT_THAT(s.log, Contains(HasSubstr("quota hog = 50%")));
  EXPECT_THAT(s.log, Not(Contains(HasSubstr("quota victim"))));
}

TEST(fair_share, while_there_is_room_it_limits_nobody) {
  Scene s({"hog", "victim"});
  s.play(std::string(stock_policy("fair_share")));
  s.run(40, {{"hog", kCpu, 40}, {"victim", kCpu, 24}});
  EXPECT_THAT(s.log, IsEmpty());
}

TEST(least_loaded, a_container_starts_away_from_a_busy_one) {
  Scene s({"a", "b"});
  ASSERT_EQ(s.compile(std::string(stock_policy("least_loaded"))), "");
  s.begin();
  s.start("a");  // on CPU 0
  s.run(5, {{"a", kCpu, 95}});
  s.admit("b");
  EXPECT_THAT(s.log, Contains(HasSubstr("pin b to 1")));
}

/// A second of steps with these instructions per cycle of the critical container.
void second_of(Scene& s, double ipc, double traffic = 1e9) {
  s.run(10, {{"lc", Metric::perf_instructions_per_cycle, ipc},
             {"be", Metric::perf_instructions_per_cycle, 1},
             {"lc", Metric::rdt_memory_bandwidth_total, traffic},
             {"be", Metric::rdt_memory_bandwidth_total, 1e9}});
}

struct Dicer : testing::Test {
  Dicer() : s({"lc", "be"}) {
    s.spec.containers[0].critical = true;
    s.with_rdt(11);
    s.play(std::string(stock_policy("dicer")));
  }
  [[nodiscard]] int others() const { return std::popcount(s.instance->goal().classes[1].ways); }
  Scene s;
};

TEST_F(Dicer, the_others_get_one_way_after_the_other_while_the_critical_one_does_not_slow_down) {
  EXPECT_THAT(s.log, Contains(HasSubstr("move lc -> critical")));
  EXPECT_EQ(others(), 1);
  for (int i = 0; i < 13; ++i) second_of(s, 2);
  EXPECT_EQ(others(), 4);
}

TEST_F(Dicer, a_way_that_is_missed_comes_back_and_no_further_one_is_tried) {
  for (int i = 0; i < 2; ++i) second_of(s, 2);
  second_of(s, 1.8);
  EXPECT_EQ(others(), 2);
  for (int i = 0; i < 9; ++i) second_of(s, 1.8);
  EXPECT_EQ(others(), 1);
}

TEST_F(Dicer, a_new_phase_or_a_full_bus_begins_anew) {
  for (int i = 0; i < 9; ++i) second_of(s, 2);
  EXPECT_EQ(others(), 3);
  for (int i = 0; i < 4; ++i) second_of(s, 2, 20e9);
  EXPECT_EQ(others(), 1);
}

}  // namespace
}  // namespace cbench::test
