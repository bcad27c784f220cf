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

class LayoutSolver {
 public:
  /// So many classes are placed with the fewest changes; more are placed as they are listed.
  static constexpr size_t kMostExact = 16;

  /// For layouts of up to `classes` classes on a cache of `ways` ways (64 at most). Allocates here only.
  /// `sparse`: masks may have gaps.
  LayoutSolver(size_t classes, uint32_t ways, bool sparse = false);

  /// Masks for the parts, in their order: contiguous (unless sparse), with no bit in common, and such that
  /// the number of bits that change, popcount(now xor mask) in sum, is the least that there is. Of several
  /// such layouts it is the one whose lowest ways are the first-listed part's, and so on upwards; ways that
  /// nobody has come last: the highest ways, which Intel's I/O shares. A cache that takes masks with gaps has
  /// each part keep as many of its bits as can be kept, and fills up from the lowest free ways in the parts'
  /// order. The parts' ways must fit the cache; `masks` must have room for them.
  void solve(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks);

 private:
  static constexpr size_t kLane = 16;  ///< places of a row that are looked at together
  static constexpr size_t kMostWays = 64;

  void solve_sparse(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks);
  bool give(const std::vector<LayoutPart>& parts, int part, uint64_t& tried);

  bool sparse_;
  std::array<int, kMostWays> owner_{};  ///< [way] part that has it, -1: none
  size_t exact_ = 0;                    ///< classes that fit the tables
  uint32_t ways_ = 0;
  /// [part][k]: bits that a part keeps when its lowest way is the k-th from above.
  std::array<std::array<uint8_t, kMostWays + 1 + kLane>, kMostExact> kept_{};
  std::unique_ptr<uint8_t[]> sum_;   ///< [set of parts]: ways that they want
  std::unique_ptr<uint8_t[]> most_;  ///< [set of parts][ways left over]: bits that they can keep above
};

}  // namespace cbench
