// The journal against real folders and real cgroups, with owners that really die.
#include "runtime/host/journal.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/host/journal_format.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    fs::create_directories(journals);
    fs::create_directories(tree);
  }
  ~JournalTest() override { fs::remove_all(base); }

  std::unique_ptr<Journal> open(const std::string& run_id) {
    auto journal = Journal::open(run_id, journals);
    EXPECT_TRUE(journal.ok()) << journal.error().message;
    return std::move(*journal);
  }

  /// Runs `body` in a child that then dies as if by kill -9, leaving its journal.
  static void in_a_run_that_dies(const std::function<void()>& body) {
    const pid_t child = fork();
    if (child == 0) {
      body();
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  std::string base = fs::temp_directory_path() / fmt::format("cbench-journal-{}", ::getpid());
  std::string journals = base + "/state";
  std::string tree = base + "/tree";
};

TEST_F(JournalTest, a_written_file_gets_its_first_content_back) {
  put(tree + "/quota", "-1\n");
  const auto journal = open("run");
  for (const char* text : {"100", "200"}) {
    ASSERT_TRUE(journal->will_write(tree + "/quota").ok());
    put(tree + "/quota", text);
  }
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(content(tree + "/quota"), "-1\n");
}

TEST_F(JournalTest, the_entry_is_on_disk_before_the_change) {
  put(tree + "/quota", "-1\n");
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_write(tree + "/quota").ok());
  const JournalText text = parse_journal(content(journals + "/run.journal"));
  ASSERT_TRUE(text.owner);
  EXPECT_EQ(text.owner->pid, ::getpid());
  EXPECT_TRUE(is_alive(*text.owner));
  EXPECT_THAT(text.entries, ElementsAre(JournalEntry{JournalEntry::Kind::Write, tree + "/quota", "-1\n"}));
}

TEST_F(JournalTest, a_given_text_restores_instead_of_the_present_one) {
  put(tree + "/schemata", "L3:0=7ff\n");
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_write(tree + "/schemata", "L3:0=fff\n").ok());
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(content(tree + "/schemata"), "L3:0=fff\n");
}

TEST_F(JournalTest, what_has_vanished_is_skipped) {
  put(tree + "/quota", "-1\n");
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_write(tree + "/quota").ok());
  ASSERT_TRUE(journal->will_create(tree + "/cbench-a").ok());
  fs::remove(tree + "/quota");
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_FALSE(fs::exists(tree + "/quota"));
}

TEST_F(JournalTest, a_file_that_cannot_be_read_is_not_written) {
  const auto journal = open("run");
  const auto refused = journal->will_write(tree + "/absent");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr(tree + "/absent: no such file"));
}

TEST_F(JournalTest, a_folder_that_is_not_named_by_us_is_refused) {
  const auto journal = open("run");
  for (const char* folder : {"/sys/fs/resctrl/mine", "cbench-x", "/tmp/cbench/../other", "/"})
    EXPECT_FALSE(journal->will_create(folder).ok()) << folder;
}

TEST_F(JournalTest, a_folder_that_was_there_before_is_not_removed) {
  fs::create_directory(tree + "/cbench-old");
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_create(tree + "/cbench-old").ok());
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_TRUE(fs::exists(tree + "/cbench-old"));
}

TEST_F(JournalTest, a_folder_replaced_by_a_link_is_not_followed) {
  fs::create_directories(base + "/elsewhere/inner");
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_create(tree + "/cbench-a").ok());
  fs::create_directory(tree + "/cbench-a");
  fs::create_directory_symlink(base + "/elsewhere", tree + "/cbench-a/link");
  EXPECT_THAT(journal->restore(), SizeIs(1));  // the link keeps the folder from being empty
  EXPECT_TRUE(fs::exists(base + "/elsewhere/inner"));
  fs::remove(tree + "/cbench-a/link");
  fs::remove(tree + "/cbench-a");
  fs::create_directory_symlink(base + "/elsewhere", tree + "/cbench-a");
  EXPECT_THAT(journal->restore(), ElementsAre(HasSubstr("not a folder any more")));
  EXPECT_TRUE(fs::exists(base + "/elsewhere/inner"));
}

