// Windows beyond the simple ones: deviation, slope, percentiles and hold, against plain computations.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Value = std::optional<double>;

/// The container A, whose stream `x` is emitted in each step; a bool as 0 or 1.
class Probe : public Scene {
 public:
  explicit Probe(const std::string& definitions, bool truth = false) : Scene({"A"}) {
    text_ = policy(definitions + "\nevery 100ms { if let c = argmin(c in all: c.index) { " +
                   (truth ? "if let v = x(c) { emit x count(k in all where v) }" : "emit x x(c)") + " } }");
  }
  Value next(Metric metric, Value sample, int64_t steps = 1) {
    if (!compiled) play(text_);
    step(sample ? std::vector<Sample>{{"A", metric, *sample}} : std::vector<Sample>{}, steps);
    return last().empty() ? std::nullopt : Value(last()[0].value);
  }
  std::vector<Value> each(Metric metric, const std::vector<Value>& samples) {
    std::vector<Value> out;
    for (const Value& sample : samples) out.push_back(next(metric, sample));
    return out;
  }

 private:
  std::string text_;
};

constexpr std::nullopt_t kNothing = std::nullopt;

struct Point {
  int64_t ns;
  double v;
};

/// By nearest rank.
double percentile(std::vector<Point> in, int64_t percent) {
  std::sort(in.begin(), in.end(), [](const Point& a, const Point& b) { return a.v < b.v; });
  return in[static_cast<size_t>((percent * static_cast<int64_t>(in.size()) + 99) / 100 - 1)].v;
}

double mean(const std::vector<Point>& in) {
  double sum = 0;
  for (const Point& p : in) sum += p.v;
  return sum / static_cast<double>(in.size());
}

double deviation(const std::vector<Point>& in) {
  double squares = 0;
  for (const Point& p : in) squares += (p.v - mean(in)) * (p.v - mean(in));
  return std::sqrt(squares / static_cast<double>(in.size() - 1));
}

double slope(const std::vector<Point>& in) {
  const auto seconds = [&](const Point& p) { return static_cast<double>(p.ns - in[0].ns) / 1e9; };
  double times = 0;
  for (const Point& p : in) times += seconds(p);
  const double middle = times / static_cast<double>(in.size());
  double products = 0;
  double squares = 0;
  for (const Point& p : in) {
    products += (seconds(p) - middle) * (p.v - mean(in));
    squares += (seconds(p) - middle) * (seconds(p) - middle);
  }
  return products / squares;
}

