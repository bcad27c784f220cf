// Following files that grow, shrink and are replaced.
#include "runtime/collectors/log_tail.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

using From = LogTail::From;

class following : public testing::Test {
 protected:
  void append(const std::string& text, const std::string& name = "log") const {
    std::ofstream(tree / name, std::ios::app) << text;
  }
  /// The lines that `read` gives, newest first, as the collector takes them.
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    auto read = tail.read();
    if (!read) return {"unreadable"};
    while (!read->empty()) out.emplace_back(take_last_line(*read));
    return out;
  }
  using Lines = std::vector<std::string>;

  FixtureTree tree;
  LogTail tail;
};

TEST_F(following, only_what_was_appended_is_read) {
  append("one\n");
  tail.follow(tree / "log", From::Beginning);
  EXPECT_EQ(lines(), Lines{"one"});
  EXPECT_EQ(lines(), Lines{});
  append("two\nthree\n");
  EXPECT_EQ(lines(), (Lines{"three", "two"}));
  EXPECT_EQ(lines(), Lines{});
}

TEST_F(following, from_the_end_what_was_there_does_not_count) {
  append("old\nhalf");
  tail.follow(tree / "log", From::End);
  EXPECT_EQ(lines(), Lines{});
  append(" a line\nnew\n");
  EXPECT_EQ(lines(), Lines{"new"}) << "the rest of a line whose beginning is old is none";
}

TEST_F(following, a_line_waits_for_its_end) {
  append("p95=1");
  tail.follow(tree / "log", From::Beginning);
  EXPECT_EQ(lines(), Lines{});
  append("2");
  EXPECT_EQ(lines(), Lines{});
  append("ms\r\nnext");
  EXPECT_EQ(lines(), Lines{"p95=12ms"});
  append("\n\n");
  EXPECT_EQ(lines(), (Lines{"", "next"}));
}

TEST_F(following, a_very_long_line_is_cut_wherever_the_samples_fall) {
  const std::string begin = "head" + std::string(LogTail::kMostLine - 4, 'x');
  append("head");
  tail.follow(tree / "log", From::Beginning);
  EXPECT_EQ(lines(), Lines{});
  for (int i = 0; i < 5; ++i) {
    append(std::string(30'000, 'x'));
    EXPECT_EQ(lines(), Lines{});
  }
  append("\nafter\n");
  EXPECT_EQ(lines(), (Lines{"after", begin}));
}

TEST_F(following, of_too_much_the_newest_is_read_and_the_rest_is_skipped) {
  tree.write("log", "");
  tail.follow(tree / "log", From::Beginning);
  std::string much;
  while (much.size() < 3 * LogTail::kMostBytes) much += "line " + std::to_string(much.size()) + "\n";
  append(much + "last\n");
  auto read = tail.read();
  ASSERT_TRUE(read);
  EXPECT_LE(read->size(), LogTail::kMostBytes);
  EXPECT_GT(read->size(), LogTail::kMostBytes - 100);
  EXPECT_TRUE(read->starts_with("line ")) << read->substr(0, 30);
  EXPECT_EQ(take_last_line(*read), "last");
  append(std::string(2 * LogTail::kMostBytes, 'y'));  // no end: the next bytes belong to it
  EXPECT_EQ(lines(), Lines{});
  append("yy\nfine\n");
  EXPECT_EQ(lines(), Lines{"fine"});
}

TEST_F(following, a_file_that_became_shorter_is_read_anew) {
  append("one\ntwo\nhal");
  tail.follow(tree / "log", From::Beginning);
  EXPECT_EQ(lines(), (Lines{"two", "one"}));
  tree.write("log", "new\n");
  EXPECT_EQ(lines(), Lines{"new"});
}

TEST_F(following, a_file_that_was_replaced_is_read_to_its_end_and_then_the_new_one) {
  append("one\n");
  tail.follow(tree / "log", From::Beginning);
  EXPECT_EQ(lines(), Lines{"one"});
  EXPECT_FALSE(tail.reopen());
  append("last of the old\n");
  std::filesystem::rename(tree / "log", tree / "log.1");
  EXPECT_FALSE(tail.reopen()) << "there is no other file yet";
  append("first of the new\n");
  EXPECT_EQ(lines(), Lines{"last of the old"});
  EXPECT_TRUE(tail.reopen());
  EXPECT_EQ(lines(), Lines{"first of the new"});
  EXPECT_FALSE(tail.reopen());
}

TEST_F(following, a_file_that_comes_later_is_opened_then) {
  tail.follow(tree / "log", From::End);
  EXPECT_EQ(lines(), Lines{"unreadable"});
  EXPECT_FALSE(tail.reopen());
  append("one\n");
  EXPECT_TRUE(tail.reopen());
  EXPECT_EQ(lines(), Lines{"one"});
}

TEST_F(following, only_regular_files_are_followed) {
  ASSERT_EQ(::mkfifo((tree / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(LogTail::why_not(tree / "fifo"), "it is no regular file");
  EXPECT_EQ(LogTail::why_not(tree / "absent"), "No such file or directory");
  append("");
  EXPECT_EQ(LogTail::why_not(tree / "log"), "");
}

}  // namespace
}  // namespace cbench
