// The lines of a formatted policy before they are text.
#pragma once

#include <string>
#include <vector>

#include "compiler/format/tokens.h"

namespace cbench::format {

struct Line {
  size_t indent = 0;
  bool blank_before = false;
  size_t begin = 0, end = 0;  ///< its tokens, without a trailing comment
  std::string text;           ///< without indentation and comment
  std::string_view comment;   ///< behind the text, or all of the line; empty without
  [[nodiscard]] bool only_comment() const { return begin == end; }
};

/// A blank between two tokens of a line.
bool spaced(const Token& before, const Token& token);
std::string_view trimmed(std::string_view comment);

/// Where lines break, and how far they are indented. The newlines of a `;` that is left out go to the token
/// behind it.
std::vector<Line> lines_of(std::vector<Token>& tokens);
/// Aligns the columns of adjacent declarations of one kind.
void align(std::vector<Line>& lines, const std::vector<Token>& tokens);

}  // namespace cbench::format
