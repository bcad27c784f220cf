// A RunSpec as stable text, for golden files and for comparing two of them.
#pragma once

#include <string>

#include "compiler/base/source.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// One line a value, with line:column where the spec knows it. Secrets are shown as "set" only.
std::string dump(const RunSpec& spec, const SourceSet& sources);

}  // namespace cbench
