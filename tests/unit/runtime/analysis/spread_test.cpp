// How figures of several runs are spread.
#include "runtime/analysis/spread.h"

#include <gmock/gmock.h>

namespace cbench {
namespace {

using testing::HasSubstr;

TEST(spread, has_the_sample_deviation) {
  const Spread of = spread({2, 4, 4, 4, 5, 5, 7, 9});  // deviation of the population: 2
  EXPECT_EQ(of.count, 8U);
  EXPECT_DOUBLE_EQ(of.mean, 5);
  EXPECT_DOUBLE_EQ(of.deviation, 2.1380899352993952);  // sqrt(32 / 7)
  EXPECT_DOUBLE_EQ(of.least, 2);
  EXPECT_DOUBLE_EQ(of.most, 9);
}

TEST(spread, of_one_value_has_no_deviation) { EXPECT_EQ(spread({3}).deviation, 0); }

TEST(spreads, a_figure_that_a_run_has_not_is_no_zero) {
  const auto rows =
      spreads({{{"a", {{"ipc", 1.0}}}, {"b", {{"ipc", 2.0}}}}, {{"a", {}}, {"b", {{"ipc", 4.0}}}}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].container, "a");
  EXPECT_EQ(rows[0].spread.count, 1U);
  EXPECT_EQ(rows[0].spread.mean, 1);
  EXPECT_EQ(rows[1].spread.count, 2U);
  EXPECT_EQ(rows[1].spread.mean, 3);
}

TEST(spreads, the_table_has_units_and_no_deviation_of_one) {
  const std::string text = to_text(spreads({{{"a", {{"cpu_percent", 50.0}, {"memory_bytes", 1048576.0}}}}}));
  EXPECT_THAT(text, HasSubstr("1.0 MiB"));
  EXPECT_THAT(text, HasSubstr("50.0          -"));
}

}  // namespace
}  // namespace cbench
