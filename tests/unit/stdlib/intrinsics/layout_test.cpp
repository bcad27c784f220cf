// The solver of layouts: against all layouts that there are, where those can be counted, and on its own terms
// where not.
#include "stdlib/intrinsics/layout.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cbench::test {
namespace {

using testing::ElementsAre;

std::vector<uint64_t> solved(uint32_t ways, const std::vector<LayoutPart>& parts, uint64_t shareable = 0,
                             bool sparse = false) {
  LayoutSolver solver(parts.size(), ways, shareable, sparse);
  std::vector<uint64_t> masks;
  solver.solve(parts, masks);
  return masks;
}

int changed(const std::vector<LayoutPart>& parts, const std::vector<uint64_t>& masks) {
  int bits = 0;
  for (size_t i = 0; i < parts.size(); ++i) bits += std::popcount(parts[i].now ^ masks[i]);
  return bits;
}

/// All layouts, those with the lowest ways for the first-listed before others: the first of those that change
/// the fewest bits and of them use the fewest shareable ways before the last part.
class Search {
 public:
  Search(uint32_t ways, const std::vector<LayoutPart>& parts, uint64_t shareable, bool sparse)
      : ways_(ways), parts_(parts), shareable_(shareable), sparse_(sparse), masks_(parts.size()) {
    go(0);
  }
  std::vector<uint64_t> best;

 private:
  [[nodiscard]] int shared() const {
    int bits = 0;
    for (size_t i = 0; i + 1 < masks_.size(); ++i) bits += std::popcount(masks_[i] & shareable_);
    return bits;
  }
  void go(uint32_t at) {
    const auto left = [&](size_t i) {
      return parts_[i].ways - static_cast<uint32_t>(std::popcount(masks_[i]));
    };
    uint32_t wanted = 0;
    for (size_t i = 0; i < parts_.size(); ++i) wanted += left(i);
    if (wanted > ways_ - at) return;
    if (at == ways_) {
      const std::pair cost(changed(parts_, masks_), shared());
      if (best.empty() || cost < cost_) best = masks_, cost_ = cost;
      return;
    }
    for (size_t i = 0; i < parts_.size(); ++i) {
      const uint32_t width = sparse_ ? 1 : parts_[i].ways;
      if (left(i) < width) continue;
      const uint64_t mask = ((1ULL << width) - 1) << at;
      masks_[i] |= mask;
      go(at + width);
      masks_[i] &= ~mask;
    }
    go(at + 1);
  }

  uint32_t ways_;
  const std::vector<LayoutPart>& parts_;
  uint64_t shareable_;
  bool sparse_;
  std::vector<uint64_t> masks_;
  std::pair<int, int> cost_;
};

void expect_a_layout(uint32_t ways, const std::vector<LayoutPart>& parts, const std::vector<uint64_t>& masks,
                     bool sparse = false) {
  ASSERT_EQ(masks.size(), parts.size());
  uint64_t taken = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto low = static_cast<uint32_t>(std::countr_zero(masks[i]));
    EXPECT_EQ(static_cast<uint32_t>(std::popcount(masks[i])), parts[i].ways);
    if (!sparse) EXPECT_EQ(masks[i] >> low, (1ULL << parts[i].ways) - 1) << "contiguous";
    EXPECT_LE(std::bit_width(masks[i]), static_cast<int>(ways)) << "in the cache";
    EXPECT_EQ(taken & masks[i], 0U) << "its own";
    taken |= masks[i];
  }
}

/// Parts whose ways fit `ways`, some of them with all that there is left. What they have now is contiguous,
/// as in resctrl: of a layout, of several, or the whole cache.
std::vector<LayoutPart> random_parts(std::mt19937& random, uint32_t ways, size_t count) {
  const auto up_to = [&](uint32_t n) { return static_cast<uint32_t>(random() % (n + 1)); };
  std::vector<LayoutPart> parts(count);
  uint32_t left = ways - static_cast<uint32_t>(count);
  for (LayoutPart& p : parts) {
    const uint32_t more = up_to(left);
    p.ways = 1 + more;
    left -= more;
    const uint32_t had = 1 + up_to(ways - 1);
    p.now = random() % 4 == 0 ? (1ULL << ways) - 1 : ((1ULL << had) - 1) << up_to(ways - had);
  }
  std::shuffle(parts.begin(), parts.end(), random);
  return parts;
}

