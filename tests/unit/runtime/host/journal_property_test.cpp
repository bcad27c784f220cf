// Any changes, undone by the journal: in order, and after kill -9 at any moment.
#include <csignal>
#include <filesystem>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal_fixture.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

/// A random tree of files and what stands in it.
using Snapshot = std::map<std::string, std::string>;
Snapshot snapshot(const fs::path& root) {
  Snapshot all;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    all[entry.path().string()] = entry.is_directory() ? "<folder>" : content(entry.path());
  return all;
}

std::string some_text(std::mt19937_64& random) {
  std::string text(random() % 40, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::vector<std::string> make_tree(const std::string& root, std::mt19937_64& random) {
  std::vector<std::string> files;
  for (int i = 0; i < 8; ++i) {
    const std::string folder = fmt::format("{}/group{}", root, random() % 3);
    fs::create_directories(folder);
    files.push_back(fmt::format("{}/file{}", folder, i));
    put(files.back(), some_text(random));
  }
  return files;
}

/// One journalled change: a write, or a new folder, perhaps in one that was made before.
void change_something(Journal& journal, const std::vector<std::string>& files, std::vector<std::string>& made,
                      const std::string& root, std::mt19937_64& random) {
  if (random() % 3 != 0) {
    const std::string& file = files[random() % files.size()];
    ASSERT_TRUE(journal.will_write(file).ok());
    put(file, some_text(random));
    return;
  }
  const std::string parent = made.empty() || random() % 2 == 0 ? root : made[random() % made.size()];
  made.push_back(fmt::format("{}/cbench-{}", parent, made.size()));
  ASSERT_TRUE(journal.will_create(made.back()).ok());
  fs::create_directory(made.back());
}

TEST_F(JournalTest, after_any_sequence_of_changes_restoring_gives_the_same_bytes) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    const std::string root = fmt::format("{}/{}", tree, seed);
    const std::vector<std::string> files = make_tree(root, random);
    const Snapshot before = snapshot(root);
    const auto journal = open(fmt::format("run{}", seed));
    std::vector<std::string> made;
    const size_t changes = random() % 30;
    for (size_t i = 0; i < changes; ++i) change_something(*journal, files, made, root, random);
    EXPECT_THAT(journal->restore(), IsEmpty());
    EXPECT_EQ(snapshot(root), before) << "seed " << seed;
  }
}

TEST_F(JournalTest, after_kill_9_at_any_moment_recovery_gives_the_same_bytes) {
  std::mt19937_64 random(42);
  const std::vector<std::string> files = make_tree(tree, random);
  const Snapshot before = snapshot(tree);
  int changed = 0;
  for (int round = 0; round < 50; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      auto journal = Journal::open(fmt::format("run{}", round), journals);
      if (!journal) ::_exit(1);
      std::mt19937_64 own(static_cast<uint64_t>(round));
      std::vector<std::string> made;
      for (;;) change_something(**journal, files, made, tree, own);
    }
    // Every second round waits for a change, so that there is something to undo on a slow machine as well.
    for (int i = 0; i < 10'000 && round % 2 == 0 && snapshot(tree) == before; ++i) ::usleep(1000);
    ::usleep(static_cast<useconds_t>(random() % 20'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child must have been in the middle of its changes";
    changed += snapshot(tree) == before ? 0 : 1;
    for (const Orphan& orphan : orphans(journals)) EXPECT_THAT(recover(orphan), IsEmpty());
    ASSERT_EQ(snapshot(tree), before) << "round " << round;
    ASSERT_TRUE(fs::is_empty(journals));
  }
  EXPECT_GE(changed, 20) << "the rounds that waited should have left something to undo";
}

}  // namespace
}  // namespace cbench
