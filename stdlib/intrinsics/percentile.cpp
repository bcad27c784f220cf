#include "stdlib/intrinsics/percentile.h"

#include <array>
#include <bit>

namespace cbench {
namespace {

constexpr uint64_t kSign = 1ULL << 63U;

/// Bits that are ordered as the numbers are.
uint64_t ordered(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  return bits ^ ((bits & kSign) != 0 ? ~0ULL : kSign);
}

double number(uint64_t key) { return std::bit_cast<double>(key ^ ((key & kSign) != 0 ? kSign : ~0ULL)); }

}  // namespace

double percentile_of(const abi::RingSample* ring, int64_t capacity, int64_t next, int64_t count,
                     int32_t percent) {
  if (count <= 0) return 0;
  const int64_t first = next >= count ? next - count : next - count + capacity;
  const auto each = [&](auto body) {
    for (int64_t i = 0, at = first; i < count; ++i, at = at + 1 == capacity ? 0 : at + 1)
      body(ordered(ring[at].value));
  };
  int64_t rank = (percent * count + 99) / 100;  // from 1
  uint64_t known = 0;                           // the leading bits of the answer …
  uint64_t mask = 0;                            // … and which they are
  for (unsigned shift = 64; shift > 0;) {
    shift -= 4;
    std::array<int64_t, 16> samples{};
    each([&](uint64_t key) {
      if ((key & mask) == known) ++samples[(key >> shift) & 15U];
    });
    size_t digit = 0;
    while (digit < 15 && rank > samples[digit]) rank -= samples[digit++];
    known |= static_cast<uint64_t>(digit) << shift;
    mask |= 15ULL << shift;
    if (samples[digit] > 1) continue;
    each([&](uint64_t key) {  // a single one is left
      if ((key & mask) == known) known = key;
    });
    break;
  }
  return number(known);
}

}  // namespace cbench
