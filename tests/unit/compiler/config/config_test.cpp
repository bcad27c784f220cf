// Properties that one golden file cannot show.
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/config/scalar.h"
#include "compiler/config/sections.h"
#include "compiler/config/yaml.h"
#include "dump.h"
#include "reading.h"

namespace cbench {
namespace {

std::string bench(const std::string& data, const std::string& head = "") {
  return "benchmark:\n  name: x\n  max_t: 10\n" + head + "a:\n  image: x\n  data:\n    frequency: 100\n" +
         data;
}

TEST(configuration, every_metric_can_be_turned_on_by_its_own_name) {
  for (size_t i = 0; i < kMetricCount; ++i) {
    if (kMetrics[i].scope != MetricScope::Container) continue;
    const std::string_view group = kMetricGroups[static_cast<size_t>(kMetrics[i].group)];
    const bool app = kMetrics[i].group == MetricGroup::app;
    const Outcome outcome(
        bench(app ? fmt::format("    app: {{from: stdout, pattern: '(?<{}>.+)'}}\n", kMetrics[i].name)
                  : fmt::format("    {}: {{{}: true}}\n", group, kMetrics[i].name)),
        {});
    ASSERT_TRUE(outcome.spec) << outcome.text();
    EXPECT_TRUE(outcome.spec->containers[0].sampling.enabled[i]) << kMetrics[i].field;
  }
}

TEST(configuration, the_inputs_of_a_derived_metric_are_on_with_it) {
  const Outcome outcome(bench("    perf: {theoretical_ipc: true, cycles: false}\n"), {});
  ASSERT_TRUE(outcome.spec) << outcome.text();
  const Sampling& sampling = outcome.spec->containers[0].sampling;
  for (const Metric metric : {Metric::perf_instructions, Metric::perf_cycles, Metric::perf_stalls_total,
                              Metric::perf_theoretical_ipc})
    EXPECT_TRUE(sampling.enabled[static_cast<size_t>(metric)]) << info(metric).field;
  EXPECT_EQ(sampling.enabled.count(), 4U);
  ASSERT_EQ(sampling.switched_off.size(), 1U);
  EXPECT_EQ(outcome.sources.text(sampling.switched_off[0].second), "cycles: false");
}

TEST(configuration, a_group_that_is_true_turns_all_of_its_metrics_on_and_no_other) {
  const Outcome outcome(bench("    docker: true\n"), {});
  ASSERT_TRUE(outcome.spec) << outcome.text();
  for (size_t i = 0; i < kMetricCount; ++i)
    EXPECT_EQ(outcome.spec->containers[0].sampling.enabled[i], kMetrics[i].group == MetricGroup::docker)
        << kMetrics[i].field;
}

TEST(configuration, every_period_is_a_multiple_of_the_step) {
  for (const int step : {0, 1, 7, 30, 100, 1000}) {
    for (const int perf : {1, 10, 15, 100, 333}) {
      for (const int other : {1, 25, 100, 450}) {
        std::string text = fmt::format(
            "benchmark:\n  name: x\n  max_t: 10\n{}a:\n  image: x\n  data:\n    frequency: {}\n    docker: "
            "true\n    perf: {{frequency: {}, cycles: true}}\n",
            step > 0 ? fmt::format("  step: {}\n", step) : "", other, perf);
        const Outcome outcome(text, {});
        ASSERT_TRUE(outcome.spec) << outcome.text();
        const int64_t ns = outcome.spec->step_ns;
        const Sampling& sampling = outcome.spec->containers[0].sampling;
        ASSERT_GE(ns, 1'000'000);
        EXPECT_EQ(sampling.perf_period_ns, perf * 1'000'000);
        EXPECT_EQ(sampling.docker_period_ns, other * 1'000'000);
        EXPECT_EQ(sampling.perf_period_ns % ns + sampling.docker_period_ns % ns + sampling.rdt_period_ns % ns,
                  0)
            << text;
        const bool as_wanted = ns == (step > 0 ? step : std::min(perf, other)) * 1'000'000;
        EXPECT_EQ(as_wanted, outcome.diagnostics.all().empty()) << outcome.text();
      }
    }
  }
}

TEST(configuration, a_variable_cannot_change_the_structure) {
  const Outcome outcome(bench("    docker: true\n", "  description: ${D}\n"),
                        {{"D", "x\n  drain: true # ${E}"}});
  ASSERT_TRUE(outcome.spec) << outcome.text();
  EXPECT_FALSE(outcome.spec->drain);
  EXPECT_EQ(outcome.spec->description, "x\n  drain: true # ${E}");
}

TEST(configuration, a_set_variable_is_expanded_in_a_command_and_an_unset_one_is_left_to_the_shell) {
  const std::string text =
      "benchmark: {name: x, max_t: 10}\na:\n  image: x\n  command: '${A} ${A:-d} ${U} ${U:-d} $$ $A ${A#x} "
      "${'\n  data: {frequency: 100, docker: true}\n";
  const Outcome outcome(text, {{"A", "1"}});
  ASSERT_TRUE(outcome.spec) << outcome.text();
  EXPECT_EQ(outcome.spec->containers[0].command.value, "1 1 ${U} ${U:-d} $$ $A ${A#x} ${");
}

TEST(configuration, a_variable_of_a_secret_is_stored_nowhere) {
  const std::string text =
      "benchmark:\n  name: x\n  max_t: 10\n  data: {db: {host: h, name: b, org: o, password: '${PW}'}}\n"
      "a:\n  image: x\n  environment: {COPY: '${PW}', OPEN: '${OPEN}', MY_TOKEN: '${OTHER}'}\n  data: "
      "{frequency: 100, docker: true}\n";
  const Outcome outcome(text, {{"PW", "hunter2"}, {"OPEN", "o"}, {"OTHER", "hunter3"}});
  ASSERT_TRUE(outcome.spec) << outcome.text();
  EXPECT_EQ(outcome.spec->influx.token, "hunter2");
  EXPECT_EQ(outcome.spec->containers[0].environment[0].second, "hunter2");
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(outcome.spec->variables, (std::vector<Pair>{{"PW", "***"}, {"OPEN", "o"}}));
  EXPECT_EQ(outcome.spec->masked_text.find("${PW}"), outcome.spec->masked_text.rfind("${PW}"));
  const Outcome again(outcome.spec->masked_text, {{"PW", "***"}, {"OPEN", "o"}});
  ASSERT_TRUE(again.spec) << again.text();
}

TEST(configuration, an_unset_half_of_the_database_is_no_database) {
  const std::string db = "  data: {db: {host: http://h, name: b, user: '${U}', password: '${P}', org: o}}\n";
  const Outcome without_token(bench("    docker: true\n", db), {{"U", "u"}});
  ASSERT_TRUE(without_token.spec) << without_token.text();
  EXPECT_EQ(without_token.spec->influx.host, "");
  const Outcome without_user(bench("    docker: true\n", db), {{"P", "p"}});
  ASSERT_TRUE(without_user.spec) << without_user.text();
  EXPECT_EQ(without_user.spec->influx.host, "http://h");
  EXPECT_EQ(without_user.spec->influx.org, "o");
}

TEST(configuration, lines_and_columns_outside_secrets_are_kept_by_the_mask) {
  const std::string head = "  data: {db: {password: hunter2222, host: h, name: b, org: o}}  # here\n";
  const Outcome outcome(bench("    docker: true\n", head), {});
  ASSERT_TRUE(outcome.spec) << outcome.text();
  EXPECT_EQ(outcome.spec->masked_text,
            bench("    docker: true\n",
                  "  data: {db: {password: \"***\"     , host: h, name: b, org: o}}  # here\n"));
}

TEST(configuration, aliases_in_aliases_do_not_take_long) {
  std::string text = "x0: &x0 {a: b}\n";
  for (int i = 1; i < 60; ++i)
    text +=
        fmt::format("x{}: &x{} {{<<: [*x{}, *x{}], l: [*x{}, *x{}]}}\n", i, i, i - 1, i - 1, i - 1, i - 1);
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome(text, {});
  EXPECT_FALSE(outcome.spec);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(configuration, a_thousand_mistakes_do_not_give_a_thousand_errors) {
  std::string text = "benchmark: {name: x, max_t: 10}\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("c{}: {{imgae: x}}\n", i);
  const Outcome outcome(text, {});
  EXPECT_GE(outcome.diagnostics.error_count(), 100U);
  EXPECT_LE(outcome.diagnostics.error_count(), 110U);
  EXPECT_TRUE(outcome.text().ends_with("\n100 errors or more\n"));
}

TEST(configuration, a_thousand_clashes_do_not_give_a_thousand_errors) {
  std::string text = "benchmark: {name: x, max_t: 10}\n";
  for (int i = 0; i < 1000; ++i)
    text += fmt::format("c{}: {{image: x, core: 1, data: {{frequency: 10, docker: true}}}}\n", i);
  std::string duplicates = "k: x\n";
  for (int i = 0; i < 1000; ++i) duplicates += "k: x\n";
  for (const std::string& each : {text, duplicates}) {
    const Outcome outcome(each, {});
    EXPECT_FALSE(outcome.spec);
    EXPECT_GE(outcome.diagnostics.error_count(), 100U);
    EXPECT_LE(outcome.diagnostics.error_count(), 101U);
  }
}

TEST(tuning, a_parameter_of_a_policy_is_found_by_its_whole_name) {
  constexpr std::string_view kPolicy =
      "policy p 1 \"x\"\n# param no: int = 1\nparam max_l3: way = 4way\n  param  warmup_t : time = 5s";
  EXPECT_TRUE(config::has_param(kPolicy, "max_l3"));
  EXPECT_TRUE(config::has_param(kPolicy, "warmup_t"));
  for (const char* absent : {"max_l", "max_l33", "no", "", "x"})
    EXPECT_FALSE(config::has_param(kPolicy, absent)) << absent;
}

TEST(scalar_extent, a_value_ends_where_it_ends) {
  const auto extent = [](std::string_view text, std::string_view value) {
    const auto span = config::scalar_extent(text, 0, 0, value, 0);
    return span ? std::string(text.substr(span->begin, span->end - span->begin)) : "open";
  };
  EXPECT_EQ(extent("abc # comment", "abc"), "abc");
  EXPECT_EQ(extent("a b\n   c\nd: 1", "a b c"), "a b\n   c");
  EXPECT_EQ(extent("&x !!str 'it''s' , y", "it's"), "'it''s'");
  EXPECT_EQ(extent("\"a\\\"b\" c", "a\"b"), "\"a\\\"b\"");
  EXPECT_EQ(extent("|\n  a\n\n   b\nc: d", "a\n\n b\n"), "|\n  a\n\n   b");
  EXPECT_EQ(extent(">1-\n   a\n b\nc", "  a b"), ">1-\n   a\n b");
  EXPECT_EQ(extent("'a", "a"), "open");
}

TEST(scalars, sizes_are_powers_of_1024_and_ambiguous_ones_are_none) {
  using config::parse_bytes;
  EXPECT_EQ(parse_bytes("512m"), 512.0 * 1024 * 1024);
  EXPECT_EQ(parse_bytes("1.5 GiB"), 1.5 * 1024 * 1024 * 1024);
  EXPECT_EQ(parse_bytes("100"), 100.0);
  for (const char* bad : {"512MB", "m", "", "-1m", "1 e", "1mm", "nan"})
    EXPECT_EQ(parse_bytes(bad), std::nullopt) << bad;
}

TEST(scalars, numbers_are_decimal_and_finite) {
  for (const char* bad : {"", "0x10", "inf", "nan", "1_000", "1e999", "--1", "+-1", " 1", "1 "})
    EXPECT_EQ(config::parse_number(bad), std::nullopt) << bad;
  EXPECT_EQ(config::parse_number("+1.5e3"), 1500.0);
  EXPECT_EQ(config::parse_integer("010"), 10);
  EXPECT_EQ(config::parse_integer("9223372036854775808"), std::nullopt);
  for (const char* bad : {"yes", "on", "1", "tRue", ""})
    EXPECT_EQ(config::parse_bool(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace cbench
