// A run for a policy and its twins: containers, host, and frames with random values of the policy's one
// metric.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/pipeline/pipeline.h"
#include "runtime/dataframe/frame.h"

namespace cbench::twins {

struct Stage {
  Stage(const std::string& policy, size_t containers);
  Stage(const Stage&) = delete;

  /// A load that wanders between low, middle and high, each container's on its own, with a few gaps; the same
  /// for the same seed. Steps and times are the caller's.
  [[nodiscard]] std::vector<Frame> frames(size_t count, uint64_t seed) const;

  RunSpec spec;
  HostFacts facts;
  std::vector<Metric> columns;
  CompiledPolicy compiled;

 private:
  double low_, middle_, high_, weather_;
};

}  // namespace cbench::twins
