// What has to hold when a policy is formatted, for the tests and the fuzz target.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/ast/dump.h"
#include "compiler/format/format.h"
#include "compiler/format/lines.h"
#include "compiler/parse/parse.h"
#include "tests/support/choices.h"

namespace cbench::test {

/// The comments of a policy that parses, sorted.
inline std::vector<std::string> comments_of(const SourceSet& sources, uint32_t source) {
  std::vector<std::string> out;
  Diagnostics ignored;
  const auto tree = parse_tree(sources, source, ignored);
  if (!tree) return out;
  for (const format::Token& token : format::tokens_of(sources.text(source), *tree))
    if (token.kind == format::TokenKind::Comment) out.emplace_back(format::trimmed(token.text));
  std::sort(out.begin(), out.end());
  return out;
}

/// Formats a policy that parses; what is wrong with the result in words, empty when nothing is.
inline std::string wrong_with_format(const std::string& text) {
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t before = sources.add("before.cbp", text);
  const auto said = parse(sources, before, diagnostics);
  const auto once = format_policy(sources, before, diagnostics);
  if (!said || !once) return "it does not parse";
  const uint32_t after = sources.add("after.cbp", *once);
  const auto says = parse(sources, after, diagnostics);
  if (!says) return "what was formatted does not parse:\n" + *once;
  if (dump(*said) != dump(*says)) return "it says something else:\n" + *once;
  if (comments_of(sources, before) != comments_of(sources, after)) return "comments were lost:\n" + *once;
  const auto twice = format_policy(sources, after, diagnostics);
  if (twice != once) return "the second time it differs:\n" + *once + "---\n" + twice.value_or("");
  return "";
}

/// A policy that parses, with other blanks, line ends, `;` and comments at one to four places between tokens:
/// what it says is mostly the same. The same for the same seed.
inline std::string with_other_layout(std::string text, uint64_t seed) {
  static constexpr std::string_view kGaps[] = {" ",      "",        "\t",      "\r\n",  "\n",        "\n\n",
                                               "\n\n\n", " ; ",     ";",       "\n;\n", "\n\n; ",    " # x\n",
                                               "# y \n", "\n# z\n", "; # v\n", ";;",    "\n; # u\n", "#\n\n"};
  Choices choose(seed);
  for (size_t left = 1 + choose.below(4); left > 0; --left) {
    SourceSet sources;
    Diagnostics ignored;
    const uint32_t source = sources.add("a.cbp", text);
    const auto tree = parse_tree(sources, source, ignored);
    if (!tree) break;
    const std::string_view whole = sources.text(source);
    const std::vector<format::Token> tokens = format::tokens_of(whole, *tree);
    if (tokens.empty()) break;
    const auto place = static_cast<size_t>(tokens[choose.below(tokens.size())].text.data() - whole.data());
    size_t begin = place;
    if (choose.one_in(2))
      while (begin > 0 && std::string_view(" \t\r\n").find(text[begin - 1]) != std::string_view::npos)
        --begin;
    text.replace(begin, place - begin, kGaps[choose.below(std::size(kGaps))]);
  }
  return text;
}

}  // namespace cbench::test