/// Ways that hardware uses: none, the highest two as with DDIO, or any.
uint64_t random_shareable(std::mt19937& random, uint32_t ways) {
  const uint64_t all = (1ULL << ways) - 1;
  const uint64_t some[] = {0, 3ULL << (ways - 2), random()};
  return some[random() % 3] & all;
}

TEST(layout_solver, of_all_layouts_it_finds_the_best) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    const uint32_t ways = 2 + random() % 10;
    const size_t count = 1 + random() % std::min<uint32_t>(ways, 5);
    const std::vector<LayoutPart> parts = random_parts(random, ways, count);
    const uint64_t shareable = random_shareable(random, ways);
    const std::vector<uint64_t> masks = solved(ways, parts, shareable);
    expect_a_layout(ways, parts, masks);
    ASSERT_EQ(masks, Search(ways, parts, shareable, false).best) << "round " << round;
  }
}

TEST(layout_solver, of_all_layouts_with_gaps_it_finds_the_best) {
  std::mt19937 random(7);
  for (int round = 0; round < 1000; ++round) {
    const uint32_t ways = 2 + random() % 7;
    const size_t count = 1 + random() % std::min<uint32_t>(ways, 4);
    std::vector<LayoutPart> parts = random_parts(random, ways, count);
    if (random() % 2 == 0)
      for (LayoutPart& p : parts) p.now = random() & ((1ULL << ways) - 1);
    const uint64_t shareable = random_shareable(random, ways);
    const std::vector<uint64_t> masks = solved(ways, parts, shareable, true);
    expect_a_layout(ways, parts, masks, true);
    ASSERT_EQ(masks, Search(ways, parts, shareable, true).best) << "round " << round;
  }
}

TEST(layout_solver, with_gaps_a_class_gives_and_takes_single_ways_and_nobody_moves) {
  // a:0-1 b:2-3 c:4-7, and c gives a way to a: nobody but the two changes, and each by one way.
  EXPECT_THAT(solved(8, {{0b11, 3}, {0b1100, 2}, {0b11110000, 3}}, 0, true),
              ElementsAre(0b10011, 0b1100, 0b11100000));
  EXPECT_THAT(solved(11, {{0x7ff, 2}, {0x7ff, 3}, {0x7ff, 4}}, 0, true), ElementsAre(0x3, 0x1c, 0x1e0));
  EXPECT_THAT(solved(64, {{~0ULL, 64}}, 0, true), ElementsAre(~0ULL));
}

TEST(layout_solver, with_gaps_sixty_four_classes_are_weighed_as_well) {
  std::vector<LayoutPart> parts;
  for (uint32_t way = 0; way < 64; ++way) parts.push_back({1ULL << (63 - way), 1});
  const std::vector<uint64_t> masks = solved(64, parts, 0, true);
  for (size_t i = 0; i < parts.size(); ++i) EXPECT_EQ(masks[i], parts[i].now);
}

TEST(layout_solver, ways_of_hardware_go_to_the_last_listed_or_to_nobody) {
  constexpr uint64_t kDdio = 0x600;
  for (const bool sparse : {false, true}) {
    EXPECT_THAT(solved(11, {{0x7ff, 4}, {0x7ff, 5}}, kDdio, sparse), ElementsAre(0xf, 0x1f0)) << "nobody";
    EXPECT_THAT(solved(11, {{0x7ff, 4}, {0x7ff, 7}}, kDdio, sparse), ElementsAre(0xf, 0x7f0)) << "the last";
    // The lowest way for the first would leave the second both of the shared ones.
    EXPECT_THAT(solved(11, {{0x603, 1}, {0x603, 2}, {0x1fc, 7}}, kDdio, sparse)[0], sparse ? 0x1U : 0x200U);
    // The low ones are shared: what would be first by the list alone moves up.
    EXPECT_THAT(solved(8, {{0xff, 2}, {0xff, 2}, {0xff, 2}}, 0x3, sparse), ElementsAre(0xc, 0x30, 0x3));
    EXPECT_THAT(solved(8, {{0x03, 2}, {0xff, 3}}, 0x3, sparse), ElementsAre(0x3, 0x1c)) << "no bit more";
  }
}

