// The examples of explanations.def, compiled: the wrong one gives its code, the right one gives nothing.
#include "compiler/base/explanation.h"

#include <gtest/gtest.h>

#include "compiler/config/config.h"
#include "compiler/pipeline/pipeline.h"

namespace cbench {
namespace {

constexpr Kind kKinds[] = {
#define CBENCH_DIAGNOSTIC(id, code, severity, summary) Kind::id,
#include "compiler/base/diagnostics.def"
};

struct Example {
  std::string policy, yaml;
};

Example split(Kind kind, std::string text) {
  constexpr std::string_view kMark = "# bench.yml\n";
  if (info(kind).code.starts_with("CB04")) return {"", std::move(text)};
  constexpr std::string_view kFormFeed = "␌";
  if (const size_t at = text.find(kFormFeed); at != std::string::npos)
    text.replace(at, kFormFeed.size(), "\f");
  Example made;
  const size_t mark = text.find(kMark);
  made.policy = text.substr(0, mark);
  if (mark != std::string::npos) made.yaml = text.substr(mark + kMark.size());
  if (!made.policy.starts_with("policy")) made.policy.insert(0, "policy example 1 \"an example\"\n");
  return made;
}

Diagnostics said_of(const Example& example) {
  Diagnostics diagnostics;
  SourceSet sources;
  std::optional<RunSpec> spec;
  if (!example.yaml.empty()) {
    const uint32_t config = sources.add("bench.yml", example.yaml);
    spec =
        configure(sources, config, "bench.yml", [](const std::string&) { return std::nullopt; }, diagnostics);
  }
  if (example.policy.empty()) return diagnostics;
  const uint32_t policy = sources.add("example.cbp", example.policy);
  if (!spec) {
    (void)check_policy(sources, policy, diagnostics);
    return diagnostics;
  }
  HostFacts facts;
  facts.online.set(0);
  std::vector<Metric> columns;
  for (size_t m = 0; m < kMetricCount; ++m) columns.push_back(static_cast<Metric>(m));
  (void)report_policy(sources, policy, {&*spec, &facts, columns, spec->params, false}, diagnostics);
  return diagnostics;
}

std::string codes(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics.all())
    out += std::string(info(d.kind).code) + " " + d.message + "\n";
  return out;
}

TEST(explanations, the_wrong_example_gives_its_code_and_nothing_else) {
  for (const Kind kind : kKinds) {
    const std::string wrong(explanation(kind).wrong);
    if (wrong.empty()) continue;
    const Diagnostics said = said_of(split(kind, wrong));
    EXPECT_FALSE(said.all().empty()) << info(kind).code;
    for (const Diagnostic& d : said.all()) EXPECT_EQ(d.kind, kind) << info(kind).code << "\n" << codes(said);
  }
}

TEST(explanations, the_right_example_gives_nothing) {
  for (const Kind kind : kKinds) {
    const std::string right(explanation(kind).right);
    if (right.empty()) continue;
    EXPECT_EQ(codes(said_of(split(kind, right))), "") << info(kind).code;
  }
}

}  // namespace
}  // namespace cbench
