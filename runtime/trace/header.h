// The trace's header as the key-value metadata of an Arrow schema, and back.
#pragma once

#include "compiler/base/result.h"
#include "runtime/trace/encode.h"
#include "runtime/trace/trace.h"

namespace cbench::trace {

/// Keys begin with `cbench.`; texts stand as they are, lists and objects as JSON. The checksum is not among
/// them.
Metadata to_metadata(const TraceHeader& header);

/// Inverse of to_metadata; keys of others are ignored. Errors (Invalid): not a trace of cbench, a newer
/// version, a value that is absent or cannot be read. `path` is for messages.
Result<TraceHeader> header_from_metadata(const std::string& path, const Metadata& metadata);

}  // namespace cbench::trace
