// What words are made of, which of them cannot be names, and how deep a policy may nest. Without PEGTL.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace cbench::grammar {

/// Levels to which blocks, brackets and operators may nest, so that neither the parser nor those who walk the
/// syntax tree exhaust the stack.
inline constexpr uint32_t kMaxDepth = 200;

constexpr bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool in_word(char c) { return starts_word(c) || (c >= '0' && c <= '9'); }

/// Sorted. Words that mean something in one place only (`default`, `begin`, `rest`, `min`, `warn` …) are not
/// reserved.
inline constexpr std::array<std::string_view, 58> kReserved = {
    "acts",   "and",    "annotate", "class", "cooldown", "each",   "else",   "emit",    "enum",   "every",
    "expect", "false",  "feed",     "fn",    "for",      "group",  "has",    "if",      "in",     "keep",
    "layout", "let",    "log",      "loop",  "match",    "move",   "needs",  "not",     "on",     "optional",
    "or",     "over",   "param",    "pause", "pin",      "policy", "reject", "repeat",  "resume", "return",
    "revert", "sample", "state",    "stop",  "stream",   "task",   "test",   "timeout", "to",     "trial",
    "true",   "try",    "until",    "use",   "vote",     "wait",   "when",   "where"};

constexpr bool is_reserved(std::string_view word) {
  return std::binary_search(kReserved.begin(), kReserved.end(), word);
}

}  // namespace cbench::grammar