TEST(layout_solver, a_layout_that_is_there_stays) {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    const bool sparse = round % 2 == 1;
    const uint32_t ways = 20 + random() % 13;
    std::vector<LayoutPart> parts = random_parts(random, ways, 1 + random() % LayoutSolver::kMostExact);
    const std::vector<uint64_t> masks = solved(ways, parts, 0x3, sparse);
    expect_a_layout(ways, parts, masks, sparse);
    EXPECT_EQ(solved(ways, parts, 0x3, sparse), masks) << "the same again";
    for (size_t i = 0; i < parts.size(); ++i) parts[i].now = masks[i];
    EXPECT_EQ(solved(ways, parts, 0, sparse), masks);
  }
}

TEST(layout_solver, one_way_more_never_moves_the_neighbours_further_than_first_fit_would) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    std::vector<LayoutPart> parts = random_parts(random, 16, 8);
    std::vector<uint64_t> masks = solved(16, parts);
    for (size_t i = 0; i < parts.size(); ++i) parts[i].now = masks[i];
    const auto total = std::accumulate(parts.begin(), parts.end(), 0U,
                                       [](uint32_t n, const LayoutPart& p) { return n + p.ways; });
    if (total == 16) continue;
    ++parts[random() % parts.size()].ways;
    masks = solved(16, parts);
    expect_a_layout(16, parts, masks);
    std::vector<uint64_t> listed;
    uint32_t at = 0;
    for (const LayoutPart& p : parts) {
      listed.push_back(((1ULL << p.ways) - 1) << at);
      at += p.ways;
    }
    EXPECT_LE(changed(parts, masks), changed(parts, listed));
  }
}

TEST(layout_solver, a_neighbour_moves_only_when_it_must) {
  // a:0-1 b:2-3, 4-7 are nobody's: b grows upwards and a stays; a grows, and b makes room by one way.
  EXPECT_THAT(solved(8, {{0b11, 2}, {0b1100, 3}}), ElementsAre(0b11, 0b11100));
  EXPECT_THAT(solved(8, {{0b11, 3}, {0b1100, 2}}), ElementsAre(0b111, 0b11000));
  // a:0 b:1 c:2 d:3-7, and d gives one to a: b alone leaves its place, and goes to where d was.
  EXPECT_THAT(solved(8, {{0b1, 2}, {0b10, 1}, {0b100, 1}, {0b11111000, 4}}),
              ElementsAre(0b11, 0b1000, 0b100, 0b11110000));
}

TEST(layout_solver, what_is_all_the_same_goes_by_the_list_from_the_lowest_way_up) {
  EXPECT_THAT(solved(11, {{0x7ff, 2}, {0x7ff, 3}, {0x7ff, 4}}), ElementsAre(0x3, 0x1c, 0x1e0));
  EXPECT_THAT(solved(64, {{~0ULL, 64}}), ElementsAre(~0ULL));
}

TEST(layout_solver, more_classes_than_it_can_weigh_are_placed_as_listed) {
  const std::vector<LayoutPart> parts(LayoutSolver::kMostExact + 2, LayoutPart{0b11, 1});
  const std::vector<uint64_t> masks = solved(20, parts);
  expect_a_layout(20, parts, masks);
  EXPECT_EQ(masks[0], 0b1U);
  EXPECT_EQ(masks[17], 1U << 17U);
}

}  // namespace
}  // namespace cbench::test
