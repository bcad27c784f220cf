// Where a run's files go: results/<name>/<run-id>/ with the trace and the containers' output, and `latest`
// beside it.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/spec.h"

namespace cbench {

struct RunFolder {
  std::string path;               ///< exists
  std::string trace;              ///< does not exist yet
  std::vector<std::string> made;  ///< folders that were not there before, the innermost first
  std::string latest;             ///< the link that is to point to it; empty: none
};
/// Where the results of a benchmark are: results/<name>.
std::string results_of(const RunSpec& spec);
/// `trace`: where -o wants the trace; empty: in the folder. `prefix`: of a run of an experiment, what stands
/// before its id; empty: it is alone. Errors: cannot be made (RunFailed), trace exists (Usage).
Result<RunFolder> make_run_folder(const RunSpec& spec, const std::string& run_id, const std::string& trace,
                                  const std::string& prefix = "");

/// Makes a folder and those above it. Errors: RunFailed.
Result<> make_folders(const std::string& folder);
/// Points `latest` at it: once there is something to see.
void point_latest(const RunFolder& folder);
/// Removes the folders that were made for a run and have nothing in them.
void remove_empty(const RunFolder& folder);

}  // namespace cbench
