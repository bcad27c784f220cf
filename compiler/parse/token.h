// What the parser found instead of what it wished for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cbench::parsing {

enum class FoundKind : uint8_t { Word, Number, Text, Sign, LineEnd, FileEnd };

/// The token at a place, for messages: coarser than the grammar's tokens.
struct Found {
  FoundKind kind = FoundKind::FileEnd;
  size_t begin = 0, end = 0;
  std::string_view text;
};

/// The token at `at`, after blanks; LineEnd before a newline or comment.
Found found_at(std::string_view text, size_t at);
/// The word or sign that ends before `at`, blanks apart; empty at the beginning of a line.
std::string_view word_before(std::string_view text, size_t at);
/// The end of the code before `at`: blanks, comments and line ends between are left out.
size_t code_end_before(std::string_view text, size_t at);
/// "`x`", "the reserved word `for`", "the end of the line"
std::string describe(const Found& found);

}  // namespace cbench::parsing
