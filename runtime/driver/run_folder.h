// Where a run's files go: results/<name>/<run-id>/ with the trace and the containers' output, and `latest`
// beside it.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "stdlib/abi/spec.h"

namespace cbench {

struct RunFolder {
  std::string path;   ///< exists
  std::string trace;  ///< does not exist yet
};
/// `trace`: where -o wants the trace; empty: in the folder. Errors: cannot be made (RunFailed), trace exists
/// (Usage).
Result<RunFolder> make_run_folder(const RunSpec& spec, const std::string& run_id, const std::string& trace);

}  // namespace cbench
