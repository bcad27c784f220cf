// LiveFigures: what is going on, as the loop's thread hands it to the one that shows it: plain figures of
// a fixed size.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/loop/run.h"

namespace cbench {

struct SlotFigures {
  ContainerState state = ContainerState::Waiting;
  bool paused = false;
  int32_t cls = -1;  ///< -1: the root group
  CpuSet cpus;
  int exit_code = 0;
  bool exited = false, stopped = false, oom = false;
  uint64_t points = 0;  ///< how many CPU figures have come: one more, and there is a new one
  bool sampled = false;
  /// Over the last span of kSpanNs or of a sampling period, the longer one. NaN: not measured.
  double cpu_percent = std::numeric_limits<double>::quiet_NaN();
  double ipc = std::numeric_limits<double>::quiet_NaN();
  double memory_bytes = std::numeric_limits<double>::quiet_NaN();
};

struct LiveFigures {
  int64_t at_ns = 0;  ///< CLOCK_MONOTONIC, when they were handed over
  int64_t elapsed_ns = 0;
  size_t waiting = 0, running = 0, ended = 0;
  int64_t steps = 0, missed_steps = 0;
  bool controlled = false;  ///< a policy acts: `cls` is known
  std::vector<SlotFigures> slots;
};

/// Sums samples up, on the loop's thread. It allocates nothing after its construction, and makes no system
/// call.
class FigureTap {
 public:
  /// Faster than this figures cannot be read.
  static constexpr int64_t kSpanNs = 500'000'000;

  explicit FigureTap(const RunSpec& spec);
  void take(const Frame& frame);
  /// Brings `figures` up to date.
  void fill(const RunObserver::Progress& progress, LiveFigures& figures);

 private:
  struct Sums {
    int64_t stale_after_ns = 0;  ///< without a value for so long it is not measured
    int64_t begun_ns = -1;       ///< first sample of the span; -1: none yet
    int64_t last_ns = -1;        ///< newest sample
    int64_t cpu_from_ns = -1, cpu_at_ns = -1;
    double cpu_from = 0, cpu_at = 0;  ///< CPU time used
    double instructions = 0, cycles = 0, memory = std::numeric_limits<double>::quiet_NaN();
    int64_t ipc_ns = -1, memory_ns = -1;  ///< when each had a value last
  };
  void close_span(Sums& sums, SlotFigures& slot) const;

  std::vector<Sums> sums_;  ///< [slot]
};

}  // namespace cbench
