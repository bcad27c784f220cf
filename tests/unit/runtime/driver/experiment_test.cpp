// The folder of several runs: what its index remembers, and what it refuses.
#include "runtime/driver/experiment.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

namespace cbench {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const Ingredients kMadeOf = {{"benchmark", "abc"}, {"policy", ""}};

class experiment : public testing::Test {
 protected:
  experiment() {
    char name[] = "/tmp/cbench-experiment-XXXXXX";
    root_ = mkdtemp(name);
    folder = root_ + "/results/x";
  }
  ~experiment() override { fs::remove_all(root_); }

  static IndexedRun a_run(int64_t number, const std::string& outcome = "ok", double cpu = 50) {
    return {.number = number,
            .warmup = false,
            .run_id = "id" + std::to_string(number),
            .folder = "00" + std::to_string(number) + "-id" + std::to_string(number),
            .outcome = outcome,
            .exit_code = 0,
            .start_wall_ns = 7,
            .duration_ns = 8,
            .containers = {{"a", {{"cpu_percent", cpu}}}}};
  }
  std::string root_, folder;
};

TEST_F(experiment, remembers_its_runs_over_a_crash) {
  {
    Result<Experiment> begun = Experiment::begin(folder, "x", kMadeOf);
    ASSERT_TRUE(begun.ok()) << begun.error().message;
    ASSERT_TRUE(begun->add(a_run(1, "ok", 40)).ok());
    ASSERT_TRUE(begun->add(a_run(2, "failed", 60)).ok());
    ASSERT_TRUE(begun->add(a_run(3, "interrupted", 99)).ok());
  }
  const Result<Experiment> again = Experiment::resume(folder, kMadeOf);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_TRUE(again->finished(1));
  EXPECT_TRUE(again->finished(2));
  EXPECT_FALSE(again->finished(3));
  ASSERT_EQ(again->spreads().size(), 1U);
  EXPECT_EQ(again->spreads()[0].spread.mean, 50);  // without the interrupted one
  EXPECT_EQ(again->finished_runs(), 2U);
}

TEST_F(experiment, a_warm_up_run_counts_for_nothing) {
  Result<Experiment> begun = Experiment::begin(folder, "x", kMadeOf);
  ASSERT_TRUE(begun.ok());
  IndexedRun warm = a_run(1);
  warm.warmup = true;
  ASSERT_TRUE(begun->add(warm).ok());
  EXPECT_FALSE(begun->finished(1));
  EXPECT_TRUE(begun->spreads().empty());
  EXPECT_EQ(begun->prefix(1, true), folder + "/w001-");
  EXPECT_EQ(begun->prefix(12, false), folder + "/012-");
}

TEST_F(experiment, a_run_that_was_killed_is_listed_and_made_again) {
  {
    Result<Experiment> begun = Experiment::begin(folder, "x", kMadeOf);
    ASSERT_TRUE(begun.ok());
    ASSERT_TRUE(begun->add(a_run(1)).ok());
  }
  fs::create_directories(folder + "/001-id1");
  fs::create_directories(folder + "/002-killed");
  fs::create_directories(folder + "/w001-killed");
  fs::create_directories(folder + "/notes");
  const Result<Experiment> again = Experiment::resume(folder, kMadeOf);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_FALSE(again->finished(2));
  const std::string index = again->to_json(-1);
  EXPECT_THAT(index, HasSubstr(R"("run_id":"killed","trace":"002-killed/trace.arrows","outcome":"cut_off")"));
  EXPECT_THAT(index, HasSubstr("w001-killed"));
  EXPECT_THAT(index, testing::Not(HasSubstr("notes")));
}

TEST_F(experiment, another_benchmark_is_refused_by_what_differs) {
  {
    ASSERT_TRUE(Experiment::begin(folder, "x", kMadeOf).ok());
  }
  const auto other = Experiment::resume(folder, {{"benchmark", "abc"}, {"policy", "def"}});
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().exit, Exit::Usage);
  EXPECT_THAT(other.error().message, HasSubstr("differs in policy"));
}

TEST_F(experiment, two_at_once_are_refused) {
  const Result<Experiment> begun = Experiment::begin(folder, "x", kMadeOf);
  ASSERT_TRUE(begun.ok());
  const auto second = Experiment::resume(folder, kMadeOf);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr("at work"));
}

TEST_F(experiment, a_folder_with_one_is_not_begun_again) {
  {
    ASSERT_TRUE(Experiment::begin(folder, "x", kMadeOf).ok());
  }
  const auto second = Experiment::begin(folder, "x", kMadeOf);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().hint, HasSubstr("--resume"));
}

TEST_F(experiment, what_is_no_index_is_said) {
  EXPECT_EQ(Experiment::resume(root_, kMadeOf).error().exit, Exit::Usage);
  for (const char* text : {"", "{}", "[]", "null", R"({"cbench_experiment": 2})",
                           R"({"cbench_experiment": 1, "benchmark": 3, "made_of": {}, "runs": []})",
                           R"({"cbench_experiment": 1, "benchmark": "x", "made_of": {}, "runs": [{}]})"}) {
    std::ofstream(root_ + "/index.json") << text;
    const auto found = Experiment::resume(root_, kMadeOf);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(found.error().exit, Exit::Invalid) << text;
  }
}

}  // namespace
}  // namespace cbench
