// The journal against real folders and real cgroups, with owners that really die.
#include "runtime/host/journal.h"

#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal_fixture.h"
#include "runtime/host/journal_format.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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

TEST_F(JournalTest, a_run_is_known_to_live_where_its_journal_cannot_be_read) {
  auto journal = open("0190aaaa-seen-by-others");
  EXPECT_THAT(live_runs("/no/such/folder"), Contains("0190aaaa-seen-by-others"));
  journal->close();
  EXPECT_THAT(live_runs("/no/such/folder"), testing::Not(Contains("0190aaaa-seen-by-others")));
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
