// Small files of /proc and /sys as text and numbers. For set-up only: these allocate, the sampling path does
// not use them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbench {

/// The whole file; nullopt when it cannot be read.
std::optional<std::string> read_text(const std::string& path);
/// The first line without its end and without blanks at either side; "" when the file cannot be read.
std::string read_line(const std::string& path);
/// The first line as an unsigned number of `base`; nullopt when it is none.
std::optional<uint64_t> read_number(const std::string& path, int base = 10);

/// All of `text` as an unsigned number, without sign, blanks or prefix; nullopt otherwise.
std::optional<uint64_t> parse_number(std::string_view text, int base = 10);
std::string_view trimmed(std::string_view text);
/// The fields between `separator`; blanks round them are dropped, empty fields are kept.
std::vector<std::string_view> fields(std::string_view text, char separator);
std::vector<std::string_view> fields(std::string&& text,
                                     char separator) = delete;  // the views would outlive the text

}  // namespace cbench
