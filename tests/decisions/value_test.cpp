// Values: optionals, Kleene's logic, sets, units, windows against a plain computation, faults.
#include <cmath>
#include <deque>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Metric kTotal = Metric::docker_cpu_usage_total;
constexpr Metric kFaults = Metric::perf_page_faults;

/// What `emit x EXPRESSION` gives in one step with these samples; nullopt when it is missing.
std::optional<double> value_of(const std::string& expression, const std::vector<Sample>& samples,
                               std::vector<std::string> containers = {"A", "B", "C"}) {
  Scene s(std::move(containers));
  s.play(policy("every 100ms { let x = " + expression + "\n emit x x }"));
  if (!s.compiled) return std::nullopt;
  EXPECT_EQ(s.step(samples), PolicyInstance::Verdict::Go);
  return s.last().empty() ? std::nullopt : std::optional(s.last()[0].value);
}

TEST(logic, it_is_kleenes) {
  // T, F and M (missing) as conditions on the containers A (present) and B (not sampled).
  const std::map<std::string, std::string> operand = {
      {"T", "c.docker.pids > 0"}, {"F", "c.docker.pids < 0"}, {"M", "c.docker.memory_usage > 0"}};
  const auto kleene = [](const std::string& op, const std::string& x, const std::string& y) -> std::string {
    if (op == "and") return x == "F" || y == "F" ? "F" : x == "T" && y == "T" ? "T" : "M";
    return x == "T" || y == "T" ? "T" : x == "F" && y == "F" ? "F" : "M";
  };
  for (const auto& [x, left] : operand) {
    for (const auto& [y, right] : operand) {
      for (const std::string op : {"and", "or"}) {
        Scene s({"A"});
        s.play(
            policy(fmt::format("when ({0} {2} {1}) each c in all {{ log \"T\" }}\nwhen not ({0} {2} {1}) "
                               "each c in all {{ log \"F\" }}",
                               left, right, op)));
        s.step({{"A", kPids, 1}});
        const std::string got = s.log.empty() ? "M" : s.log[0].substr(s.log[0].size() - 1);
        EXPECT_EQ(got, kleene(op, x, y)) << x << " " << op << " " << y;
      }
    }
  }
}

TEST(sets, any_and_all_are_settled_by_one_element_and_open_when_one_is_missing) {
  const std::vector<Sample> ab = {{"A", kPids, 1}, {"B", kPids, 5}};
  const auto truth = [&](const std::string& e, const std::vector<Sample>& samples) {
    return value_of("count(k in all where (" + e + ") ?? false)", samples);
  };
  EXPECT_EQ(truth("any(c in all: c.docker.pids > 3)", ab), 3);
  EXPECT_EQ(truth("not any(c in all: c.docker.pids > 9)", ab), 0);  // C is missing: open
  EXPECT_EQ(truth("not all(c in all: c.docker.pids > 3)", ab), 3);
}

TEST(sets, sum_and_avg_are_missing_when_an_element_is) {
  const std::vector<Sample> two = {{"A", kPids, 1}, {"B", kPids, 5}};
  EXPECT_EQ(value_of("sum(c in all: c.docker.pids)", two), std::nullopt);
  EXPECT_EQ(value_of("avg(c in all: c.docker.pids)", two), std::nullopt);
  EXPECT_EQ(value_of("sum(c in all: c.docker.pids ?? 0)", two), 6);
  EXPECT_EQ(value_of("avg(c in all where c.name != \"C\": c.docker.pids)", two), 3);
  EXPECT_EQ(value_of("sum(c in all where c.index > 7: c.docker.pids ?? 0)", two), 0);
  EXPECT_EQ(value_of("max(c in all where c.index > 7: c.docker.pids)", two), std::nullopt);
}

TEST(sets, argmax_skips_the_missing_and_takes_the_lowest_of_a_tie) {
  Scene s({"A", "B", "C"});
  s.play(policy(
      "every 100ms { if let c = argmax(c in all: c.docker.pids) { log \"{c}\" } else { log \"none\" } }"));
  s.step({{"B", kPids, 5}, {"C", kPids, 5}});
  s.step({});
  s.step({{"A", kPids, -1}});
  EXPECT_THAT(s.log, ElementsAre("1: log info: B", "2: log info: none", "3: log info: A"));
}

