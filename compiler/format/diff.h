// What formatting changes, for people and for `patch`.
#pragma once

#include <string>
#include <string_view>

namespace cbench {

/// The difference of two texts as a unified diff with three lines of context, as `diff -u` prints it; empty
/// when they are equal. `path` names both sides.
std::string unified_diff(const std::string& path, std::string_view before, std::string_view after);

}  // namespace cbench
