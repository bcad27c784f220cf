// What the commands are given: benchmarks, policies and parameters, loaded with their errors shown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/config/config.h"
#include "compiler/pipeline/pipeline.h"
#include "runtime/driver/console.h"
#include "runtime/trace/trace.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// A bench.yml, its texts and what they say.
struct Bench {
  SourceSet sources;
  RunSpec spec;
};
Result<Bench> load_bench(const std::string& path, Console& console,
                         const Overrides& overrides = {});
/// The benchmark that a trace recorded. `environment` answers for variables that the trace leaves out.
Result<Bench> recorded_bench(const TraceHeader& header, const Environment& environment, Console& console);

/// A policy's text in a SourceSet.
struct PolicySource {
  uint32_t source = 0;
  std::string path;  ///< as given, or `stock:NAME`
};
/// `name` is a file, or where no such file exists, a stock policy.
Result<PolicySource> load_policy(SourceSet& sources, const std::string& name);
/// The policy that a run uses: `given` on the command line, else the benchmark's; nullopt: none is named.
Result<std::optional<PolicySource>> choose_policy(Bench& bench, const std::string& given);

/// "k=v" of the command line. Errors: no `=` (Usage).
Result<std::vector<std::pair<std::string, std::string>>> parse_params(const std::vector<std::string>& given);
/// The benchmark's parameters, then those of the command line, which win.
std::vector<ParamSetting> all_params(const RunSpec& spec,
                                     const std::vector<std::pair<std::string, std::string>>& given);

/// compile_policy with its diagnostics shown.
Result<CompiledPolicy> compile(const SourceSet& sources, const PolicySource& policy,
                               const CompileTarget& target, Console& console);

}  // namespace cbench