TEST(sets, groups_classes_and_where_narrow_them) {
  Scene s({"A", "B", "C"});
  s.with_rdt();
  s.spec.containers[1].critical = true;
  s.play(
      policy("class shared default, jail\ngroup lc = c in all where c.critical\n"
             "on start(c) { if c.name == \"C\" { move c -> jail } }\n"
             "every 100ms { emit lc count(lc)\n emit shared count(shared.members)\n emit jail "
             "count(jail.members)\n emit be count(c in all where not (c in lc)) }"));
  s.log.clear();
  s.step({});
  EXPECT_THAT(s.log,
              ElementsAre("1: emit lc = 1", "1: emit shared = 2", "1: emit jail = 1", "1: emit be = 2"));
  s.stop("A");
  s.log.clear();
  s.step({});
  EXPECT_THAT(s.log,
              ElementsAre("2: emit lc = 1", "2: emit shared = 1", "2: emit jail = 1", "2: emit be = 1"));
}

TEST(arithmetic, division_by_zero_is_missing_and_division_is_real) {
  EXPECT_EQ(value_of("sum(c in all: c.docker.pids ?? 2) / 4", {}), 1.5);
  EXPECT_EQ(value_of("1 / (sum(c in all: c.docker.pids ?? 0))", {}), std::nullopt);
  EXPECT_EQ(value_of("7 % 4", {}), 3);
  EXPECT_EQ(value_of("min(3, 2, 5) + max(1.5, 1)", {}), 3.5);
  EXPECT_EQ(value_of("abs(-3) - abs(2)", {}), 1);
}

TEST(arithmetic, rounding_needs_no_library) {
  EXPECT_EQ(value_of("floor(-1.5) ?? 0", {}), -2);
  EXPECT_EQ(value_of("ceil(-1.5) ?? 0", {}), -1);
  EXPECT_EQ(value_of("round(-1.5) ?? 0", {}), -2);
  EXPECT_EQ(value_of("round(2.4) ?? 0", {}), 2);
  EXPECT_EQ(value_of("round(0.49999999999999994) ?? 7", {}), 0) << "adding a half would give 1";
  EXPECT_EQ(value_of("round(-4503599627370497.0) ?? 7", {}), -4503599627370497);
  EXPECT_EQ(value_of("floor(3.0) ?? 0", {}), 3);
  EXPECT_EQ(value_of("floor(9000000000000000000 * 2.0) ?? 7", {}), 7);
}

TEST(arithmetic, units_are_carried_and_scaled) {
  EXPECT_EQ(value_of("80%", {}), 0.8);
  EXPECT_EQ(value_of("2MiB / 1KiB", {}), 2048);
  EXPECT_EQ(value_of("avg(c in all: c.docker.cpu_usage_percent)", {{"A", kCpu, 150}}, {"A"}), 1.5);
  EXPECT_EQ(value_of("sum(c in all: c.docker.memory_usage ?? 0B) / 1s", {{"A", kMemory, 4096}}), 4096);
  EXPECT_DOUBLE_EQ(value_of("(500ms + 1s) / 3s", {}).value(), 0.5);
}

TEST(arithmetic, overflow_is_a_fault_that_undoes_the_step_and_names_the_line) {
  Scene s({"A"});
  s.play(
      policy("state n: int = 9000000000000000000\nwhen c.docker.pids > 0 each c in all {\n  quota(c) = 50%\n "
             " n += n\n}"));
  EXPECT_EQ(s.step({{"A", kPids, 1}}), PolicyInstance::Verdict::Fault);
  EXPECT_THAT(s.instance->message(), HasSubstr("integer overflow at line 5"));
  EXPECT_THAT(s.instance->changes(), IsEmpty());
  EXPECT_THAT(s.log, ElementsAre(HasSubstr("quota A = 50% (refused: undone")));
}

TEST(arithmetic, a_missing_operand_never_faults) {
  Scene s({"A"});
  s.play(policy(
      "when (c.docker.memory_usage + 9000000000000000000B > 0) ?? true each c in all { log \"fine\" }"));
  EXPECT_EQ(s.step({}), PolicyInstance::Verdict::Go);
  EXPECT_THAT(s.log, ElementsAre("1: log info: fine"));
}

