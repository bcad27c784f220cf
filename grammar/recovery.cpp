#include "grammar/recovery.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace cbench::grammar {
namespace {

constexpr std::string_view kDeclarations[] = {"policy", "param", "class", "group",    "enum",  "state",
                                              "stream", "fn",    "when",  "on",       "every", "task",
                                              "use",    "test",  "needs", "optional", "acts"};

std::string_view word_at(const char* at, const char* end) {
  const char* to = at;
  if (to != end && starts_word(*to))
    while (to != end && in_word(*to)) ++to;
  return {at, static_cast<size_t>(to - at)};
}

const char* skip_comment(const char* at, const char* end) {
  while (at != end && *at != '\n') ++at;
  return at;
}

/// After the text that begins at `at`, whose interpolations may hold texts; null when it does not end on its
/// line.
const char* skip_whole_text(const char* at, const char* end, int depth) {
  constexpr int kMaxTexts = 8;
  int braces = 0;
  for (++at; depth < kMaxTexts && at != end && *at != '\n'; ++at) {
    const bool doubled = at + 1 != end && at[1] == *at;
    if (*at == '"') {
      if (braces == 0) return at + 1;
      at = skip_whole_text(at, end, depth + 1);
      if (at == nullptr) return nullptr;
      --at;
    } else if (*at == '\\' && at + 1 != end && at[1] != '\n') {
      ++at;
    } else if (*at == '{') {
      if (doubled && braces == 0)
        ++at;
      else
        ++braces;
    } else if (*at == '}' && braces > 0) {
      --braces;
    }
  }
  return nullptr;
}

/// After the text that begins at `at`. One that does not end reaches to the last quote on its line, or to its
/// end.
const char* skip_text(const char* at, const char* end) {
  if (const char* after = skip_whole_text(at, end, 0); after != nullptr) return after;
  const char* last = nullptr;
  for (++at; at != end && *at != '\n'; ++at)
    if (*at == '"') last = at + 1;
  return last != nullptr ? last : at;
}

/// After the comment or text that begins at `at`; `at` where neither does.
const char* skip_opaque(const char* at, const char* end) {
  return *at == '#' ? skip_comment(at, end) : *at == '"' ? skip_text(at, end) : at;
}

bool begins_line(const char* begin, const char* at) {
  while (at != begin && (at[-1] == ' ' || at[-1] == '\t')) --at;
  return at == begin || at[-1] == '\n';
}

/// Blanks before the first thing on the line of `at`.
size_t indentation(const char* begin, const char* at) {
  while (at != begin && at[-1] != '\n') --at;
  const char* first = at;
  while (*first == ' ' || *first == '\t') ++first;
  return static_cast<size_t>(first - at);
}

/// An open `(` is forgotten when the code after `line_end` cannot belong to it: it is indented no further
/// than the statement, or begins with a word that begins statements.
bool closes_parens(const char* begin, const char* statement, const char* line_end, const char* end) {
  const char* at = ws::skip_blanks(line_end, end, true);
  if (at == end || *at == '}') return true;
  if (*at == ')') return false;
  if (indentation(begin, at) <= indentation(begin, statement)) return true;
  constexpr std::string_view kInside[] = {"not", "and", "or", "in", "true", "false", "over", "where"};
  const std::string_view word = word_at(at, end);
  if (!is_reserved(word) || std::find(std::begin(kInside), std::end(kInside), word) != std::end(kInside))
    return false;
  const char* after = ws::skip_blanks(at + word.size(), end, false);
  return after == end || *after != ':';  // `on: hi` is an argument
}

}  // namespace

bool begins_declaration(const char* begin, const char* at, const char* end) {
  // In this order: asked at each character of a long word, it must not read the word each time.
  if (at == end || !starts_word(*at) || !begins_line(begin, at)) return false;
  const std::string_view word = word_at(at, end);
  const char* after = ws::skip_blanks(at + word.size(), end, false);
  const std::string_view rest(after, static_cast<size_t>(end - after));
  for (const std::string_view name_of :
       {":", "=", "+=", "-=", "."})  // an argument `on: hi`, or a misused word
    if (rest.starts_with(name_of)) return false;
  for (const std::string_view declaration : kDeclarations)
    if (word == declaration) return true;
  return false;
}

const char* end_of_statement(const char* begin, const char* at, const char* end) {
  int parens = 0;
  int braces = 0;
  const char* const start = at;
  while (at != end) {
    if (at != start && begins_declaration(begin, at, end)) return at;
    if (const char* after = skip_opaque(at, end); after != at) {
      at = after;
      continue;
    }
    switch (*at) {
      case '(':
        ++parens;
        break;
      case ')':
        parens -= parens > 0 ? 1 : 0;
        break;
      case '{':
        ++braces;
        break;
      case '}':
        if (braces == 0) return at;
        --braces;
        break;
      case ';':
        if (braces == 0) return at;
        break;
      case '\n':
        if (parens > 0 && closes_parens(begin, start, at, end)) parens = 0;
        if (braces == 0 && parens == 0 && word_at(ws::skip_blanks(at, end, true), end) != "else") return at;
        break;
      default:
        break;
    }
    ++at;
  }
  return end;
}

const char* next_declaration(const char* begin, const char* at, const char* end) {
  int braces = 0;
  const char* const start = at;
  while (at != end) {
    if (at != start && begins_declaration(begin, at, end)) return at;
    if (const char* after = skip_opaque(at, end); after != at) {
      at = after;
      continue;
    }
    switch (*at) {
      case '{':
        ++braces;
        break;
      case '}':
        braces -= braces > 0 ? 1 : 0;
        break;
      case '\n':
        // A misspelt declaration is one too: a word in the first column, outside braces.
        if (braces == 0 && at + 1 != end && starts_word(at[1])) return at + 1;
        break;
      default:
        break;
    }
    ++at;
  }
  return end;
}

const char* brace_of_body(const char* at, const char* end) {
  int parens = 0;
  const char* first = nullptr;
  for (; at != end && *at != '\n'; ++at) {
    if (*at == '#') break;
    if (*at == '"') {
      at = skip_text(at, end) - 1;
    } else if (*at == '(') {
      ++parens;
    } else if (*at == ')') {
      --parens;
    } else if (*at == '{') {
      const char* after = ws::skip_blanks(at + 1, end, false);
      if (after == end || *after == '\n' || *after == '\r' || *after == '#') return at;
      if (first == nullptr && parens <= 0) first = at;
    }
  }
  return first;
}

}  // namespace cbench::grammar
