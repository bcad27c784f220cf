// The documentation of the standard library, from the comments in its modules.
#pragma once

#include <string>
#include <string_view>

namespace cbench {

/// What `cbench explain std.NAME` prints of a module: what it is for, an example, and each function with its
/// comment. Empty when there is no such module.
std::string explain_module(std::string_view name);
/// docs/stdlib.md: all modules.
std::string stdlib_page();

}  // namespace cbench
