// Pausing: a real process in the freezer of cgroup v1, and plain folders with the files of both versions.
#include "runtime/actuators/freezer.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/actuators/actuator.h"
#include "tests/support/cgroup_child.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::IsEmpty;

std::string content(const std::string& path) {
  std::string text;
  EXPECT_EQ(read_file(path, text), 0) << path;
  return text;
}

class FreezerTest : public testing::Test {
 protected:
  FreezerTest() {
    fs::create_directories(base + "/v1");
    fs::create_directories(base + "/v2");
    journal = std::move(*Journal::open("test", base + "/state"));
  }
  ~FreezerTest() override {
    journal.reset();
    fs::remove_all(base);
  }
  void put(const std::string& file, const std::string& text) const { std::ofstream(base + file) << text; }

  std::string base = fmt::format("/tmp/cbench-freezer-{}", ::getpid());
  std::unique_ptr<Journal> journal;
};

TEST_F(FreezerTest, version_1_comes_before_version_2_and_without_either_there_is_none) {
  CgroupPaths own;
  own.freezer = base + "/v1";
  own.unified = base + "/v2";
  EXPECT_EQ(freezer_file(own), "");
  put("/v2/cgroup.freeze", "0\n");
  EXPECT_EQ(freezer_file(own), base + "/v2/cgroup.freeze");
  put("/v1/freezer.state", "THAWED\n");
  EXPECT_EQ(freezer_file(own), base + "/v1/freezer.state");
  const auto none = set_frozen("", true, *journal);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().exit, Exit::HostLacks);
}

TEST_F(FreezerTest, what_is_written_is_undone_whoever_froze_it) {
  put("/v1/freezer.state", "THAWED\n");
  put("/v2/cgroup.freeze", "1\n");
  ASSERT_TRUE(set_frozen(base + "/v1/freezer.state", true, *journal).ok());
  ASSERT_TRUE(journal_frozen(base + "/v2/cgroup.freeze", *journal).ok());
  EXPECT_EQ(content(base + "/v1/freezer.state"), "FROZEN");
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(content(base + "/v1/freezer.state"), "THAWED\n");
  EXPECT_EQ(content(base + "/v2/cgroup.freeze"), "0\n");
}

TEST_F(FreezerTest, what_is_so_already_is_not_written) {
  put("/v2/cgroup.freeze", "1\n");
  ASSERT_TRUE(set_frozen(base + "/v2/cgroup.freeze", true, *journal).ok());
  EXPECT_EQ(content(base + "/v2/cgroup.freeze"), "1\n") << "a write would have left no newline";
  ASSERT_TRUE(set_frozen(base + "/v2/cgroup.freeze", false, *journal).ok());
  EXPECT_EQ(content(base + "/v2/cgroup.freeze"), "0");
}

// --- a real process ---

class RealFreezerTest : public FreezerTest {
 protected:
  void SetUp() override {
    if (!CgroupChild::possible({"freezer", "cpuacct"})) GTEST_SKIP() << "no writable v1 hierarchies";
    plan.slots = 1;
    plan.slot_names = {"spinner"};
    plan.acts = {{Verb::Pause, 1, {}}, {Verb::Resume, 1, {}}};
    goal.containers.resize(1);
    child = std::make_unique<CgroupChild>(std::vector<std::string>{"freezer", "cpuacct"}, [] {
      for (volatile uint64_t i = 0;; i = i + 1) {
      }
    });
    actuators = std::make_unique<Actuators>(plan, HostFacts{}, "0190-test", *journal);
    auto paths = cgroups_of(child->pid);
    ASSERT_TRUE(paths.ok()) << paths.error().message;
    ASSERT_TRUE(actuators->attach(0, {"id", child->pid, "", "", *paths, ""}, goal).ok());
  }
  Result<> pause(bool paused) {
    goal.containers[0].paused = paused;
    return actuators->apply({Target::ContainerPause, 0, 0}, goal);
  }
  [[nodiscard]] std::string state() const { return content(child->group("freezer") + "/freezer.state"); }
  /// CPU time in ns that it uses in 100 ms.
  [[nodiscard]] int64_t used() const {
    const auto usage = [&] { return std::stoll(content(child->group("cpuacct") + "/cpuacct.usage")); };
    const int64_t before = usage();
    std::this_thread::sleep_for(100ms);
    return usage() - before;
  }

  Plan plan;
  Allocation goal;
  std::unique_ptr<CgroupChild> child;
  std::unique_ptr<Actuators> actuators;
};

TEST_F(RealFreezerTest, a_paused_process_uses_no_time_and_goes_on_where_it_was) {
  EXPECT_GT(used(), 0);
  ASSERT_TRUE(pause(true).ok());
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(used(), 0);
  ASSERT_TRUE(pause(false).ok());
  EXPECT_GT(used(), 0);
  ASSERT_TRUE(pause(true).ok());
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(state(), "THAWED\n");
}

TEST_F(RealFreezerTest, one_that_is_about_to_be_stopped_can_be) {
  ASSERT_TRUE(pause(true).ok());
  ::kill(child->pid, SIGTERM);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(::waitpid(child->pid, nullptr, WNOHANG), 0) << "frozen, it does not hear the signal";
  actuators->detach(0);
  EXPECT_EQ(state(), "THAWED\n");
  int status = 0;
  EXPECT_EQ(::waitpid(child->pid, &status, 0), child->pid);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

}  // namespace
}  // namespace cbench