TEST_F(JournalTest, a_journal_with_something_left_stays_on_disk_and_an_empty_one_goes) {
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_create(tree + "/cbench-a").ok());
  fs::create_directory(tree + "/cbench-a");
  put(tree + "/cbench-a/file", "a user's");
  EXPECT_THAT(journal->restore(), SizeIs(1));
  journal->close();
  EXPECT_TRUE(fs::exists(journals + "/run.journal"));

  const auto clean = open("clean");
  EXPECT_THAT(clean->restore(), IsEmpty());
  clean->close();
  EXPECT_FALSE(fs::exists(journals + "/clean.journal"));
  EXPECT_FALSE(clean->will_create(tree + "/cbench-b").ok()) << "a closed journal protects nothing";
}

TEST_F(JournalTest, paths_and_texts_of_any_bytes_come_back) {
  std::string bytes;
  for (int c = 1; c < 256; ++c)
    if (c != '/') bytes += static_cast<char>(c);
  const JournalEntry entry{JournalEntry::Kind::Write, "/" + bytes, bytes + '\0' + bytes};
  EXPECT_THAT(parse_journal(to_line(entry)).entries, ElementsAre(entry));
}

TEST_F(JournalTest, a_live_owner_is_no_orphan_and_cannot_be_recovered) {
  const auto journal = open("run");
  EXPECT_THAT(orphans(journals), IsEmpty());
  EXPECT_THAT(recover({journals + "/run.journal", "run", ::getpid(), {}}), ElementsAre(HasSubstr("alive")));
}

TEST_F(JournalTest, a_dead_owner_is_found_and_undone) {
  put(tree + "/quota", "-1\n");
  in_a_run_that_dies([&] {
    const auto journal = open("dead");
    (void)journal->will_write(tree + "/quota");
    put(tree + "/quota", "7\n");
    (void)journal->will_create(tree + "/cbench-dead");
    fs::create_directories(tree + "/cbench-dead/inner/most");
    ::raise(SIGKILL);
  });
  const std::vector<Orphan> found = orphans(journals);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].run_id, "dead");
  EXPECT_THAT(found[0].entries,
              ElementsAre("restore " + tree + "/quota to -1", "remove " + tree + "/cbench-dead"));
  EXPECT_THAT(recover(found[0]), IsEmpty());
  EXPECT_EQ(content(tree + "/quota"), "-1\n");
  EXPECT_FALSE(fs::exists(tree + "/cbench-dead"));
  EXPECT_THAT(orphans(journals), IsEmpty());
  EXPECT_THAT(recover(found[0]), IsEmpty()) << "a second recovery finds nothing to do";
}

TEST_F(JournalTest, a_half_written_line_is_as_if_it_were_not_there) {
  put(tree + "/quota", "-1\n");
  in_a_run_that_dies([&] {
    const auto journal = open("torn");
    (void)journal->will_write(tree + "/quota");
    put(tree + "/quota", "7\n");
    ::raise(SIGKILL);
  });
  const std::string whole = content(journals + "/torn.journal");
  const std::string next = to_line(JournalEntry{JournalEntry::Kind::Create, tree + "/cbench-x", ""});
  for (size_t cut = 0; cut < next.size(); ++cut) {
    put(tree + "/quota", "7\n");
    put(journals + "/torn.journal", whole + next.substr(0, cut));
    const std::vector<Orphan> found = orphans(journals);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].entries, SizeIs(1));
    EXPECT_THAT(recover(found[0]), IsEmpty());
    EXPECT_EQ(content(tree + "/quota"), "-1\n");
  }
  for (size_t cut = 0; cut < whole.find('\n'); ++cut) {  // it died while it wrote its header
    put(journals + "/torn.journal", whole.substr(0, cut));
    ASSERT_THAT(orphans(journals), SizeIs(1));
    EXPECT_THAT(recover(orphans(journals)[0]), IsEmpty());
    EXPECT_FALSE(fs::exists(journals + "/torn.journal"));
  }
}

