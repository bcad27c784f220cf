// SparseLayout: LayoutSolver's answer for a cache whose masks may have gaps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stdlib/intrinsics/layout.h"

namespace cbench {

/// Each way has one owner, a part or nobody. Parts get their ways one by one, each by the cheapest chain in
/// which somebody hands over a way to the next; so there is at no time a better distribution of as many ways
/// (successive shortest paths: Ahuja, Magnanti, Orlin, Network Flows, 9.7). The nodes of the paths are the
/// owners, of whom there are few, and not the ways.
class SparseLayout {
 public:
  SparseLayout(size_t classes, uint32_t ways, uint64_t shareable);

  /// As LayoutSolver::solve, for `classes` parts at most; adds the ways to `masks`.
  void solve(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks);

 private:
  /// The cheapest chain of hand-overs from an owner to the one that all of them were asked for.
  struct Step {
    int32_t cost = 0;
    size_t to = 0;
    uint32_t way = 0;
  };
  [[nodiscard]] int32_t worth(uint32_t way, size_t owner) const;
  void find_chains(size_t to, uint32_t from_way);
  void hand_over(size_t from, size_t to);

  uint32_t ways_;
  uint64_t shareable_;
  const std::vector<LayoutPart>* parts_ = nullptr;
  std::array<size_t, LayoutSolver::kMostWays> owner_{};  ///< [way]: a part, or their number for nobody
  std::vector<Step> direct_;                             ///< [from][to]: of one hand-over
  std::vector<Step> chains_;                             ///< [from]
};

}  // namespace cbench