TEST(metrics, a_float_that_is_not_finite_is_missing) {
  EXPECT_EQ(value_of("max(c in all: c.docker.cpu_usage_percent)", {{"A", kCpu, NAN}}, {"A"}), std::nullopt);
  EXPECT_EQ(value_of("max(c in all: c.docker.cpu_usage_percent)", {{"A", kCpu, INFINITY}}, {"A"}),
            std::nullopt);
  EXPECT_EQ(
      value_of("max(c in all: c.docker.cpu_usage_percent)", {{"A", kCpu, 50, Status::Multiplexed}}, {"A"}),
      0.5);
}

TEST(functions, they_are_inlined_and_a_missing_argument_makes_the_result_missing) {
  const std::string fns =
      "fn twice(x: count) -> count { return x + x }\nfn pick(x: int, y: int) -> int { if x > y { return x "
      "}\n return twice(y) }\n";
  Scene s({"A"});
  s.play(
      policy(fns +
             "every 100ms { emit a pick(1, 2)\n emit b pick(5, 2)\n let m = argmax(c in all: c.docker.pids)\n"
             "if let c = m { emit c twice(c.docker.pids) } }"));
  s.step({});
  s.step({{"A", kPids, 4}});
  EXPECT_THAT(s.log, ElementsAre("1: emit a = 4", "1: emit b = 5", "2: emit a = 4", "2: emit b = 5",
                                 "2: emit c = 8"));
}

TEST(functions, one_that_acts_is_a_plan) {
  Scene s({"A"});
  s.play(
      policy("fn half(c: container) -> plan { quota(c) = 50%\n log \"{c} halved\" }\nwhen c.docker.pids > 0 "
             "each c in all { half(c) }"));
  s.step({{"A", kPids, 4}});
  EXPECT_THAT(s.log, ElementsAre("1: quota A = 50%", "1: log info: A halved"));
}

TEST(params, the_outside_sets_them_within_their_range) {
  const std::string text = policy(
      "param limit: ratio = 50% in 10%..90% \"limit\"\nparam n: int = 3 in 1..5 \"n\"\nevery 100ms { emit x "
      "limit\n emit n n }");
  Scene s({"A"});
  s.params = {{"limit", {"75%", {}}}, {"n", {"4", {}}}};
  s.play(text);
  s.step({});
  EXPECT_THAT(s.log, ElementsAre("1: emit x = 0.75", "1: emit n = 4"));
  for (const auto& [name, value, words] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"limit", "95%", "out of the parameter's range"},
           {"limit", "75", "did you mean `75%`"},
           {"n", "1.5", "a whole number"},
           {"m", "1", "has no parameter `m`"}}) {
    Scene bad({"A"});
    bad.params = {{name, {value, {}}}};
    EXPECT_THAT(bad.compile(text), HasSubstr(words));
    EXPECT_FALSE(bad.compiled);
  }
}

