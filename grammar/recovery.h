// Where the parser goes on after an error: these rules skip text without understanding it.
#pragma once

#include "grammar/tokens.h"

namespace cbench::grammar {

/// The first word of a declaration stands at `at`, which is the first thing on its line.
bool begins_declaration(const char* begin, const char* at, const char* end);
/// The end of the statement that begins at `at`: before a newline or `;` outside brackets, the `}` that
/// closes the block around it, or the next declaration.
const char* end_of_statement(const char* begin, const char* at, const char* end);
/// The next line after `at` that begins a declaration, or `end`.
const char* next_declaration(const char* begin, const char* at, const char* end);
/// The `{` of the body whose head begins at `at`, on the same line; null when there is none.
const char* brace_of_body(const char* at, const char* end);

/// A rule that goes to the place that a function finds; it fails without one, and where it would not move.
template <auto Find>
struct skip_to {
  using rule_t = skip_to;
  using subs_t = peg::empty_list;
  static bool match(Input& in) {
    const char* to = Find(in.begin(), in.current(), in.end());
    if (to == nullptr || to == in.current()) return false;
    in.bump_in_this_line(static_cast<size_t>(to - in.current()));
    return true;
  }
};

inline const char* find_brace(const char*, const char* at, const char* end) { return brace_of_body(at, end); }

struct skip_statement : skip_to<end_of_statement> {};
struct skip_declaration : skip_to<next_declaration> {};
struct skip_head : skip_to<find_brace> {};
/// Matches, without consuming, where a declaration begins a line: a block cannot go on there.
struct declaration_line {
  using rule_t = declaration_line;
  using subs_t = peg::empty_list;
  static bool match(Input& in) { return begins_declaration(in.begin(), in.current(), in.end()); }
};

}  // namespace cbench::grammar

namespace tao::pegtl {
template <class Name, auto Find>
struct analyze_traits<Name, cbench::grammar::skip_to<Find>> : analyze_any_traits<> {};
template <class Name>
struct analyze_traits<Name, cbench::grammar::declaration_line> : analyze_opt_traits<> {};
}  // namespace tao::pegtl
