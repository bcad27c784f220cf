// What a printed figure is worth, and what a pattern finds.
#include "runtime/collectors/figure_pattern.h"

#include <gtest/gtest.h>

namespace cbench {
namespace {

using Found = FigurePattern::Found;

std::optional<double> latency(std::string_view text, Unit bare = Unit::None) {
  return figure_value(text, {Metric::app_latency_p95, 1, bare});
}
std::optional<double> throughput(std::string_view text) {
  return figure_value(text, {Metric::app_throughput, 1, Unit::PerSecond});
}

TEST(figure, a_latency_is_in_ns_whatever_it_was_printed_in) {
  EXPECT_EQ(latency("12.5ms"), 12'500'000);
  EXPECT_EQ(latency("800us"), 800'000);
  EXPECT_EQ(latency("800 \u00B5s"), 800'000);
  EXPECT_EQ(latency("\t800\u03BCs "), 800'000);
  EXPECT_EQ(latency("1.2s"), 1'200'000'000);
  EXPECT_EQ(latency("7ns"), 7);
  EXPECT_EQ(latency("1e-3s"), 1'000'000);
  EXPECT_EQ(latency("0ms"), 0);
}

TEST(figure, a_number_without_a_unit_needs_one_from_the_configuration) {
  EXPECT_EQ(latency("12.5"), std::nullopt);
  EXPECT_EQ(latency("12.5", Unit::Microseconds), 12'500);
  EXPECT_EQ(latency("12.5ms", Unit::Microseconds), 12'500'000) << "what is printed goes first";
}

TEST(figure, a_throughput_is_a_number_a_second) {
  EXPECT_EQ(throughput("1830.5"), 1830.5);
  EXPECT_EQ(throughput("1830/s"), 1830);
  EXPECT_EQ(throughput("1830ms"), std::nullopt);
}

TEST(figure, what_is_no_figure_has_no_value) {
  for (const char* text : {"", " ", "ms", "-1ms", "-0ms", "nan", "inf", "nanms", "12.5 parsecs", "12,5ms",
                           "0x10ms", "1e400s", "1e300h", "5MiB"})
    EXPECT_EQ(latency(text, Unit::Milliseconds), std::nullopt) << text;
}

TEST(pattern, its_groups_are_found_anywhere_in_a_line) {
  FigurePattern pattern(R"(p50 (\S+).* p95 (\S+)(?:.* rate (\d+))?)");
  ASSERT_EQ(pattern.match("[12:00] p50 1ms, p95 4ms, rate 100"), Found::Yes);
  EXPECT_EQ(pattern.group(1), "1ms,");
  EXPECT_EQ(pattern.group(2), "4ms,");
  EXPECT_EQ(pattern.group(3), "100");
  ASSERT_EQ(pattern.match("p50 1ms p95 4ms"), Found::Yes);
  EXPECT_EQ(pattern.group(3), std::nullopt) << "it had no part in the match";
  EXPECT_EQ(pattern.match("p50 1ms"), Found::No);
  EXPECT_EQ(pattern.group(1), std::nullopt);
}

TEST(pattern, bytes_that_are_no_text_do_not_disturb_it) {
  FigurePattern pattern("p95=(.+)$");
  ASSERT_EQ(pattern.match(std::string_view("\xFF\x00\x80 p95=3ms", 11)), Found::Yes);
  EXPECT_EQ(pattern.group(1), "3ms");
}

TEST(pattern, one_that_backtracks_without_end_is_given_up) {
  FigurePattern pattern("(a+)+[bc]");  // no single letter that could be looked for first
  EXPECT_EQ(pattern.match(std::string(4096, 'a')), Found::GivenUp);
  EXPECT_EQ(pattern.match("aab"), Found::Yes);
}

}  // namespace
}  // namespace cbench
