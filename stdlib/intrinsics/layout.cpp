// The solver of layouts: a dynamic program over the sets of classes that are still to be placed.
#include "stdlib/intrinsics/layout.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "stdlib/intrinsics/allocation.h"
#include "stdlib/intrinsics/sparse_layout.h"

namespace cbench {
namespace {

uint64_t mask_of(uint32_t ways, uint32_t at) { return all_ways_of(ways) << at; }

constexpr size_t rounded_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace

LayoutSolver::LayoutSolver(size_t classes, uint32_t ways, uint64_t shareable, bool sparse)
    : ways_(std::min<uint32_t>(ways, kMostWays)), shareable_(shareable) {
  exact_ = std::min<size_t>(classes, ways_);
  if (sparse) {
    sparse_ = std::make_unique<SparseLayout>(exact_, ways_, shareable);
    return;
  }
  exact_ = std::min(exact_, kMostExact);
  const size_t sets = size_t{1} << exact_;
  // With a class fewer there are half the sets, and a way more may be left over: no more in sum.
  const size_t row = rounded_up(ways_ - exact_ + 1, kLane);
  sum_ = std::make_unique_for_overwrite<uint8_t[]>(sets);
  most_ = std::make_unique_for_overwrite<int16_t[]>(sets * row);
}

LayoutSolver::~LayoutSolver() = default;

int16_t LayoutSolver::worth(const std::vector<LayoutPart>& parts, size_t part, uint64_t mask,
                            uint64_t shareable) {
  constexpr int kKept = 2 * kMostWays;  // one bit kept outweighs all that are shareable
  const int shared = part + 1 == parts.size() ? 0 : std::popcount(mask & shareable);
  return static_cast<int16_t>(kKept * std::popcount(mask & parts[part].now) - shared);
}

void LayoutSolver::place_as_listed(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks) const {
  uint32_t at = 0;
  for (size_t i = 0; i < parts.size(); at += parts[i++].ways) masks[i] = mask_of(parts[i].ways, at);
}

/// most_[set][g]: the parts of `set` stand in the topmost sum_[set] + g ways. Either one of them begins at
/// the lowest of these, or that way is nobody's.
void LayoutSolver::fill_table(const std::vector<LayoutPart>& parts, size_t row, size_t left_over) {
  sum_[0] = 0;
  std::fill_n(most_.get(), row, int16_t{0});
  for (uint32_t set = 1; set < 1U << parts.size(); ++set) {
    sum_[set] = static_cast<uint8_t>(sum_[set & (set - 1)] + parts[std::countr_zero(set)].ways);
    int16_t* best = most_.get() + set * row;
    std::fill_n(best, row, std::numeric_limits<int16_t>::min());
    for (uint32_t left = set; left != 0; left &= left - 1) {
      const auto i = static_cast<uint32_t>(std::countr_zero(left));
      const int16_t* others = most_.get() + (set ^ (1U << i)) * row;
      const int16_t* worth = worth_[i].data() + sum_[set];
      for (size_t lane = 0; lane < row; lane += kLane)
        for (size_t g = lane; g < lane + kLane; ++g)
          best[g] = std::max(best[g], static_cast<int16_t>(others[g] + worth[g]));
    }
    for (size_t g = 1; g <= left_over; ++g) best[g] = std::max(best[g], best[g - 1]);
  }
}

void LayoutSolver::solve(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks) {
  masks.assign(parts.size(), 0);
  if (parts.size() > exact_) return place_as_listed(parts, masks);
  if (sparse_) return sparse_->solve(parts, masks);
  uint32_t wanted = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    wanted += parts[i].ways;
    worth_[i].fill(0);
    for (uint32_t k = parts[i].ways; k <= ways_; ++k)
      worth_[i][k] = worth(parts, i, mask_of(parts[i].ways, ways_ - k), shareable_);
  }
  const size_t left_over = ways_ - wanted;
  const size_t row = rounded_up(left_over + 1, kLane);
  const uint32_t all = (1U << parts.size()) - 1;
  fill_table(parts, row, left_over);

  size_t g = left_over;
  for (uint32_t set = all; set != 0;) {
    const int16_t best = most_[set * row + g];
    const uint32_t before = set;
    for (uint32_t left = set; left != 0 && set == before; left &= left - 1) {
      const auto i = static_cast<uint32_t>(std::countr_zero(left));
      const uint32_t others = set ^ (1U << i);
      const size_t k = sum_[set] + g;
      if (most_[others * row + g] + worth_[i][k] != best) continue;
      masks[i] = mask_of(parts[i].ways, ways_ - static_cast<uint32_t>(k));
      set = others;
    }
    if (set == before) --g;
  }
}

}  // namespace cbench
