// What a workload prints, as cells of the frame: the newest figure of the interval, or why there is none.
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/log_tail.h"
#include "tests/support/fixture_tree.h"

// Under AddressSanitizer its own hook counts what the C library allocates as well (as in tests/decisions);
// elsewhere nothing does.
namespace {
bool counting = false;
int64_t allocations = 0;
}  // namespace
#if defined(__has_feature) && __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
namespace {
void count_allocation(const volatile void*, size_t) {
  if (counting) ++allocations;
}
void ignore_release(const volatile void*) {}
const int hooked = __sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_release);
}  // namespace
#endif

namespace cbench {
namespace {

using enum Metric;

class reporting : public testing::Test {
 protected:
  /// Two figures in one line: group 1 the latency, group 2 the throughput.
  void watch(const std::string& pattern, const std::string& path = "") {
    ContainerSpec container;
    container.app =
        AppSource{.path = {path, {}},
                  .address = {},
                  .request = {},
                  .pattern = {pattern, {}},
                  .figures = {{app_latency_p95, 1, Unit::None}, {app_throughput, 2, Unit::PerSecond}}};
    container.sampling.enabled.set(static_cast<size_t>(app_latency_p95));
    container.sampling.enabled.set(static_cast<size_t>(app_throughput));
    spec.containers = {container};
    frame = std::make_unique<Frame>(columns_of(spec), 1);
    collector = make_app_collector(spec, *frame);
    Started started;
    started.output = tree / "a.stdout";
    told = collector->attach(0, started);
  }
  void print(const std::string& text, const std::string& name = "a.stdout") const {
    std::ofstream(tree / name, std::ios::app) << text;
  }
  /// Samples once: "latency throughput", a status where there is no value.
  std::string sample() {
    collector->collect(0, *frame);
    return cell(app_latency_p95) + " " + cell(app_throughput);
  }
  [[nodiscard]] std::string cell(Metric metric) const {
    const auto column = static_cast<size_t>(frame->column(metric));
    return frame->has(column, 0) ? fmt::format("{}", frame->number(column, 0))
                                 : std::string(name(frame->status(column, 0)));
  }

  FixtureTree tree;
  RunSpec spec;
  std::unique_ptr<Frame> frame;
  std::unique_ptr<Collector> collector;
  std::vector<std::string> told;
};

constexpr const char* kBoth = R"(p95=(\S+) rate=(\S+))";

TEST_F(reporting, the_newest_line_of_the_interval_counts_and_silence_has_no_value) {
  print("");
  watch(kBoth);
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(sample(), "unavailable unavailable");
  print("starting\np95=1ms rate=10\np95=2ms rate=20\ndebug\n");
  EXPECT_EQ(sample(), "2000000 20");
  EXPECT_EQ(sample(), "unavailable unavailable") << "never the old value";
  print("p95=3ms rate=30");
  EXPECT_EQ(sample(), "unavailable unavailable") << "the line is not complete";
  print("0\n");
  EXPECT_EQ(sample(), "3000000 300");
}

TEST_F(reporting, lines_that_were_printed_before_the_first_sample_count) {
  print("p95=1ms rate=10\n");
  watch(kBoth);
  EXPECT_EQ(sample(), "1000000 10");
}

TEST_F(reporting, each_figure_is_the_newest_of_its_own_when_they_stand_in_several_lines) {
  print("");
  watch(R"(p95 (\S+)|rate (\S+))");
  print("rate 10\np95 1ms\np95 2ms\n");
  EXPECT_EQ(sample(), "2000000 10");
  print("rate 11\n");
  EXPECT_EQ(sample(), "unavailable 11");
}

TEST_F(reporting, garbage_is_an_error_and_a_good_line_after_it_is_not) {
  print("");
  watch(kBoth);
  print(std::string("\0\xFF\x80\n\n\r\n", 7));
  EXPECT_EQ(sample(), "unavailable unavailable");
  print("p95=1ms rate=1\np95=soon rate=2\n");
  EXPECT_EQ(sample(), "error 2");
  print("p95=soon rate=many\np95=4ms rate=4\n");
  EXPECT_EQ(sample(), "4000000 4");
}

TEST_F(reporting, a_line_is_cut_and_the_next_one_is_not_lost) {
  print("");
  watch(kBoth);
  print(std::string(100'000, 'x') + " p95=1ms rate=1\n");
  EXPECT_EQ(sample(), "unavailable unavailable");
  print("p95=2ms rate=2 " + std::string(20'000, 'x') + "\n");
  EXPECT_EQ(sample(), "2000000 2");
}

TEST_F(reporting, a_pattern_that_does_not_end_is_given_up_and_said_so) {
  print("");
  watch("(a+)+([bc])");
  print(std::string(4000, 'a') + "\n");
  EXPECT_EQ(sample(), "error error");
  EXPECT_EQ(sample(), "unavailable unavailable");
}

TEST_F(reporting, a_file_is_read_from_its_end_and_followed_when_it_is_replaced) {
  print("p95=9ms rate=9\n", "service.log");
  watch(kBoth, tree / "service.log");
  EXPECT_EQ(sample(), "unavailable unavailable") << "lines of an earlier run";
  print("p95=1ms rate=1\n", "service.log");
  std::filesystem::rename(tree / "service.log", tree / "service.log.1");
  print("p95=2ms rate=2\n", "service.log");
  EXPECT_EQ(sample(), "2000000 2");
  tree.write("service.log", "");
  EXPECT_EQ(sample(), "unavailable unavailable");
  print("p95=3ms rate=3\n", "service.log");
  EXPECT_EQ(sample(), "3000000 3");
}

TEST_F(reporting, a_file_that_is_not_there_is_told_of_and_read_when_it_comes) {
  watch(kBoth, tree / "service.log");
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find("app.latency_p95, app.throughput: cannot read"), std::string::npos) << told[0];
  EXPECT_EQ(sample(), "error error");
  print("p95=1ms rate=1\n", "service.log");
  EXPECT_EQ(sample(), "1000000 1");
}

TEST_F(reporting, a_container_that_starts_again_is_read_from_its_beginning) {
  print("p95=1ms rate=1\n");
  watch(kBoth);
  EXPECT_EQ(sample(), "1000000 1");
  collector->detach(0);
  tree.write("a.stdout", "p95=2ms rate=2\n");
  Started again;
  again.output = tree / "a.stdout";
  EXPECT_TRUE(collector->attach(0, again).empty());
  EXPECT_EQ(sample(), "2000000 2");
}

TEST_F(reporting, collecting_allocates_nothing) {
#if !defined(__has_feature) || !__has_feature(address_sanitizer)
  GTEST_SKIP() << "nothing counts what the C library allocates here";
#endif
  print("");
  watch(R"(^.*?p95=(\S+) .*rate=(\S+))");
  std::ofstream out(tree / "a.stdout", std::ios::app);
  for (int i = 0; i < 50; ++i) {
    for (int line = 0; line < 40; ++line)
      out << "noise " << std::string(static_cast<size_t>(line * 50), '.') << '\n';
    out << "at " << i << " p95=" << i + 1 << ".25ms and rate=" << i << '\n' << std::flush;
    counting = true;
    collector->collect(0, *frame);
    counting = false;
    ASSERT_EQ(cell(app_latency_p95), fmt::format("{}", i * 1'000'000 + 1'250'000));
  }
  EXPECT_EQ(allocations, 0);
}

}  // namespace
}  // namespace cbench
