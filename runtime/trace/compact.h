// Compaction: a finished trace's small batches are rewritten as large ones, which analyses read faster.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/trace/column.h"

namespace cbench::trace {

/// Size of a compacted batch: enough for readers, little for the memory of the process that samples.
inline constexpr size_t kCompactBytes = 2 << 20;

/// Rewrites the finished trace `path` through a temporary file. All dictionaries stand before the first
/// batch, once, so that even readers without dictionary replacement read it. Errors: disk full and the like;
/// `path` is then as it was.
Result<> compact(const std::string& path, const std::vector<Field>& fields,
                 const std::vector<Dictionary>& dictionaries);

}  // namespace cbench::trace
