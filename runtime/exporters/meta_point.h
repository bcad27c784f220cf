// The fields of benchmark_meta: what was run, on what, and how it ended.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/trace/trace.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// What is known at the end only.
struct MetaTotals {
  /// Containers that started and what their image is: its digest in a registry, else its id.
  std::vector<std::pair<std::string, std::string>> images;
  int64_t measurements = 0;  ///< values
  int64_t bytes = 0;         ///< of line protocol
};

/// `,field=value…` of what is known when a run begins.
std::string meta_head(const RunSpec& spec, const TraceHeader& header, const HostFacts& facts);
/// Appends those of its end.
void append_meta_end(const TraceEnd& end, const MetaTotals& totals, std::string& out);

}  // namespace cbench
