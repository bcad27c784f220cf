// What yaml-cpp must not be given: bytes that it would read as the end of the text, and texts that take it
// too long.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cbench::config {

struct BadText {
  size_t offset = 0;
  std::string message;
};

/// The first thing that keeps `text` from being read as YAML: bytes that are not UTF-8, control characters,
/// brackets and colons without end.
std::optional<BadText> find_bad_text(std::string_view text);

}  // namespace cbench::config
