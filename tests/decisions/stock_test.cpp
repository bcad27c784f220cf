// What the stock policies that act on any machine do, on frames.
#include "stdlib/embed/stock.h"

#include <gmock/gmock.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Metric kLoad = Metric::docker_cpu_usage_percent;

TEST(fair_share, on_a_full_cpu_it_limits_who_takes_more_than_a_share_and_nobody_else) {
  Scene s({"hog", "victim"});
  s.play(std::string(stock_policy("fair_share")));
  s.run(40, {{"hog", kLoad, 75}, {"victim", kLoad, 24}});
  EXPECT_THAT(s.log, Contains(HasSubstr("quota hog = 50%")));
  EXPECT_THAT(s.log, Not(Contains(HasSubstr("quota victim"))));
}

TEST(fair_share, while_there_is_room_it_limits_nobody) {
  Scene s({"hog", "victim"});
  s.play(std::string(stock_policy("fair_share")));
  s.run(40, {{"hog", kLoad, 40}, {"victim", kLoad, 24}});
  EXPECT_THAT(s.log, IsEmpty());
}

TEST(least_loaded, a_container_starts_away_from_a_busy_one) {
  Scene s({"a", "b"});
  ASSERT_EQ(s.compile(std::string(stock_policy("least_loaded"))), "");
  s.begin();
  s.start("a");  // on CPU 0
  s.run(5, {{"a", kLoad, 95}});
  s.admit("b");
  EXPECT_THAT(s.log, Contains(HasSubstr("pin b to 1")));
}

}  // namespace
}  // namespace cbench::test
