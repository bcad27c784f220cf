// A policy on hand-made frames, through the real compiler, its code and the shadow: feeds samples, collects
// decisions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/codegen/codegen.h"
#include "compiler/pipeline/pipeline.h"
#include "runtime/policy/policy.h"

namespace cbench::test {

// The metrics that most tests feed.
inline constexpr Metric kCpu = Metric::docker_cpu_usage_percent;
inline constexpr Metric kMemory = Metric::docker_memory_usage;
inline constexpr Metric kMpki = Metric::perf_llc_mpki;
inline constexpr Metric kPids = Metric::docker_pids;

/// One cell of a frame.
struct Sample {
  std::string container;
  Metric metric{};
  double value = 0;
  Status status = Status::Ok;
};

class Scene {
 public:
  explicit Scene(std::vector<std::string> containers);

  // The world, before compile().
  int64_t step_ms = 100;
  RunSpec spec;
  HostFacts facts;
  std::vector<ParamSetting> params;
  std::vector<Metric> absent;  ///< that no container is sampled for: the frame has no column
  Codegen codegen = generate;
  void with_rdt(uint32_t ways = 11, uint32_t closids = 16);

  /// Compiles; the rendered diagnostics, empty when all is well.
  std::string compile(const std::string& policy);
  /// Compiles, begins and starts every container; the test fails on diagnostics.
  void play(const std::string& policy);

  PolicyInstance::Verdict begin();
  PolicyInstance::Verdict admit(const std::string& container);
  PolicyInstance::Verdict start(const std::string& container);
  PolicyInstance::Verdict stop(const std::string& container);
  PolicyInstance::Verdict end();
  /// The next step, `steps` periods after the last. What is not given is Unavailable.
  PolicyInstance::Verdict step(const std::vector<Sample>& samples, int64_t steps = 1);
  /// `n` steps with the same samples.
  void run(int n, const std::vector<Sample>& samples);

  /// Every decision so far: "3: move A -> jail", with " (refused: …)" and the like.
  std::vector<std::string> log;
  /// The decisions of the last call.
  [[nodiscard]] const std::vector<Decision>& last() const { return instance->decisions(); }
  [[nodiscard]] int32_t slot(const std::string& container) const;
  bool apply = true;  ///< changes are made real at once

  std::optional<CompiledPolicy> compiled;
  std::unique_ptr<Frame> frame;
  std::unique_ptr<PolicyInstance> instance;
  SourceSet sources;

 private:
  PolicyInstance::Verdict call(abi::Event event, int32_t slot = -1);
};

/// A policy header before the text, so that tests show what they are about.
std::string policy(const std::string& body);

}  // namespace cbench::test