TEST_F(JournalTest, after_a_reboot_only_the_file_is_removed) {
  put(tree + "/quota", "5\n");
  JournalOwner owner = this_process("old");
  owner.boot_id = "another boot";
  put(journals + "/old.journal",
      to_line(owner) + to_line(JournalEntry{JournalEntry::Kind::Write, tree + "/quota", "-1\n"}));
  const std::vector<Orphan> found = orphans(journals);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].entries, IsEmpty());
  EXPECT_THAT(recover(found[0]), IsEmpty());
  EXPECT_EQ(content(tree + "/quota"), "5\n");
  EXPECT_FALSE(fs::exists(journals + "/old.journal"));
}

TEST_F(JournalTest, a_process_that_got_the_pid_of_a_dead_owner_is_not_the_owner) {
  JournalOwner owner = this_process("reused");
  owner.start_time -= 1;
  put(journals + "/reused.journal", to_line(owner));
  EXPECT_THAT(orphans(journals), SizeIs(1));
  owner.start_time += 1;  // its lock is free, but the process lives: left alone
  put(journals + "/reused.journal", to_line(owner));
  EXPECT_THAT(orphans(journals), IsEmpty());
}

TEST_F(JournalTest, a_second_live_owner_of_rdt_is_refused_with_the_first_ones_pid_and_run) {
  const auto first = open("first");
  const auto second = open("second");
  ASSERT_TRUE(first->own_rdt("/sys/fs/resctrl").ok());
  EXPECT_TRUE(first->own_rdt("/sys/fs/resctrl").ok());
  const auto refused = second->own_rdt("/sys/fs/resctrl");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().exit, Exit::HostLacks);
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("run first (pid {})", ::getpid())));
  EXPECT_TRUE(second->own_rdt("/another/root").ok());
  EXPECT_THAT(first->restore(), IsEmpty());
  EXPECT_TRUE(second->own_rdt("/sys/fs/resctrl").ok()) << "a restored journal has given RDT back";
}

TEST_F(JournalTest, a_dead_owner_of_rdt_is_no_obstacle) {
  in_a_run_that_dies([&] {
    const auto journal = open("dead");
    (void)journal->own_rdt("/sys/fs/resctrl");
    ::raise(SIGKILL);
  });
  EXPECT_TRUE(open("next")->own_rdt("/sys/fs/resctrl").ok());
}

TEST_F(JournalTest, a_folder_that_cannot_be_made_is_what_the_host_lacks) {
  put(base + "/file", "");
  const auto refused = Journal::open("run", base + "/file/state");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().exit, Exit::HostLacks);
}

// --- properties ---

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

// --- real cgroups ---

/// A folder in a mounted cgroup hierarchy that we may write, or "" where there is none.
std::string cgroup_root(const std::string& controller) {
  for (const std::string& root : {"/sys/fs/cgroup/" + controller, std::string("/sys/fs/cgroup")})
    if (::access((root + "/cgroup.procs").c_str(), W_OK) == 0) return root;
  return "";
}

class JournalCgroupTest : public JournalTest, public testing::WithParamInterface<const char*> {};

TEST_P(JournalCgroupTest, leftover_processes_are_killed_and_the_group_with_its_children_removed) {
  const std::string root = cgroup_root(GetParam());
  if (root.empty()) GTEST_SKIP() << "no writable cgroup hierarchy for " << GetParam();
  const std::string group = fmt::format("{}/cbench-test-{}", root, ::getpid());
  const auto journal = open("run");
  ASSERT_TRUE(journal->will_create(group).ok());
  fs::create_directories(group + "/inner");
  const pid_t child = fork();
  if (child == 0) {
    if (fork() == 0)  // in the child group
      write_file(group + "/inner/cgroup.procs", fmt::format("{}", ::getpid()));
    else
      write_file(group + "/cgroup.procs", fmt::format("{}", ::getpid()));
    for (;;) ::pause();
  }
  std::string outer, inner;
  for (int i = 0; i < 500 && (outer.empty() || inner.empty()); ++i) {
    ::usleep(2000);
    read_file(group + "/cgroup.procs", outer);
    read_file(group + "/inner/cgroup.procs", inner);
  }
  ASSERT_FALSE(outer.empty() || inner.empty());
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_FALSE(fs::exists(group));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

INSTANTIATE_TEST_SUITE_P(hierarchies, JournalCgroupTest, testing::Values("cpu", "freezer", "unified"));

}  // namespace
}  // namespace cbench
