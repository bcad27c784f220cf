#include "compiler/parse/hints.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "compiler/base/diagnostic.h"
#include "compiler/parse/literals.h"

namespace cbench::parsing {
namespace {

using grammar::Want;
using Words = std::vector<std::string>;

const Words& declarations() {
  static const Words words = {"param", "class", "group", "enum",  "state", "stream",
                              "fn",    "when",  "on",    "every", "task"};
  return words;
}
const Words& statements() {
  static const Words words = {"let",    "if",   "try",      "return", "stop",   "move",   "layout",
                              "pin",    "log",  "annotate", "emit",   "reject", "match",  "for",
                              "repeat", "loop", "wait",     "trial",  "pause",  "resume", "sample"};
  return words;
}
const Words& clauses() {
  static const Words words = {"for", "each", "where", "cooldown"};
  return words;
}
bool holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string meant(std::string_view word, const Words& words) {
  const std::string near = nearest(word, words);
  return near.empty() || near == word ? "" : fmt::format("did you mean `{}`?", near);
}

/// Signs and words of other languages.
constexpr struct {
  std::string_view found, hint;
} kForeign[] = {
    {"&&", "write `and`"},
    {"||", "write `or`"},
    {"&", "write `and`"},
    {"|", "write `or`"},
    {"!", "write `not`"},
    {"=>", "write `->`"},
    {":=", "write `=`"},
    {"++", "write `+= 1`"},
    {"--", "write `-= 1`"},
    {"//", "a comment begins with `#`"},
    {"/*", "a comment begins with `#`"},
    {"'", "a text stands in double quotes: `\"…\"`"},
    {"“", "a text stands in straight double quotes: `\"…\"`"},
    {"”", "a text stands in straight double quotes: `\"…\"`"},
    {"≥", "write `>=`"},
    {"≤", "write `<=`"},
    {"≠", "write `!=`"},
    {"→", "write `->`"},
    {"×", "write `*`"},
    {"µ", "write `us` for microseconds"},
    {"\xC2\xA0", "this is a no-break space: write a plain blank"},
    {"elif", "write `else if`"},
    {"elsif", "write `else if`"},
    {"elseif", "write `else if`"},
    {"while", "`when` and `every` run again in each step; within one, `repeat <= N while …`"},
    {"var", "write `let`, or `state` for what outlives the step"},
    {"const", "write `let`, or `param` for what is set from outside"},
    {"def", "write `fn`"},
    {"func", "write `fn`"},
    {"function", "write `fn`"},
    {"print", "write `log`"},
};

std::string foreign(std::string_view found) {
  for (const auto& entry : kForeign)
    if (found == entry.found) return std::string(entry.hint);
  return "";
}

/// `500 ms`: the unit stands apart from its number.
std::string glue(const Found& found, std::string_view text, size_t at, Want want) {
  // After `10 %` the sign was taken for the remainder, so the number stands before it.
  const std::string_view unit = want == Want::Operand ? word_before(text, at) : found.text;
  if (!is_unit(unit)) return "";
  const auto before_unit = static_cast<size_t>(unit.data() - text.data());
  const std::string_view number = word_before(text, before_unit);
  if (number.empty() || number[0] < '0' || number[0] > '9') return "";
  if (!std::all_of(number.begin(), number.end(), [](char c) { return (c >= '0' && c <= '9') || c == '_'; }))
    return "";
  return fmt::format("a unit is glued to its number: `{}{}`", number, unit);
}

bool wants_end_of_value(Want want) {
  switch (want) {
    case Want::IfBody:
    case Want::WhenBody:
    case Want::EveryBody:
    case Want::ParenClose:
    case Want::ArgumentsClose:
    case Want::StatementEnd:
    case Want::DeclarationEnd:
    case Want::InterpolationClose:
    case Want::TryElse:
      return true;
    default:
      return false;
  }
}

std::string of_statement(const Found& found, std::string_view text) {
  const std::string_view first = word_before(text, found.begin);
  if (found.text == "==") return "write `=` to assign";
  if (found.text == "*=" || found.text == "/=")
    return fmt::format("write `{} = {} {} …`", first, first, found.text.substr(0, 1));
  if (const std::string hint = foreign(found.text); !hint.empty()) return hint;
  if (const std::string hint = foreign(first); !hint.empty()) return hint;
  return meant(first, statements());
}

}  // namespace

std::string hint(Want want, const Found& found, std::string_view text, size_t at) {
  if (const std::string glued = glue(found, text, at, want); !glued.empty()) return glued;
  if (want == Want::AssignOperator) return of_statement(found, text);
  if (const std::string other = foreign(found.text); !other.empty()) return other;
  if (want == Want::Operand && word_before(text, at) == "/" && (found.text == "/" || found.text == "*"))
    return "a comment begins with `#`";
  if (found.text == "=" && wants_end_of_value(want)) return "write `==` to compare";
  switch (want) {
    case Want::Header:
    case Want::PolicyDoc:
      return "a policy begins like `policy calm 1 \"Keep the tail latency low\"`";
    case Want::Declaration:
      if (found.text == "}") return "no block is open here";
      if (found.text == "policy") return "a file holds one policy, and its header is the first line";
      if (holds(statements(), found.text))
        return "a statement stands in the body of `on`, `when`, `every` or `fn`";
      return found.kind == FoundKind::Word ? meant(found.text, declarations()) : "";
    case Want::Statement:
      if (found.text == "else") return "`else` follows the `}` of an `if`, or the statement of a `try`";
      if (holds(declarations(), found.text)) return "a declaration cannot stand in a block";
      return "";
    case Want::WhenBody:
      if (holds(clauses(), found.text))
        return "the order is: `when` condition, `for`, `each` … `in` … `where`, `cooldown`";
      return found.kind == FoundKind::Word ? meant(found.text, clauses()) : "";
    case Want::TrialElse:
      return "a trial says what becomes of the change when the vote fails: `else revert`";
    case Want::RepeatMost:
      return "a loop is bounded: `repeat <= 8 while …`";
    case Want::Event:
      return meant(found.text, {"begin", "end", "admit", "start", "stop"});
    case Want::LogText:
      return meant(found.text, {"debug", "info", "warn", "error"});
    case Want::ElseBody:
      return "write `else { … }`";
    case Want::TryElse:
      if (found.kind == FoundKind::Word && nearest(found.text, {"else"}) == "else")
        return "did you mean `else`?";
      return "to do nothing about a refusal, write `else { }`";
    case Want::FnArrow:
      return "a function that acts says `-> plan`";
    case Want::StatementEnd:
    case Want::DeclarationEnd:
      if (found.text == "(") return "only a name is called: `x.f(y)` is `f(x, y)`";
      if (found.text == ":") return "a set has no value for each element";
      if (found.text == "in") return "put the membership test in parentheses";
      return found.text == "?" ? "a value for what is missing follows `??`" : "";
    default:
      return "";
  }
}

}  // namespace cbench::parsing
