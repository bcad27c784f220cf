// The bytes that a policy may consist of.
#pragma once

#include <string_view>

#include "compiler/base/diagnostic.h"

namespace cbench::parsing {

/// Reports (CB0105) what is not UTF-8, and control characters other than tab and line ends. True: all is
/// well.
bool check_encoding(std::string_view text, uint32_t source, Diagnostics& diagnostics);

}  // namespace cbench::parsing
