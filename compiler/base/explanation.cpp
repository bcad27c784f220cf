#include "compiler/base/explanation.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include <fmt/format.h>

namespace cbench {
namespace {

constexpr Explanation kExplanations[] = {
#define CBENCH_EXPLANATION(id, situation, rule, wrong, right) {Kind::id, situation, rule, wrong, right},
#include "compiler/base/explanations.def"
};
constexpr Kind kKinds[] = {
#define CBENCH_DIAGNOSTIC(id, code, severity, summary) Kind::id,
#include "compiler/base/diagnostics.def"
};

constexpr bool each_kind_is_explained_in_order() {
  if (std::size(kExplanations) != std::size(kKinds)) return false;
  for (size_t i = 0; i < std::size(kKinds); ++i)
    if (kExplanations[i].kind != kKinds[i]) return false;
  return true;
}
static_assert(each_kind_is_explained_in_order(),
              "explanations.def has a line for each kind of diagnostics.def, in the same order");

std::string_view word(Severity severity) { return severity == Severity::Error ? "error" : "warning"; }

std::string indented(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += fmt::format("    {}\n", text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

const Explanation& explanation(Kind kind) { return kExplanations[static_cast<size_t>(kind)]; }

std::optional<Kind> kind_of_code(std::string_view code) {
  const auto same = [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) == std::toupper(static_cast<unsigned char>(b));
  };
  for (const Kind kind : kKinds) {
    const std::string_view ours = info(kind).code;
    if (std::equal(ours.begin(), ours.end(), code.begin(), code.end(), same)) return kind;
  }
  return std::nullopt;
}

std::vector<std::string> all_codes() {
  std::vector<std::string> codes;
  for (const Kind kind : kKinds) codes.emplace_back(info(kind).code);
  return codes;
}

std::string explain(Kind kind) {
  const KindInfo& k = info(kind);
  const Explanation& e = explanation(kind);
  std::string out =
      fmt::format("{} {}: {}\n\n{}\n\n{}\n", k.code, word(k.severity), k.summary, e.situation, e.rule);
  if (!e.wrong.empty()) out += fmt::format("\nThis gives it:\n\n{}", indented(e.wrong));
  if (!e.right.empty()) out += fmt::format("\nThis does not:\n\n{}", indented(e.right));
  return out;
}

std::string explain_all() {
  std::string out;
  for (const Kind kind : kKinds) out += fmt::format("{}  {}\n", info(kind).code, info(kind).summary);
  return out;
}

std::string diagnostics_page() {
  std::string out =
      "# Diagnostics\n\n"
      "Every code that `cbench` reports, as `cbench explain CODE` explains it. Examples of policies leave "
      "out "
      "their header where it says nothing; where a `# bench.yml` follows, both files together give the "
      "message.\n\n"
      "This page is made from `compiler/base/explanations.def`: `CBENCH_BLESS=1 "
      "build/dev/bin/test.compiler.base` writes it anew.\n\n"
      "| codes | about |\n| --- | --- |\n| CB01xx | the syntax of policies |\n| CB02xx | names, types, units "
      "and "
      "missing values in policies |\n| CB03xx | a policy against its configuration and host |\n| CB04xx | "
      "the "
      "configuration |\n";
  for (const Kind kind : kKinds) {
    const KindInfo& k = info(kind);
    const Explanation& e = explanation(kind);
    out += fmt::format("\n## {}\n\n**{}: {}.** {}\n\n{}\n", k.code,
                       k.severity == Severity::Error ? "Error" : "Warning", k.summary, e.situation, e.rule);
    if (!e.wrong.empty()) out += fmt::format("\nThis gives it:\n\n```\n{}```\n", e.wrong);
    if (!e.right.empty()) out += fmt::format("\nThis does not:\n\n```\n{}```\n", e.right);
  }
  return out;
}

}  // namespace cbench
