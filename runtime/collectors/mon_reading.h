// What one sample reads of a monitoring group: each event in each L3 domain and node, and over all domains.
#pragma once

#include <array>
#include <vector>

#include "runtime/collectors/mon_group.h"

namespace cbench {

struct MonRate {
  double bytes_per_second = 0;
  Status status = Status::Unsupported;
};

class MonReading {
 public:
  using Events = std::array<bool, kMonEvents>;

  /// Reads the events that are `wanted`, of all the group's sources. Allocates nothing but for the first
  /// time.
  void take(const MonGroup& group, const Events& wanted);

  [[nodiscard]] int64_t time_ns() const { return time_ns_; }  ///< CLOCK_MONOTONIC
  /// The sum over domains; what one of them lacks, it lacks.
  [[nodiscard]] const MonValue& sum(MonEvent event) const { return sums_[static_cast<size_t>(event)]; }
  /// Of one source; Unsupported where the group has no such source.
  [[nodiscard]] MonValue of(MonEvent event, bool node, uint32_t id) const;
  /// A byte counter's rate since `last`, over all domains or of one source. Unavailable when there is no
  /// difference, or when a count went back: an RMID's counter that was reassigned, or has wrapped around.
  /// Error when no memory is that fast (kMostBandwidth): a counter that jumped.
  [[nodiscard]] MonRate rate(MonEvent event, const MonReading& last) const;
  [[nodiscard]] MonRate rate(MonEvent event, const MonReading& last, bool node, uint32_t id) const;

 private:
  struct Value {
    bool node;
    uint32_t id;
    std::array<MonValue, kMonEvents> values;
  };
  int64_t time_ns_ = 0;
  std::array<MonValue, kMonEvents> sums_{};
  std::vector<Value> values_;
};

/// No L3 domain has 10 TB/s to memory: twelve channels of DDR5-8800 have 0.85, HBM3 stacks beside a CPU
/// about 2.
inline constexpr double kMostBandwidth = 1e13;

}  // namespace cbench
