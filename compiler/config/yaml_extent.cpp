// Where a YAML scalar ends: yaml-cpp tells only where it begins.
#include <algorithm>

#include "compiler/config/yaml.h"

namespace cbench::config {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
bool is_blank(char c) { return kBlank.find(c) != std::string_view::npos; }

/// Skips `&anchor` and `!tag`, which stand before the scalar that they belong to.
size_t skip_properties(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    at = std::min(text.find_first_of(kBlank, at), text.size());
    at = std::min(text.find_first_not_of(kBlank, at), text.size());
  }
  return at;
}

/// npos when the quote is never closed.
size_t quoted_end(std::string_view text, size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != quote) return at + 1;
      ++at;  // '' stands for one quote
    }
  }
  return std::string_view::npos;
}

/// A plain scalar has no escapes: apart from blanks, where lines are folded, the text is the value.
size_t plain_end(std::string_view text, size_t at, std::string_view value) {
  size_t end = at;
  for (const char c : value) {
    if (is_blank(c)) continue;
    while (at < text.size() && is_blank(text[at])) ++at;
    if (at >= text.size() || text[at] != c) break;
    end = ++at;
  }
  return end;
}

/// A block scalar goes on to the first line that is indented less than its content.
size_t block_end(std::string_view text, size_t at, size_t indent) {
  const size_t header = std::min(text.find('\n', at), text.size());
  size_t content = 0;  // not known yet
  for (const char c : text.substr(at, std::min<size_t>(3, header - at)))
    if (c >= '1' && c <= '9') content = indent + static_cast<size_t>(c - '0');
  size_t end = header;
  for (size_t line = header + 1; line < text.size();) {
    const size_t line_end = std::min(text.find('\n', line), text.size());
    const size_t first = std::min(text.find_first_not_of(' ', line), line_end);
    const bool empty = first == line_end || text[first] == '\r';
    if (!empty) {
      if (content == 0) content = std::max<size_t>(1, first - line);
      if (first - line < content || first - line <= indent) break;
      end = line_end;
    }
    line = line_end + 1;
  }
  while (end > at && is_blank(text[end - 1])) --end;
  return end;
}

}  // namespace

std::optional<Span> scalar_extent(std::string_view text, uint32_t source, size_t start,
                                  std::string_view value, size_t indent) {
  const size_t begin = skip_properties(text, std::min(start, text.size()));
  size_t end = begin;
  if (begin < text.size()) {
    switch (text[begin]) {
      case '\'':
      case '"':
        end = quoted_end(text, begin);
        break;
      case '|':
      case '>':
        end = block_end(text, begin, indent);
        break;
      default:
        end = plain_end(text, begin, value);
    }
  }
  if (end == std::string_view::npos) return std::nullopt;
  return Span{source, static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
}

}  // namespace cbench::config