/// Random samples with missing ones and gaps, some longer than the window. The bits agree.
TEST(windows, deviation_slope_and_percentiles_agree_with_a_plain_computation) {
  std::mt19937_64 random(11);
  Scene s({"A"});
  s.play(
      policy("stream a(c) = sd(c.docker.cpu_usage_percent over 1s, min 3)\n"
             "stream b(c) = slope(c.docker.cpu_usage_percent over 1s)\n"
             "stream l(c) = p50(c.docker.cpu_usage_percent over 1s)\n"
             "stream m(c) = p95(c.docker.cpu_usage_percent over 2s, min 1)\n"
             "stream h(c) = p99(c.docker.cpu_usage_percent over 2s)\n"
             "every 100ms { if let c = argmin(c in all: c.index) { emit a a(c)\n emit b b(c)\n emit l l(c)\n"
             "emit m m(c)\n emit h h(c) } }"));
  std::vector<Point> points;
  int64_t ns = 0;
  for (int i = 0; i < 600; ++i) {
    const int64_t steps = random() % 20 == 0 ? 1 + static_cast<int64_t>(random() % 25) : 1;
    ns += steps * 100'000'000;
    const bool present = random() % 5 != 0;
    const double v = static_cast<double>(random() % 20000) / 100 - 50;
    if (present) points.push_back({ns, v / 100});
    s.step(present ? std::vector<Sample>{{"A", kCpu, v}} : std::vector<Sample>{}, steps);
    const auto within = [&](int64_t window) {
      std::vector<Point> in;
      for (const Point& p : points)
        if (p.ns > ns - window) in.push_back(p);
      return in;
    };
    std::map<std::string, double> want;
    const auto one = within(1'000'000'000);
    const auto two = within(2'000'000'000);
    if (one.size() >= 3) want["a"] = deviation(one);
    if (one.size() >= 2) want["b"] = slope(one);
    if (one.size() >= 2) want["l"] = percentile(one, 50);
    if (!two.empty()) want["m"] = percentile(two, 95);
    if (two.size() >= 2) want["h"] = percentile(two, 99);
    std::map<std::string, double> got;
    for (const Decision& d : s.last()) got[d.detail] = d.value;
    ASSERT_EQ(got, want) << "step " << i;
  }
}

TEST(percentiles, they_are_exact_for_any_number_of_samples) {
  std::mt19937_64 random(3);
  for (const bool ties : {false, true}) {
    Probe p("stream x(c) = p95(c.docker.cpu_usage_percent over 50s)");
    std::vector<Point> in;
    for (int i = 0; i < 600; ++i) {
      const double v = ties ? static_cast<double>(random() % 4)
                            : std::exp(static_cast<double>(random() % 1000) / 50) - 100;
      in.push_back({i, v / 100});
      if (in.size() > 500) in.erase(in.begin());
      const Value got = p.next(kCpu, v);
      if (i > 0) ASSERT_EQ(got, percentile(in, 95)) << "step " << i;
    }
  }
}

TEST(percentiles, the_median_of_two_is_the_smaller_and_the_highest_of_few_is_the_largest) {
  Probe low("stream x(c) = p50(c.docker.pids over 1s)");
  EXPECT_THAT(low.each(kPids, {7, 3, 5}), ElementsAre(kNothing, 3, 5));
  Probe high("stream x(c) = p99(c.docker.pids over 3step, min 3)");
  EXPECT_THAT(high.each(kPids, {7, kNothing, 3, 5, 4, 2}),
              ElementsAre(kNothing, kNothing, kNothing, kNothing, 5, 5));
}

TEST(deviation, it_is_that_of_a_sample_and_wants_two) {
  Probe p("stream x(c) = sd(c.docker.pids over 1s, min 1)");
  EXPECT_THAT(p.each(kPids, {4, 4, 10}), ElementsAre(kNothing, 0, std::sqrt(12.0)));
  EXPECT_EQ(p.next(kPids, 5, 20), kNothing) << "a gap longer than the window clears it";
}

TEST(slope, it_is_per_second_in_the_unit_of_its_operand) {
  Scene s({"A"});
  s.play(
      policy("stream grows(c) = slope(c.docker.memory_usage over 1s)\n"
             "stream heats(c) = slope(c.docker.cpu_usage_percent over 1s)\n"
             "when grows(c) > 3MiB/s each c in all { log \"grows {grows(c)}\" }\n"
             "when heats(c) > 45% / 1s each c in all { log \"heats\" }"));
  for (const int i : {0, 1, 2}) s.step({{"A", kMemory, i * 419430.4}, {"A", kCpu, 5.0 * i}});
  EXPECT_THAT(s.log, ElementsAre("2: log info: grows 4MiB/s", "2: log info: heats", HasSubstr("3: "),
                                 "3: log info: heats"));
}

TEST(hold, the_last_value_stands_for_the_length_of_the_window) {
  Probe p("stream x(c) = hold(c.docker.pids over 300ms)");
  EXPECT_THAT(p.each(kPids, {7, kNothing, kNothing, kNothing, kNothing, 9, kNothing}),
              ElementsAre(7, 7, 7, kNothing, kNothing, 9, 9));
  EXPECT_EQ(p.next(kPids, kNothing, 5), kNothing);
}

TEST(hold, it_keeps_ints_and_truths_and_may_want_more_samples) {
  Probe n("stream held(c) = hold(c.docker.pids over 5step)\nstream x(c) = held(c) % 4");
  EXPECT_THAT(n.each(kPids, {7, kNothing, 9}), ElementsAre(3, 3, 1));
  Probe b("stream x(c) = hold(c.docker.pids > 5 over 1s)", true);
  EXPECT_THAT(b.each(kPids, {7, kNothing, 3, kNothing}), ElementsAre(1, 1, 0, 0));
  Probe k("stream x(c) = hold(c.docker.pids over 400ms, min 2)");
  EXPECT_THAT(k.each(kPids, {1, 2, kNothing, kNothing, kNothing, 6, 7}),
              ElementsAre(kNothing, 2, 2, 2, kNothing, kNothing, 7));
}

TEST(windows, what_is_not_finite_does_not_enter_them) {
  Probe nan("stream x(c) = p50(c.docker.cpu_usage_percent over 1s, min 1)");
  EXPECT_THAT(nan.each(kCpu, {50, NAN, INFINITY}), ElementsAre(0.5, 0.5, 0.5));
  // A product that overflows is infinite, and minus itself it is NaN.
  const std::string pow = "fn pow(v: float) -> float { return v * v * v * v * v * v * v * v }\n";
  for (const std::string op : {"avg", "sd", "slope", "p99", "hold", "sum"}) {
    Probe p(pow + "stream big(c) = pow(pow(c.docker.pids * 1.0))\nstream x(c) = " + op +
            "(big(c) - big(c) over 1s, min 1)");
    p.each(kPids, {1, 1});
    EXPECT_EQ(p.next(kPids, 1e18), Value(0)) << op;
  }
}

TEST(ewma, it_forgets_nothing_and_takes_in_nothing_that_is_not_finite) {
  const std::string pow = "fn pow(v: float) -> float { return v * v * v * v * v * v * v * v }\n";
  Probe p(pow + "stream x(c) = ewma(pow(pow(c.docker.pids * 1.0)), half: 100ms)");
  EXPECT_THAT(p.each(kPids, {1, 1, 1e18, 1}), ElementsAre(1, 1, kNothing, 1));
  Probe d(pow + "stream x(c) = delta(pow(pow(c.docker.pids * 1.0)))");
  EXPECT_THAT(d.each(kPids, {1, 1e18, 2}), ElementsAre(kNothing, kNothing, std::pow(2.0, 64) - 1));
}

TEST(windows, a_container_that_is_not_due_has_no_sample_and_loses_none) {
  Probe p("stream x(c) = p50(c.docker.pids over 1100ms, min 1)");
  p.spec.containers[0].sampling.docker_period_ns = 500'000'000;
  std::vector<Value> got;
  for (int i = 0; i < 11; ++i) {
    if (i == 0)
      got.push_back(p.next(kPids, 3));
    else {
      p.step({{"A", kPids, 9.0 + i, i % 5 == 0 ? Status::Ok : Status::NotDue}});
      got.push_back(p.last().empty() ? kNothing : Value(p.last()[0].value));
    }
  }
  EXPECT_THAT(got, ElementsAre(3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 14));
}

TEST(windows, a_container_that_starts_again_has_empty_ones) {
  for (const std::string op : {"sd", "slope", "p95", "hold"}) {
    Probe p("stream x(c) = " + op + "(c.docker.pids over 10s, min 2)");
    EXPECT_NE(p.each(kPids, {1, 2, 3}).back(), kNothing) << op;
    p.stop("A");
    p.start("A");
    EXPECT_EQ(p.next(kPids, 5), kNothing) << op;
    EXPECT_NE(p.next(kPids, 5), kNothing) << op;
  }
}

TEST(windows, the_work_of_percentiles_is_in_the_bound) {
  const auto work = [](const std::string& op) {
    Probe p("stream x(c) = " + op + "(c.docker.pids over 10s)");
    p.next(kPids, 1);
    return p.compiled->plan.operations;
  };
  EXPECT_GT(work("p50"), work("slope") + 1000);
  EXPECT_GT(work("slope"), work("sd"));
  EXPECT_GT(work("sd"), work("avg"));
  EXPECT_GT(work("avg"), work("hold"));
}

}  // namespace
}  // namespace cbench::test
