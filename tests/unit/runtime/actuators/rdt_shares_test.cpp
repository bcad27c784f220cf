// Cache ways and memory bandwidth of classes, on a mock of resctrl.
#include <cmath>
#include <limits>
#include <set>

#include <gmock/gmock.h>

#include "rdt_fixture.h"
#include "runtime/actuators/rdt_groups.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(RdtTest, ways_are_written_for_all_domains_and_only_where_they_differ) {
  mount({});
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(ways(1, 0x3).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=3;1=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=3;1=7\nMB:0=100;1=100\n");
  ASSERT_TRUE(ways(1, 0x3).ok());
  EXPECT_EQ(schemata("jail"), "L3:1=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=3;1=3\nMB:0=100;1=100\n");
  ASSERT_TRUE(ways(1, 0x3).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=3;1=3\nMB:0=100;1=100\n") << "already so: not written";
  ASSERT_TRUE(ways(1, 0).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=7ff;1=7ff\n") << "0 goes back to what the kernel made";
}

TEST_F(RdtTest, a_domain_of_its_own_is_written_alone) {
  mount({.domains = 3});
  ASSERT_TRUE(begin().ok());
  const auto in = [&](uint64_t domains) {
    return apply(Target::ClassWays, 1, [](Allocation::Class& c) { c.ways = 0x3; }, domains);
  };
  ASSERT_TRUE(in(0b010).ok());
  EXPECT_EQ(schemata("jail"), "L3:1=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=7ff;1=3;2=7ff\nMB:0=100;1=100;2=100\n");
  ASSERT_TRUE(in(0b111).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=3;2=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=3;1=3;2=3\nMB:0=100;1=100;2=100\n");
  ASSERT_TRUE(apply(Target::ClassMb, 1, [](Allocation::Class& c) { c.mb = 0.4; }, 0b100).ok());
  EXPECT_EQ(schemata("jail"), "MB:2=40\n");
}

TEST_F(RdtTest, a_domain_that_the_host_does_not_have_is_an_error) {
  mount({.domains = 1});
  facts.rdt.l3_domains = {7};
  ASSERT_TRUE(begin().ok());
  EXPECT_THAT(ways(1, 0x3).error().message, HasSubstr("schemata has no domain 7 in its L3 line"));
  EXPECT_THAT(mb(1, 0.5).error().message, HasSubstr("schemata has no domain 7 in its MB line"));
}

TEST_F(RdtTest, with_cdp_code_and_data_get_the_same_ways) {
  mount({.domains = 1, .cdp = true});
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(ways(0, 0x7fc).ok());
  EXPECT_EQ(schemata("shared"), "L3CODE:0=7fc\nL3DATA:0=7fc\n");
}

TEST_F(RdtTest, a_cache_of_sparse_masks_takes_gaps) {
  mount({});
  facts.rdt.l3_sparse = true;
  facts.rdt.l3_min_bits = 2;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(ways(1, 0x505).ok());
  EXPECT_THAT(schemata("jail"), HasSubstr("L3:0=505"));
  EXPECT_THAT(ways(1, 0x4).error().message, HasSubstr("2 are the least"));
}

TEST_F(RdtTest, masks_that_the_cache_cannot_take_are_refused_unwritten) {
  mount({});
  facts.rdt.l3_min_bits = 2;
  ASSERT_TRUE(begin().ok());
  const std::string before = schemata("jail");
  EXPECT_THAT(ways(1, 0x5).error().message, AllOf(HasSubstr("class jail"), HasSubstr("not contiguous")));
  EXPECT_THAT(ways(1, 0x1).error().message, HasSubstr("2 are the least"));
  EXPECT_THAT(ways(1, 0xc00).error().message, HasSubstr("its 11 are 7ff"));
  EXPECT_EQ(schemata("jail"), before);
}

TEST(rdt_masks, a_mask_is_accepted_exactly_when_it_is_one_run_of_bits_within_the_cache) {
  Cache cache{.level = "L3", .ways = 11, .min_bits = 2};
  std::set<uint64_t> good;
  for (uint32_t begin = 0; begin < 11; ++begin)
    for (uint32_t length = 2; begin + length <= 11; ++length)
      good.insert(((uint64_t{1} << length) - 1) << begin);
  for (uint64_t mask = 0; mask < 1U << 13; ++mask)
    EXPECT_EQ(why_not_a_mask(mask, cache).empty(), good.contains(mask)) << mask;
  cache.ways = 64;
  EXPECT_EQ(why_not_a_mask(~uint64_t{0}, cache), "");
}

TEST(rdt_bandwidth, a_ratio_becomes_a_multiple_of_the_granularity_within_bounds) {
  RdtFacts facts;
  facts.mb_min = 20;
  facts.mb_granularity = 10;
  EXPECT_EQ(mb_percent(0.44, facts), 40U);
  EXPECT_EQ(mb_percent(0.46, facts), 50U);
  EXPECT_EQ(mb_percent(0.01, facts), 20U);
  EXPECT_EQ(mb_percent(7, facts), 100U);
  facts.mb_granularity = 30;
  EXPECT_EQ(mb_percent(0.9, facts), 90U);
  EXPECT_EQ(mb_percent(1.0, facts), 100U);
}

TEST(rdt_bandwidth, a_rate_becomes_units_of_the_host_up_to_no_limit) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  RdtFacts facts;
  facts.mb_unit = MbUnit::EighthGBps;
  facts.mb_min = facts.mb_granularity = 1;
  EXPECT_EQ(mb_units(2e9, 2048, facts), 16U);
  EXPECT_EQ(mb_units(2.07e9, 2048, facts), 17U);
  EXPECT_EQ(mb_units(1, 2048, facts), 1U);
  for (const double much : {256e9, 257e9, 1e300, kNone})
    EXPECT_EQ(mb_units(much, 2048, facts), 2048U) << much;
  facts.mb_min = 8;
  facts.mb_granularity = 4;
  EXPECT_EQ(mb_units(2.07e9, 2048, facts), 16U);
  EXPECT_EQ(mb_units(2.4e9, 2048, facts), 20U);
  EXPECT_EQ(mb_units(1, 2048, facts), 8U);
  EXPECT_EQ(mb_units(200e9, 2048, facts), 1600U);
  facts.mb_unit = MbUnit::MBps;  // minimum and granularity are the hardware's, in percent
  EXPECT_EQ(mb_units(3 * 1048576.0, UINT32_MAX, facts), 3U);
  EXPECT_EQ(mb_units(0, UINT32_MAX, facts), 1U);
  EXPECT_EQ(mb_units(kNone, UINT32_MAX, facts), UINT32_MAX);
}

TEST_F(RdtTest, a_rate_is_written_in_eighths_of_a_gigabyte_and_taken_away_again) {
  mount({.mb_most = 2048});
  plan.acts.back().what = Verb::MbRate;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(mb(1, 2.07e9).ok());
  EXPECT_EQ(schemata("jail"), "MB:0=17;1=17\n");
  ASSERT_TRUE(mb(1, std::numeric_limits<double>::infinity()).ok());
  EXPECT_EQ(schemata("jail"), "MB:0=2048;1=2048\n");
  EXPECT_FALSE(mb(1, -1).ok());
  EXPECT_FALSE(mb(1, std::nan("")).ok());
}

TEST_F(RdtTest, bandwidth_is_rounded_and_not_written_twice) {
  mount({});
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(mb(1, 0.47).ok());
  EXPECT_EQ(schemata("jail"), "MB:0=50;1=50\n");
  fs::last_write_time(file("jail", "schemata"), fs::file_time_type{});
  ASSERT_TRUE(mb(1, 0.52).ok());
  EXPECT_EQ(fs::last_write_time(file("jail", "schemata")), fs::file_time_type{});
  EXPECT_FALSE(mb(1, std::nan("")).ok());
}

}  // namespace
}  // namespace cbench
