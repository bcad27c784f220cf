// Runs a policy's tests: its native code on the frames that a test feeds, through the same shadow and
// settlement as a dry-run.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline/pipeline.h"
#include "runtime/driver/sources.h"
#include "stdlib/abi/decision.h"

namespace cbench {

/// What a CSV file feeds: a row a step.
struct FedFrames {
  std::vector<std::vector<TestCell>> steps;
};
/// Reads a CSV file: a header of metrics (`A.perf.llc_mpki`) and rows of numbers, with or without a unit;
/// nothing is missing. Errors: unreadable, or not of this form (Invalid), with file and line.
Result<FedFrames> read_frames(const std::string& path, const std::vector<Metric>& own);

struct TestOutcome {
  Plan plan;
  std::vector<Decision> decisions;
  std::vector<const TestExpectation*> unmet;  ///< of the test
  std::string stopped;  ///< why the policy stopped although the test expects no `stop`; empty: it did not
  [[nodiscard]] bool passed() const { return unmet.empty() && stopped.empty(); }
};
/// Runs one test. `folder` is where its CSV files are. Errors: a CSV file, an unknown container (Invalid),
/// diagnostics that were shown.
Result<TestOutcome> run_test(const SourceSet& sources, const PolicySource& policy, const TestCase& test,
                             const std::string& folder, const std::vector<ParamSetting>& params,
                             Console& console);

}  // namespace cbench