/// Windows against a plain computation on random samples with gaps and missing values.
TEST(windows, they_agree_with_a_plain_computation) {
  std::mt19937_64 random(7);
  Scene s({"A"});
  s.play(
      policy("stream a(c) = avg(c.docker.memory_usage over 1s, min 3)\nstream lo(c) = "
             "min(c.docker.memory_usage over 700ms)\n"
             "stream hi(c) = max(c.docker.memory_usage over 5step, min 1)\nstream n(c) = "
             "count(c.docker.memory_usage over 1s, min 1)\n"
             "stream d(c) = delta(c.docker.memory_usage over 1s)\nstream r(c) = "
             "rate(c.docker.cpu_usage_total over 1s)\nstream p(c) = delta(c.docker.memory_usage)\n"
             "every 100ms { if let c = argmin(c in all: c.index) { emit a a(c)\n emit lo lo(c)\n emit hi "
             "hi(c)\n emit n n(c)\n emit d d(c)\n emit r r(c)\n emit p p(c) } }"));
  struct Point {
    int64_t ms, tick;
    double v, total;
  };
  std::vector<Point> points;
  int64_t ms = 0;
  int64_t tick = 0;
  double total = 0;
  for (int i = 0; i < 400; ++i) {
    const int64_t steps = random() % 20 == 0 ? 1 + static_cast<int64_t>(random() % 15) : 1;
    ms += steps * 100;
    ++tick;
    const bool present = random() % 5 != 0;
    const double v = static_cast<double>(random() % 100000);
    total += static_cast<double>(random() % 1000000);
    if (present) points.push_back({ms, tick, v, total});
    s.log.clear();
    s.step(present ? std::vector<Sample>{{"A", kMemory, v}, {"A", kTotal, total}} : std::vector<Sample>{},
           steps);
    std::map<std::string, double> want;
    const auto within = [&](int64_t window) {
      std::vector<Point> in;
      for (const Point& p : points)
        if (p.ms > ms - window) in.push_back(p);
      return in;
    };
    if (const auto in = within(1000); !in.empty()) {
      double sum = 0;
      for (const Point& p : in) sum += p.v;
      if (in.size() >= 3) want["a"] = sum / static_cast<double>(in.size());
      want["n"] = static_cast<double>(in.size());
      if (in.size() >= 2) {
        want["d"] = in.back().v - in.front().v;
        want["r"] = (in.back().total - in.front().total) / 1e9 /
                    (static_cast<double>(in.back().ms - in.front().ms) / 1e3);
      }
    }
    if (const auto in = within(700); in.size() >= 2) {
      want["lo"] = HUGE_VAL;
      for (const Point& p : in) want["lo"] = std::min(want["lo"], p.v);
    }
    for (const Point& p : points)
      if (p.tick > tick - 5) want["hi"] = want.contains("hi") ? std::max(want["hi"], p.v) : p.v;
    if (present && points.size() >= 2) want["p"] = v - points[points.size() - 2].v;
    std::map<std::string, double> got;
    for (const Decision& d : s.last()) got[d.detail] = d.value;
    ASSERT_EQ(got.size(), want.size()) << "step " << i;
    for (const auto& [name, value] : want)
      ASSERT_NEAR(got[name], value, 1e-9 * std::fabs(value)) << name << " in step " << i;
  }
}

TEST(rates, a_delta_metric_is_divided_by_the_interval_and_a_counter_that_falls_is_missing) {
  Scene s({"A"});
  s.play(
      policy("stream f(c) = rate(c.perf.page_faults)\nstream u(c) = rate(c.docker.cpu_usage_total)\n"
             "every 100ms { if let c = argmin(c in all: c.index) { emit f f(c)\n emit u u(c) } }"));
  s.step({{"A", kFaults, 50}, {"A", kTotal, 1e9}});
  EXPECT_THAT(s.log, IsEmpty());
  s.step({{"A", kFaults, 50}, {"A", kTotal, 1.5e9}});
  EXPECT_THAT(s.log, ElementsAre("2: emit f = 500", "2: emit u = 5"));
  s.log.clear();
  s.step({{"A", kFaults, 10}, {"A", kTotal, 0}});
  EXPECT_THAT(s.log, ElementsAre("3: emit f = 100"));
}

TEST(ewma, a_sample_loses_half_its_weight_in_a_half_life) {
  Scene s({"A"});
  s.play(
      policy("stream e(c) = ewma(c.docker.memory_usage, half: 200ms)\nevery 100ms { if let c = argmin(c in "
             "all: c.index) { emit e e(c) } }"));
  s.step({{"A", kMemory, 1000}});
  s.step({{"A", kMemory, 0}}, 2);
  ASSERT_EQ(s.last().size(), 1U);
  EXPECT_DOUBLE_EQ(s.last()[0].value, 500);
}

TEST(texts, they_show_values_in_their_units) {
  Scene s({"A"});
  s.spec.containers[0].role = "victim";
  s.play(
      policy("when c.docker.cpu_usage_percent > 10% each c in all { log warn \"{c} {c.role} "
             "{c.docker.cpu_usage_percent} {c.docker.memory_usage} {500ms * 3} {{{c.docker.pids}}} {3way} "
             "{c.critical}; {why}\" }"));
  s.step({{"A", kCpu, 83.14}, {"A", kMemory, 3 << 20}});
  EXPECT_THAT(s.log, ElementsAre("1: log warn: A victim 83.14% 3MiB 1.5s {missing} 3way false; "
                                 "c.docker.cpu_usage_percent = 83.14%"));
}

}  // namespace
}  // namespace cbench::test
