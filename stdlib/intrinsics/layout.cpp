// The solver of layouts: a dynamic program over the sets of classes that are still to be placed.
#include "stdlib/intrinsics/layout.h"

#include <algorithm>
#include <bit>

namespace cbench {
namespace {

uint64_t mask_of(uint32_t ways, uint32_t at) { return (ways >= 64 ? ~0ULL : (1ULL << ways) - 1) << at; }

constexpr size_t rounded_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace

LayoutSolver::LayoutSolver(size_t classes, uint32_t ways, bool sparse)
    : sparse_(sparse),
      exact_(std::min({classes, kMostExact, static_cast<size_t>(ways)})),
      ways_(std::min<uint32_t>(ways, kMostWays)) {
  const size_t sets = size_t{1} << exact_;
  // With a class fewer there are half the sets, and a way more may be left over: no more in sum.
  const size_t row = rounded_up(ways_ - exact_ + 1, kLane);
  sum_ = std::make_unique_for_overwrite<uint8_t[]>(sets);
  most_ = std::make_unique_for_overwrite<uint8_t[]>(sets * row);
}

/// Gives a part one of the ways that it has now, if need be by taking it from a part that can keep another
/// one (an augmenting path of bipartite matching).
bool LayoutSolver::give(const std::vector<LayoutPart>& parts, int part, uint64_t& tried) {
  for (uint64_t left = parts[static_cast<size_t>(part)].now; left != 0; left &= left - 1) {
    const auto way = static_cast<uint32_t>(std::countr_zero(left));
    if (way >= ways_ || (tried >> way & 1) != 0) continue;
    tried |= 1ULL << way;
    if (owner_[way] == part || (owner_[way] >= 0 && !give(parts, owner_[way], tried))) continue;
    owner_[way] = part;
    return true;
  }
  return false;
}

void LayoutSolver::solve_sparse(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks) {
  owner_.fill(-1);
  for (size_t i = 0; i < parts.size(); ++i)
    for (uint32_t kept = 0; kept < parts[i].ways; ++kept)
      if (uint64_t tried = 0; !give(parts, static_cast<int>(i), tried)) break;
  for (uint32_t way = 0; way < ways_; ++way)
    if (owner_[way] >= 0) masks[static_cast<size_t>(owner_[way])] |= 1ULL << way;
  uint32_t way = 0;
  for (size_t i = 0; i < parts.size(); ++i)
    while (static_cast<uint32_t>(std::popcount(masks[i])) < parts[i].ways && way < ways_) {
      if (owner_[way] < 0) masks[i] |= 1ULL << way;
      ++way;
    }
}

void LayoutSolver::solve(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks) {
  masks.assign(parts.size(), 0);
  if (sparse_) return solve_sparse(parts, masks);
  if (parts.size() > exact_) {
    uint32_t at = 0;
    for (size_t i = 0; i < parts.size(); at += parts[i++].ways) masks[i] = mask_of(parts[i].ways, at);
    return;
  }
  uint32_t wanted = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    wanted += parts[i].ways;
    kept_[i].fill(0);
    for (uint32_t k = parts[i].ways; k <= ways_; ++k)
      kept_[i][k] = static_cast<uint8_t>(std::popcount(parts[i].now & mask_of(parts[i].ways, ways_ - k)));
  }
  const size_t left_over = ways_ - wanted;
  const size_t row = rounded_up(left_over + 1, kLane);
  const uint32_t all = (1U << parts.size()) - 1;

  // most_[set][g]: the parts of `set` stand in the topmost sum_[set] + g ways. Either one of them begins at
  // the lowest of these, or that way is nobody's.
  sum_[0] = 0;
  std::fill_n(most_.get(), row, uint8_t{0});
  for (uint32_t set = 1; set <= all; ++set) {
    sum_[set] = static_cast<uint8_t>(sum_[set & (set - 1)] + parts[std::countr_zero(set)].ways);
    uint8_t* best = most_.get() + set * row;
    std::fill_n(best, row, uint8_t{0});
    for (uint32_t left = set; left != 0; left &= left - 1) {
      const auto i = static_cast<uint32_t>(std::countr_zero(left));
      const uint8_t* others = most_.get() + (set ^ (1U << i)) * row;
      const uint8_t* kept = kept_[i].data() + sum_[set];
      for (size_t lane = 0; lane < row; lane += kLane)
        for (size_t g = lane; g < lane + kLane; ++g)
          best[g] = std::max(best[g], static_cast<uint8_t>(others[g] + kept[g]));
    }
    for (size_t g = 1; g <= left_over; ++g) best[g] = std::max(best[g], best[g - 1]);
  }

  size_t g = left_over;
  for (uint32_t set = all; set != 0;) {
    const uint8_t best = most_[set * row + g];
    const uint32_t before = set;
    for (uint32_t left = set; left != 0 && set == before; left &= left - 1) {
      const auto i = static_cast<uint32_t>(std::countr_zero(left));
      const uint32_t others = set ^ (1U << i);
      const size_t k = sum_[set] + g;
      if (most_[others * row + g] + kept_[i][k] != best) continue;
      masks[i] = mask_of(parts[i].ways, ways_ - static_cast<uint32_t>(k));
      set = others;
    }
    if (set == before) --g;
  }
}

}  // namespace cbench
