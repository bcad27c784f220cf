// LayoutSolver: where in the cache each class's ways are, so that the fewest bits change. Pure: what the
// classes are and which of them fit is decided elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cbench {

/// A class of a layout.
struct LayoutPart {
  uint64_t now = 0;   ///< its capacity bit mask (CBM) as it is
  uint32_t ways = 0;  ///< how many it is to have, 1 at least
};

class SparseLayout;

class LayoutSolver {
 public:
  /// So many classes are placed contiguously with the fewest changes, more as they are listed. Sparse masks
  /// have no such limit.
  static constexpr size_t kMostExact = 16;

  static constexpr size_t kMostWays = 64;

  /// For layouts of up to `classes` classes on a cache of `ways` ways (64 at most). The ways of `shareable`
  /// are used by hardware as well (by DDIO for instance); with `sparse` masks may have gaps. Allocates here
  /// only.
  LayoutSolver(size_t classes, uint32_t ways, uint64_t shareable = 0, bool sparse = false);
  ~LayoutSolver();

  /// Masks for the parts, in their order: with no bit in common, contiguous unless `sparse`, and such that
  /// the number of bits that change, popcount(now xor mask) in sum, is the least that there is. Of several
  /// such layouts it is one in which the fewest shareable ways are those of parts before the last-listed: the
  /// last or nobody has them. Of these it is the one whose lowest ways are the first-listed part's, and so on
  /// upwards; ways that nobody has come last. The parts' ways must fit the cache; `masks` must have room for
  /// them.
  void solve(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks);

  /// What it is worth that a part has the ways of `mask`, to be as much as possible in sum: bits that it
  /// keeps first, then shareable ways that it leaves alone.
  static int16_t worth(const std::vector<LayoutPart>& parts, size_t part, uint64_t mask, uint64_t shareable);

 private:
  void place_as_listed(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks) const;
  void fill_table(const std::vector<LayoutPart>& parts, size_t row, size_t left_over);

  static constexpr size_t kLane = 16;  ///< places of a row that are looked at together

  size_t exact_ = 0;  ///< classes that there is room for
  uint32_t ways_ = 0;
  uint64_t shareable_ = 0;
  std::unique_ptr<SparseLayout> sparse_;
  /// [part][k]: what it is worth that a part's lowest way is the k-th from above.
  std::array<std::array<int16_t, kMostWays + 1 + kLane>, kMostExact> worth_{};
  std::unique_ptr<uint8_t[]> sum_;   ///< [set of parts]: ways that they want
  std::unique_ptr<int16_t[]> most_;  ///< [set of parts][ways left over]: what they can be worth above
};

}  // namespace cbench
