// What the fuzzer of configurations is fed with: files of every kind, right ones among them.
#include "tests/support/random_config.h"

#include <gtest/gtest.h>

#include "reading.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

TEST(a_random_configuration, is_often_valid_and_has_all_that_the_fuzzer_is_to_see) {
  int valid = 0, generated = 0, imported = 0, masked = 0, merged = 0, aliased = 0, wrong = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    forget_own_metrics();
    test::Choices choices(seed);
    const test::RandomConfig config(choices);
    std::vector<ImportedText> imports;
    for (const auto& [name, file] : config.imports) imports.push_back({"/bench/" + name, file});
    const Outcome outcome(
        config.text,
        {{"A", "a: b"}, {"ONE", "1"}, {"TEN", "10"}, {"YES", "true"}, {"PW", std::string(config.kSecret)}},
        "bench.yml", {}, import_recorded(imports));
    EXPECT_NE(outcome.spec.has_value(), outcome.diagnostics.has_errors()) << config.text;
    EXPECT_EQ(outcome.text().find(config.kSecret), std::string::npos) << outcome.text();
    wrong += outcome.spec ? 0 : 1;
    if (!outcome.spec) continue;
    ++valid;
    generated += outcome.spec->seed ? 1 : 0;
    imported += outcome.spec->imports.empty() ? 0 : 1;
    masked += outcome.spec->masked_text.find("***") != std::string::npos ? 1 : 0;
    merged += config.text.find("<<") != std::string::npos ? 1 : 0;
    aliased += config.text.find(": *n") != std::string::npos ? 1 : 0;
  }
  forget_own_metrics();
  EXPECT_GT(valid, 200);
  EXPECT_GT(wrong, 200);
  for (const int each : {generated, imported, masked, merged, aliased}) EXPECT_GT(each, 5);
}

}  // namespace
}  // namespace cbench
