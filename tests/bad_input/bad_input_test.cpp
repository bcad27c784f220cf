// Bad input through all that `cbench check` does, the diagnostics' printing included: errors, in bounded time
// and on a small stack. What the parser alone makes of it is tested in tests/unit/compiler/parse.
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include "compiler/pipeline/pipeline.h"
#include "stdlib/abi/inputs.h"

namespace cbench::test {
namespace {

struct Checked {
  bool fine = false;
  size_t errors = 0;
  std::string said, json;
  double seconds = 0;
};

Checked check_all(const std::string& text) {
  RunSpec spec;
  spec.step_ns = 100'000'000;
  ContainerSpec c;
  c.name.value = "a";
  c.sampling.enabled = every_metric();
  c.sampling.perf_period_ns = c.sampling.docker_period_ns = c.sampling.rdt_period_ns = spec.step_ns;
  spec.containers.push_back(std::move(c));
  HostFacts facts;
  facts.online.set(0);
  std::vector<Metric> columns;
  for (size_t m = 0; m < kMetricCount; ++m) columns.push_back(static_cast<Metric>(m));
  Checked out;
  const auto begin = std::chrono::steady_clock::now();
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("bad.cbp", text);
  out.fine = report_policy(sources, source, {&spec, &facts, columns, {}, false}, diagnostics).has_value();
  Diagnostics of_tests;
  out.fine &= tests_of(sources, source, of_tests).has_value();
  const Diagnostics& told = diagnostics.has_errors() ? diagnostics : of_tests;
  out.errors = told.error_count();
  out.said = render(told, sources, false);
  out.json = render_json(told, sources);
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

/// On a stack of half of what Linux gives a program: sanitizers and an unoptimised build make frames large.
Checked check(const std::string& text) {
  struct Job {
    const std::string& text;
    Checked out;
  } job{text, {}};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  EXPECT_EQ(pthread_attr_setstacksize(&attributes, 4U << 20U), 0);
  pthread_t thread{};
  const auto run = [](void* at) -> void* {
    auto* j = static_cast<Job*>(at);
    j->out = check_all(j->text);
    return nullptr;
  };
  EXPECT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return job.out;
}

constexpr double kSeconds = 10;  // sanitizers, and others at work; it is well below one

std::string times(size_t n, const std::string& part) {
  std::string out;
  out.reserve(n * part.size());
  for (size_t i = 0; i < n; ++i) out += part;
  return out;
}
std::string policy(const std::string& body) { return "policy p 1 \"bad input\"\n" + body + "\n"; }

void refused(const std::string& text, const char* code, size_t most = 100) {
  const Checked got = check(text);
  EXPECT_FALSE(got.fine) << text.substr(0, 80);
  EXPECT_GE(got.errors, 1U) << text.substr(0, 80);
  EXPECT_LE(got.errors, most) << got.said.substr(0, 2000);
  EXPECT_NE(got.said.find(code), std::string::npos) << got.said.substr(0, 2000);
  EXPECT_LT(got.said.size(), 2 * text.size() + (1U << 20U))
      << "a name may be shown whole, a line not each time";
  EXPECT_LT(got.seconds, kSeconds) << text.substr(0, 80);
}

void accepted(const std::string& text) {
  const Checked got = check(text);
  EXPECT_TRUE(got.fine) << got.said.substr(0, 2000);
  EXPECT_LT(got.seconds, kSeconds) << text.substr(0, 80);
}

TEST(BadInput, nesting_bombs_are_refused) {
  constexpr size_t kTimes = 100'000;
  const std::string bombs[] = {
      "stream x = " + times(kTimes, "(") + "1" + times(kTimes, ")"),
      "stream x = " + times(kTimes, "abs(") + "1" + times(kTimes, ")"),
      "stream x = 1" + times(kTimes, " + 1"),
      "stream x = " + times(kTimes, "not "),
      "stream x(c) = c" + times(kTimes, "[0") + times(kTimes, "]"),
      "on begin { " + times(kTimes, "if true { "),
      "on begin { if true { }" + times(kTimes, " else if true { }") + " }",
      "task t { " + times(kTimes, "loop { wait 1step\n"),
      "on begin { " + times(kTimes, "try { "),
      "on begin { " + times(kTimes, "for i in 0..1 { "),
      "on begin { log \"" + times(kTimes, "{abs("),
      "enum E { A, B }\nstate e: E = A\non begin { " + times(kTimes, "match e { else -> { "),
      "fn f(x: int) -> int { return " + times(kTimes, "f(") + "x" + times(kTimes, ")") + " }",
  };
  for (const std::string& bomb : bombs) refused(policy(bomb), "CB01", 3);
}

/// What stands at the limit goes through the checker, the planner and the bound as well.
TEST(BadInput, nesting_at_the_limit_is_walked_on_a_small_stack) {
  constexpr size_t kTimes = 190;
  accepted(policy("stream x = " + times(kTimes, "abs(") + "1" + times(kTimes, ")")));
  accepted(policy("stream x = 1" + times(kTimes, " + 1")));
  accepted(policy("param p: int = 3 in 1..5\nstream x = 1 / " + times(90, "-(") + "p" + times(90, ")")));
  accepted(policy("on begin { " + times(kTimes, "if now > 1s { ") + times(kTimes, "}") + " }"));
  accepted(policy("on begin { if now > 1s { }" + times(kTimes, " else if now > 1s { }") + " }"));
}

/// Declarations of which each uses the one with the number before its own.
std::string chain(const std::string& first, const std::string& before, const std::string& between,
                  const std::string& after, bool backwards) {
  std::string out = first + "\n";
  for (int i = 1; i < 2000; ++i) {
    const std::string one = before + std::to_string(i) + between + std::to_string(i - 1) + after + "\n";
    out.insert(backwards ? 0 : out.size(), one);
  }
  return policy(out);
}

TEST(BadInput, long_chains_of_declarations_are_refused_or_walked_on_a_small_stack) {
  for (const bool backwards : {false, true}) {
    const std::string streams =
        chain("stream s0(c) = c.docker.cpu_usage_percent", "stream s", "(c) = s", "(c)", backwards);
    if (backwards)
      refused(streams, "CB0106");
    else
      accepted(streams);
    refused(
        chain("group g0 = c in all where c.critical", "group g", " = c in g", " where c.critical", backwards),
        "CB0106");
    refused(
        chain("fn f0(x: int) -> int { return x }", "fn f", "(x: int) -> int { return f", "(x) }", backwards),
        "CB0106");
  }
}

TEST(BadInput, megabytes_of_literal_are_linear) {
  accepted(policy("on begin { log \"" + std::string(4U << 20U, 'x') + "\" }"));
  accepted(policy("# " + std::string(4U << 20U, 'x')));
  refused(policy("stream x = " + std::string(1U << 20U, '7')), "CB0", 1);
  refused(policy("stream x = " + std::string(4U << 20U, 'y')), "CB0", 1);
  refused(policy("param " + std::string(1U << 20U, 'z') + ": int"), "CB0", 2);
  refused(policy("on begin { log \"" + times(1U << 18U, "{1 +}") + "\" }"), "CB0");
  refused(std::string(4U << 20U, '\n'), "CB0", 1);
  refused(policy(times(1U << 10U, "param p: int = 1\n")), "CB0202", 1U << 10U);
}

/// Lines of `before`, a number, `after`.
std::string numbered(size_t n, const std::string& before, const std::string& after) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += before + std::to_string(i) + after + "\n";
  return out;
}

/// Each of them is a mistake, and what it names is looked for among all.
TEST(BadInput, many_mistakes_are_not_all_told_and_take_no_longer) {
  constexpr size_t kTimes = 1U << 15U;
  const std::string mistakes[] = {
      times(kTimes, "param p: int = 1\n"),
      times(kTimes, "state s: int = 1\n"),
      times(kTimes, "stream s = 1\n"),
      times(kTimes, "class c\n"),
      times(kTimes, "enum E { A }\n"),
      times(kTimes, "needs perf.cylces\n"),
      times(kTimes, "test \"t\" { feed 1 steps { A.docker.pids = 1 }; expect no log }\n"),
      "class c\ntest \"t\" {\n" + numbered(kTimes, "expect move A -> d", "") + "}",
      "enum E { " + times(kTimes, "A, ") + "B }",
      "enum E { " + numbered(kTimes, "A", ",") + "B }\n" + numbered(kTimes, "stream s", " = E"),
      numbered(kTimes, "param p", ": nit = 1"),
      numbered(kTimes, "state s", ": nit = 1"),
      numbered(kTimes, "stream s", " = missing_name"),
      numbered(kTimes, "group g", " = c in lost"),
      numbered(kTimes, "class c", "(x) for x in lost"),
      numbered(kTimes, "fn f", "(x: nit) -> nit { return y }"),
      "on begin {\n" + numbered(kTimes, "log \"{x", "}\"") + "}",
      "on begin {\n" + numbered(kTimes, "lost = x", "") + "}",
      "on begin {\n" + numbered(kTimes, "move c -> d", "") + "}",
      "enum E { A, B }\nstate e: E = A\non begin { match e { " + numbered(kTimes, "C", " -> { }") + "} }",
      numbered(kTimes, "every 1s { log \"{x", "}\" }"),
  };
  for (const std::string& text : mistakes) refused(policy(text), "100 errors or more", 4 * kTimes);
}

/// Those that are no errors.
TEST(BadInput, many_warnings_are_not_all_told) {
  const Checked got = check(policy("on begin {\n" + times(1U << 12U, "if true { return; return }\n") + "}"));
  EXPECT_EQ(got.errors, 0U);
  EXPECT_NE(got.said.find("\n100 warnings or more\n"), std::string::npos) << got.said.substr(0, 2000);
}

TEST(BadInput, what_is_not_utf8_is_refused_where_it_stands) {
  const std::string bytes[] = {"\xff",     "\xc3", "\xe2\x82",           "\xed\xa0\x80", "\xf5\x80\x80\x80",
                               "\xc0\xaf", "\x80", std::string(1, '\0'), "\x01",         "\x7f",
                               "\xc2\x85"};
  for (const std::string& b : bytes) {
    refused(policy("# " + b), "CB0105");
    refused(policy("on begin { log \"" + b + "\" }"), "CB0105");
    refused(policy("stream x = 1 " + b + " 2"), "CB0105");
    refused(policy("stream x = 1") + b, "CB0105");
  }
  refused(times(1U << 20U, "\xff"), "CB0105");
}

TEST(BadInput, line_ends_of_windows_and_tabs_are_blanks) {
  const std::string text = policy(
      "stream x(c) =\tc.docker.cpu_usage_percent\n\nwhen x(c) > 80%\n\tfor 1s each c in all "
      "cooldown 1s {\n\t\tlog \"{c}\"\n}");
  accepted(text);
  std::string windows;
  for (const char c : text) windows += c == '\n' ? "\r\n" : std::string(1, c);
  accepted(windows);
  accepted("\xEF\xBB\xBF" + windows);
  refused(policy("stream x = 1\rstream y = 2"), "CB0105");
  refused(policy("on begin { log \"a\r\nb\" }"), "CB0");
}

TEST(BadInput, what_is_not_closed_is_refused) {
  const char* const open[] = {"on begin { log \"abc",
                              "on begin { log \"abc\\",
                              "on begin { log \"abc\\\"",
                              "on begin { log \"a {b",
                              "on begin { log \"a {\"b",
                              "on begin { log \"a } b\" }",
                              "on begin { log \"a\nb\" }",
                              "on begin { log \"\\q\" }",
                              "on begin {",
                              "stream x = (1",
                              "stream x = f(1,",
                              "enum E { A,",
                              "param p: int = \"",
                              "test \"x\" { feed 3 steps {",
                              "class a(",
                              "stream x = 1..",
                              "state a: int[",
                              "policy"};
  for (const char* text : open) {
    refused(policy(text), "CB0", 4);
    refused("policy p 1 \"x\"\n" + std::string(text), "CB0", 4);  // no newline at the end
  }
  refused("policy p 1 \"never closed", "CB0", 4);
}

}  // namespace
}  // namespace cbench::test
