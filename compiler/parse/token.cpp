#include "compiler/parse/token.h"

#include <fmt/format.h>

#include "grammar/words.h"

namespace cbench::parsing {
namespace {

constexpr std::string_view kSigns[] = {"==", "!=", "<=", ">=", "&&", "||", "->", "=>", "..", "??",
                                       "+=", "-=", "*=", "/=", "++", "--", "//", "/*", ":="};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

size_t sign_length(std::string_view rest) {
  for (const std::string_view sign : kSigns)
    if (rest.starts_with(sign)) return 2;
  size_t length = 1;
  while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0U) == 0x80U) ++length;
  return length;
}

}  // namespace

Found found_at(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  if (at >= text.size()) return {FoundKind::FileEnd, text.size(), text.size(), {}};
  const char first = text[at];
  if (first == '\n' || first == '\r' || first == '#') return {FoundKind::LineEnd, at, at, {}};
  size_t end = at;
  FoundKind kind = FoundKind::Sign;
  if (grammar::starts_word(first) || is_digit(first)) {
    kind = is_digit(first) ? FoundKind::Number : FoundKind::Word;
    while (end < text.size() && grammar::in_word(text[end])) ++end;
  } else {
    if (first == '"') kind = FoundKind::Text;
    end += sign_length(text.substr(at));
  }
  return {kind, at, end, text.substr(at, end - at)};
}

std::string_view word_before(std::string_view text, size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  size_t begin = at;
  while (begin > 0 && grammar::in_word(text[begin - 1])) --begin;
  if (begin == at && begin > 0 && text[begin - 1] != '\n') --begin;
  return text.substr(begin, at - begin);
}

size_t code_end_before(std::string_view text, size_t at) {
  size_t end = at;
  while (true) {
    const size_t newline = text.substr(0, end).rfind('\n');
    const size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    size_t code = line;  // the end of the line's last token
    bool quoted = false;
    for (size_t i = line; i < end && (quoted || text[i] != '#'); ++i) {
      if (text[i] == '"') quoted = !quoted;
      if (text[i] == '\\' && quoted) ++i;
      if (i < end && text[i] != ' ' && text[i] != '\t' && text[i] != '\r') code = i + 1;
    }
    if (code > line || line == 0) return code;
    end = line - 1;
  }
}

std::string describe(const Found& found) {
  switch (found.kind) {
    case FoundKind::FileEnd:
      return "the end of the file";
    case FoundKind::LineEnd:
      return "the end of the line";
    case FoundKind::Text:
      return "a text";
    case FoundKind::Word:
      if (grammar::is_reserved(found.text)) return fmt::format("the reserved word `{}`", found.text);
      break;
    default:
      break;
  }
  return fmt::format("`{}`", found.text);
}

}  // namespace cbench::parsing
