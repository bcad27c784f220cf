// The escaping rules of InfluxDB line protocol, and where one point's text ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cbench {

/// Longest string that one field holds, in bytes; InfluxDB's limit is 64 KB.
inline constexpr size_t kMaxFieldText = 65'535;

/// All texts become UTF-8: bytes that are none of it are replaced by U+FFFD, as in a trace.

/// Appends `,key=value`; nothing for an empty value, which line protocol does not allow. Comma, equals sign
/// and blank are escaped. Line protocol has no way to write a line break in a tag, and servers disagree about
/// a backslash before a special character or at the end: control characters become a blank, backslashes a
/// slash.
void append_tag(std::string_view key, std::string_view value, std::string& out);

/// Append `,name=value`. A text longer than kMaxFieldText goes on, cut between UTF-8 characters, in `name_2`,
/// `name_3` …; a number that is not finite is left out.
void append_field(std::string_view name, std::string_view text, std::string& out);
void append_field(std::string_view name, int64_t value, std::string& out);
void append_field(std::string_view name, double value, std::string& out);
void append_flag(std::string_view name, bool value, std::string& out);

/// Offset just behind the line break that ends the point which starts at `begin`; the text's size when there
/// is none. Line breaks inside a string field belong to the point.
size_t point_end(std::string_view lines, size_t begin);
/// Number of points; empty lines are none.
uint64_t count_points(std::string_view lines);

}  // namespace cbench
