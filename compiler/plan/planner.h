// The planner's working state, shared by plan.cpp and places.cpp; not for other folders.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/plan/plan.h"

namespace cbench::plan {

class Planner {
 public:
  Planner(const check::Program& program, const SourceSet& sources, const CompileTarget& target,
          Diagnostics& diagnostics)
      : program_(program),
        sources_(sources),
        target_(target),
        spec_(*target.spec),
        facts_(*target.facts),
        diagnostics_(diagnostics) {
    planned_.program = &program;
  }

  std::optional<Planned> run();

 private:
  void describe();
  void place_periods();
  /// Is it read or done on this host? Not so what stands under an `if host.mb_kind == …` of another.
  [[nodiscard]] bool counts(Metric metric) const;
  [[nodiscard]] bool counts(Verb verb) const;
  void fix_constants();
  void check_metrics();
  void place_streams();
  void place_temporal(uint32_t id, uint32_t n, int64_t period);
  void place_states_and_rules();
  void place_classes();
  void check_work();
  void check_rdt();
  void silence_rules();
  [[nodiscard]] int64_t longest(check::NodeId length) const;
  uint64_t take(uint64_t bytes) {
    const uint64_t at = planned_.plan.state_bytes;
    planned_.plan.state_bytes += (bytes + 15) / 16 * 16;
    return at;
  }

  const check::Program& program_;
  const SourceSet& sources_;
  const CompileTarget& target_;
  const RunSpec& spec_;
  const HostFacts& facts_;
  const check::HostKinds here_ = check::only(facts_.rdt.mb_kind());
  Diagnostics& diagnostics_;
  Planned planned_;
  /// A time between two samples, and the longest and shortest that it may be changed to by `sample`.
  struct Period {
    int64_t shortest = 0, longest = 0;
  };
  [[nodiscard]] Period period_of(const Sampling& sampling, MetricGroup group) const;
  std::vector<int64_t> sampled_ns_;                 ///< that a container may be set to, ascending
  std::vector<std::vector<Period>> stream_period_;  ///< [stream][slot]
};

}  // namespace cbench::plan
