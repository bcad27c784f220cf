// What the twins in C++ have in common. State begins as zeros, and so a time is kept as its ns + 1: 0 is
// never.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "stdlib/abi/abi.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench::twins {

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kStep =
    kSecond / 10;  ///< of the runs that the twins are made for, and the period of their metrics
inline constexpr int64_t kFresh = kStep + kStep / 2;  ///< a stream's value that is older is missing
inline constexpr abi::i32 kEverywhere = -1;           ///< in all L3 domains
inline constexpr abi::i32 kWarn = 2;                  ///< level of a log line

/// The samples of the last second: 10 at a step of 100 ms, and two more for steps that come early.
struct Ring {
  static constexpr int32_t kCapacity = 12;
  struct Sample {
    int64_t at;
    double value;
  };

  void push(int64_t at, double value) {
    samples[next] = {at, value};
    if (++next == kCapacity) next = 0;
    if (filled < kCapacity) ++filled;
  }
  /// Of what is newer than `cutoff`, added up from the oldest on; nothing of fewer than 3.
  [[nodiscard]] std::optional<double> mean(int64_t cutoff) const {
    double sum = 0;
    int64_t count = 0;
    int32_t i = next - filled;
    if (i < 0) i += kCapacity;
    for (int32_t k = 0; k < filled; ++k) {
      if (samples[i].at > cutoff) {
        sum += samples[i].value;
        ++count;
      }
      if (++i == kCapacity) i = 0;
    }
    const double mean = sum / static_cast<double>(count);
    if (count < 3 || !std::isfinite(mean)) return std::nullopt;
    return mean;
  }

  int32_t next, filled;
  Sample samples[kCapacity];
};

/// Since when a condition holds, for `when … for`.
struct Held {
  /// It holds now: has it for so long, without a gap?
  bool holds(int64_t now1, int64_t length) {
    const int64_t patience = length > 2 * kStep ? length : 2 * kStep;
    if (since == 0 || now1 - seen > patience) since = now1;
    seen = now1;
    return now1 - since >= length;
  }
  void restart() { since = 0; }

  int64_t since, seen;
};

/// False while it rests; otherwise it fires now.
inline bool cooled(int64_t& fired, int64_t now1, int64_t rest) {
  if (fired != 0 && now1 - fired < rest) return false;
  fired = now1;
  return true;
}

/// A latch with two thresholds; with on < off it watches for small values.
inline bool schmitt(bool latch, double x, double on, double off) {
  if (on >= off) return x > on || (latch && !(x < off));
  return x < on || (latch && !(x > off));
}

inline bool due(uint8_t status) { return static_cast<Status>(status) != Status::NotDue; }
inline bool measured(uint8_t status) { return has_value(static_cast<Status>(status)); }

}  // namespace cbench::twins
