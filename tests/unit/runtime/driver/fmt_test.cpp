// `cbench fmt` on files: replaced as a whole, with their mode, and left alone when they are no policies.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/in_process.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

class fmt_command : public testing::Test {
 protected:
  fmt_command() {
    char made[] = "/tmp/cbench-fmt-XXXXXX";
    folder = mkdtemp(made);
    path = folder / "a.cbp";
  }
  ~fmt_command() override { fs::remove_all(folder); }

  void write(const std::string& text) const { std::ofstream(path) << text; }
  [[nodiscard]] std::string read() const {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  int run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "fmt");
    arguments.push_back(path);
    Ran ran = run_in_process(std::move(arguments));
    out = std::move(ran.out);
    return ran.code;
  }

  fs::path folder, path;
  mutable std::string out;
};

constexpr const char* kUgly = "policy a 1 \"x\"\nevery   1s{log \"y\"}\n";
constexpr const char* kNice = "policy a 1 \"x\"\nevery 1s { log \"y\" }\n";

TEST_F(fmt_command, a_file_is_replaced_and_keeps_its_mode) {
  write(kUgly);
  ::chmod(path.c_str(), 0640);
  EXPECT_EQ(run({}), 0);
  EXPECT_EQ(read(), kNice);
  struct stat now{};
  ::stat(path.c_str(), &now);
  EXPECT_EQ(now.st_mode & 0777, 0640U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

TEST_F(fmt_command, check_names_a_file_that_is_not_formatted_and_leaves_it) {
  write(kUgly);
  EXPECT_EQ(run({"--check"}), 1);
  EXPECT_EQ(out, path.string() + "\n");
  EXPECT_EQ(read(), kUgly);
  write(kNice);
  EXPECT_EQ(run({"--check"}), 0);
  EXPECT_EQ(out, "");
}

TEST_F(fmt_command, a_file_with_a_syntax_error_is_left_alone) {
  write("policy a 1 \"x\"\nevery   {\n");
  EXPECT_EQ(run({}), 3);
  EXPECT_EQ(read(), "policy a 1 \"x\"\nevery   {\n");
}

TEST_F(fmt_command, a_link_stays_a_link) {
  write(kUgly);
  fs::rename(path, folder / "real.cbp");
  fs::create_symlink("real.cbp", path);
  EXPECT_EQ(run({}), 0);
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_EQ(read(), kNice);
}

TEST_F(fmt_command, diff_shows_what_would_change_and_changes_nothing) {
  const std::string text = "policy p 1 \"x\"\nparam a:int=1\n";
  write(text);
  EXPECT_EQ(run({"--diff"}), 1);
  EXPECT_NE(out.find("@@ -1,2 +1,2 @@\n"), std::string::npos) << out;
  EXPECT_NE(out.find("\n-param a:int=1\n"), std::string::npos) << out;
  EXPECT_EQ(read(), text);
  EXPECT_EQ(run({}), 0);
  EXPECT_EQ(run({"--diff"}), 0);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace cbench
