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

std::vector<uint64_t> solved(uint32_t ways, const std::vector<LayoutPart>& parts) {
  LayoutSolver solver(parts.size(), ways);
  std::vector<uint64_t> masks;
  solver.solve(parts, masks);
  return masks;
}

int changed(const std::vector<LayoutPart>& parts, const std::vector<uint64_t>& masks) {
  int bits = 0;
  for (size_t i = 0; i < parts.size(); ++i) bits += std::popcount(parts[i].now ^ masks[i]);
  return bits;
}

/// The least number of changed bits, by trying every place of every part.
int least(uint32_t ways, const std::vector<LayoutPart>& parts, size_t next = 0, uint64_t taken = 0) {
  if (next == parts.size()) return 0;
  int best = 1 << 20;
  const uint64_t mask = (1ULL << parts[next].ways) - 1;
  for (uint32_t at = 0; at + parts[next].ways <= ways; ++at)
    if ((taken & mask << at) == 0)
      best = std::min(best, std::popcount(parts[next].now ^ mask << at) +
                                least(ways, parts, next + 1, taken | mask << at));
  return best;
}

void expect_a_layout(uint32_t ways, const std::vector<LayoutPart>& parts,
                     const std::vector<uint64_t>& masks) {
  ASSERT_EQ(masks.size(), parts.size());
  uint64_t taken = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto low = static_cast<uint32_t>(std::countr_zero(masks[i]));
    EXPECT_EQ(static_cast<uint32_t>(std::popcount(masks[i])), parts[i].ways);
    EXPECT_EQ(masks[i] >> low, (1ULL << parts[i].ways) - 1) << "contiguous";
    EXPECT_LE(low + parts[i].ways, ways) << "in the cache";
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

TEST(layout_solver, no_layout_changes_fewer_bits) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    const uint32_t ways = 2 + random() % 10;
    const size_t count = 1 + random() % std::min<uint32_t>(ways, 5);
    const std::vector<LayoutPart> parts = random_parts(random, ways, count);
    const std::vector<uint64_t> masks = solved(ways, parts);
    expect_a_layout(ways, parts, masks);
    ASSERT_EQ(changed(parts, masks), least(ways, parts)) << "round " << round;
  }
}

TEST(layout_solver, a_layout_that_is_there_stays) {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    const uint32_t ways = 20 + random() % 13;
    std::vector<LayoutPart> parts = random_parts(random, ways, 1 + random() % LayoutSolver::kMostExact);
    const std::vector<uint64_t> masks = solved(ways, parts);
    expect_a_layout(ways, parts, masks);
    EXPECT_EQ(solved(ways, parts), masks) << "the same again";
    for (size_t i = 0; i < parts.size(); ++i) parts[i].now = masks[i];
    EXPECT_EQ(solved(ways, parts), masks);
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

/// The least number of changed bits where masks may have gaps, by trying every owner of every way.
int least_sparse(uint32_t ways, const std::vector<LayoutPart>& parts, std::vector<uint64_t> masks,
                 uint32_t way = 0) {
  if (way == ways) {
    for (size_t i = 0; i < parts.size(); ++i)
      if (static_cast<uint32_t>(std::popcount(masks[i])) != parts[i].ways) return 1 << 20;
    return changed(parts, masks);
  }
  int best = least_sparse(ways, parts, masks, way + 1);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (static_cast<uint32_t>(std::popcount(masks[i])) == parts[i].ways) continue;
    masks[i] |= 1ULL << way;
    best = std::min(best, least_sparse(ways, parts, masks, way + 1));
    masks[i] &= ~(1ULL << way);
  }
  return best;
}

TEST(sparse_layout, moves_as_few_bits_as_any_layout_with_gaps_could) {
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    const auto ways = static_cast<uint32_t>(2 + random() % 6);
    std::vector<LayoutPart> parts(1 + random() % std::min<uint32_t>(3, ways));
    uint32_t left = ways;
    for (size_t i = 0; i < parts.size(); ++i) {
      const auto most = left - static_cast<uint32_t>(parts.size() - 1 - i);
      parts[i].ways = 1 + static_cast<uint32_t>(random() % most);
      parts[i].now = random() % (1ULL << ways);
      left -= parts[i].ways;
    }
    LayoutSolver solver(parts.size(), ways, true);
    std::vector<uint64_t> masks;
    solver.solve(parts, masks);
    uint64_t taken = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(static_cast<uint32_t>(std::popcount(masks[i])), parts[i].ways);
      EXPECT_EQ(masks[i] & taken, 0U);
      taken |= masks[i];
    }
    EXPECT_LT(taken, 1ULL << ways);
    EXPECT_EQ(changed(parts, masks), least_sparse(ways, parts, std::vector<uint64_t>(parts.size())));
  }
}

TEST(sparse_layout, a_class_grows_without_anybody_moving) {
  LayoutSolver solver(3, 12, true);
  std::vector<uint64_t> masks;
  solver.solve({{0x003, 3}, {0x00C, 2}, {0xFF0, 7}}, masks);
  EXPECT_THAT(masks, ElementsAre(0x803, 0x00C, 0x7F0));
}

}  // namespace
}  // namespace cbench::test
