// What has to hold when a policy is formatted, for the tests and the fuzz target.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/ast/dump.h"
#include "compiler/format/format.h"
#include "compiler/format/lines.h"
#include "compiler/parse/parse.h"

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

}  // namespace cbench::test
