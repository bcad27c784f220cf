// UTF-8 as Arrow wants it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cbench::trace {

/// Length of the longest prefix that is UTF-8 (Unicode 15, table 3-7).
size_t utf8_prefix(std::string_view text);
/// `text` with every byte that is not part of UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace cbench::trace
