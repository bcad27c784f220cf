// `cbench clean` on journals of processes that really died, with leftovers of containers from a fake engine.
#include "runtime/driver/clean.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CleanTest : public testing::Test {
 protected:
  CleanTest() {
    fs::create_directories(base);
    sources.journals = base + "/state";
    sources.leftovers = [this] { return containers; };
    sources.remove = [this](const Leftover& leftover) -> Result<> {
      if (leftover.handle == "stuck")
        return Error{Exit::RunFailed, "cannot remove container stuck: device busy", ""};
      removed.push_back(leftover.handle);
      return Done{};
    };
  }
  ~CleanTest() override { fs::remove_all(base); }

  /// A run that made a folder, and died.
  std::string dead_run(const std::string& run_id) {
    const std::string folder = base + "/cbench-" + run_id;
    const pid_t child = ::fork();
    if (child == 0) {
      auto journal = Journal::open(run_id, sources.journals);
      if (journal.ok() && (*journal)->will_create(folder).ok()) fs::create_directory(folder);
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(fs::exists(folder));
    return folder;
  }

  std::pair<int, std::string> run(bool yes, bool json = false) {
    char* text = nullptr;
    size_t size = 0;
    std::FILE* out = ::open_memstream(&text, &size);
    const int code = clean(sources, yes, json, out);
    std::fclose(out);
    std::pair<int, std::string> result{code, std::string(text, size)};
    std::free(text);
    return result;
  }

  /// No other test's: a run that lives anywhere on the host is left alone.
  const std::string dead = fmt::format("aa{}", ::getpid());
  std::string base = fs::temp_directory_path() / fmt::format("cbench-clean-{}", ::getpid());
  CleanSources sources;
  std::vector<Leftover> containers;
  std::vector<std::string> removed;
};

TEST_F(CleanTest, on_a_clean_host_it_says_so) {
  const auto [code, text] = run(true);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(text, "nothing is left of earlier runs\n");
}

TEST_F(CleanTest, without_yes_it_lists_and_touches_nothing) {
  const std::string folder = dead_run(dead);
  containers = {{"container cbench-aa-hog", dead, "c0ffee"}};
  const auto [code, text] = run(false);
  EXPECT_EQ(code, 0);
  EXPECT_THAT(text, AllOf(HasSubstr("run " + dead + " (process"), HasSubstr("remove " + folder),
                          HasSubstr("remove container cbench-aa-hog"), HasSubstr("cbench clean --yes")));
  EXPECT_TRUE(fs::exists(folder));
  EXPECT_THAT(removed, IsEmpty());
}

TEST_F(CleanTest, with_yes_it_undoes_journals_and_removes_containers) {
  const std::string folder = dead_run(dead);
  containers = {{"container cbench-aa-hog", dead, "c0ffee"}};
  const auto [code, text] = run(true);
  EXPECT_EQ(code, 0);
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_THAT(removed, ElementsAre("c0ffee"));
  EXPECT_THAT(text, HasSubstr("done"));
  containers.clear();
  EXPECT_EQ(run(true).second, "nothing is left of earlier runs\n");
}

TEST_F(CleanTest, a_live_run_keeps_its_containers_and_its_journal) {
  const auto live = Journal::open("live", sources.journals);
  containers = {{"container cbench-live-hog", "live", "alive"}, {"container cbench-aa-hog", dead, "dead"}};
  const auto [code, text] = run(true);
  EXPECT_EQ(code, 0);
  EXPECT_THAT(removed, ElementsAre("dead"));
  EXPECT_THAT(text, Not(HasSubstr("live")));
}

TEST_F(CleanTest, what_the_journal_names_is_not_listed_twice) {
  const std::string folder = dead_run(dead);
  containers = {{"cgroup " + folder, dead, folder}};
  const auto [code, text] = run(false);
  EXPECT_EQ(text.find(folder), text.rfind(folder)) << text;
}

TEST_F(CleanTest, what_cannot_be_undone_is_told_and_the_code_is_1) {
  const std::string folder = dead_run(dead);
  std::ofstream(folder + "/file") << "a user's";
  containers = {{"container stuck", "bb", "stuck"}};
  const auto [code, text] = run(true);
  EXPECT_EQ(code, 1);
  EXPECT_THAT(text, AllOf(HasSubstr("cannot remove " + folder),
                          HasSubstr("cannot remove container stuck: device busy")));
  EXPECT_TRUE(fs::exists(sources.journals + "/" + dead + ".journal")) << "for the next try";
}

TEST_F(CleanTest, as_json_each_leftover_says_whether_it_was_undone) {
  const std::string folder = dead_run(dead);
  containers = {{"container stuck", "bb", "stuck"}};
  const auto [code, text] = run(true, true);
  const auto list = nlohmann::json::parse(text).at("leftovers");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at("what"), "remove " + folder);
  EXPECT_EQ(list[0].at("undone"), true);
  EXPECT_GT(list[0].at("pid"), 0);
  EXPECT_EQ(list[1].at("undone"), false);
  EXPECT_THAT(list[1].at("problem").get<std::string>(), HasSubstr("busy"));
}

}  // namespace
}  // namespace cbench
