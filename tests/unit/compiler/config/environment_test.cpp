#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "compiler/config/config.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

/// A folder with bench/ (for the YAML) and cwd/ (the working directory), gone afterwards.
class process_environment_of : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/cbench-env-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directories(root_ / "bench");
    fs::create_directories(root_ / "cwd");
    before_ = fs::current_path();
    fs::current_path(root_ / "cwd");
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(root_);
    unsetenv("CBENCH_TEST_A");
  }
  void write(const std::string& path, const std::string& text) const { std::ofstream(root_ / path) << text; }
  [[nodiscard]] std::string yaml() const { return root_ / "bench/bench.yml"; }

  fs::path root_, before_;
};

TEST_F(process_environment_of, the_process_wins_then_the_file_beside_the_yaml_then_the_working_directory) {
  write("bench/.env", "CBENCH_TEST_A=beside\nCBENCH_TEST_B=beside\n");
  write("cwd/.env", "CBENCH_TEST_A=cwd\nCBENCH_TEST_B=cwd\nCBENCH_TEST_C=cwd\n");
  setenv("CBENCH_TEST_A", "process", 1);
  const auto environment = process_environment(yaml());
  ASSERT_TRUE(environment.ok());
  EXPECT_EQ((*environment)("CBENCH_TEST_A"), "process");
  EXPECT_EQ((*environment)("CBENCH_TEST_B"), "beside");
  EXPECT_EQ((*environment)("CBENCH_TEST_C"), "cwd");
  EXPECT_EQ((*environment)("CBENCH_TEST_D"), std::nullopt);
}

TEST_F(process_environment_of, a_file_has_comments_exports_and_quotes) {
  write("cwd/.env",
        "# comment\r\n\nexport X1 = bare value # comment\r\nX2='as $it \\n is # here'\nX3=\"a\\n\\\"b\\\"\" "
        "# c\nX4=\nX5=a#b\nX4=last\n");
  const auto environment = process_environment("-");
  ASSERT_TRUE(environment.ok()) << environment.error().message;
  EXPECT_EQ((*environment)("X1"), "bare value");
  EXPECT_EQ((*environment)("X2"), "as $it \\n is # here");
  EXPECT_EQ((*environment)("X3"), "a\n\"b\"");
  EXPECT_EQ((*environment)("X4"), "last");
  EXPECT_EQ((*environment)("X5"), "a#b");
}

TEST_F(process_environment_of, a_bad_line_is_named_with_its_place_and_not_its_text) {
  for (const char* bad :
       {"A=1\nhunter2\n", "A=1\nA='hunter2\n", "A=1\n1X=hunter2\n", "A=1\nA=\"x\" hunter2\n"}) {
    write("bench/.env", bad);
    const auto environment = process_environment(yaml());
    ASSERT_FALSE(environment.ok()) << bad;
    EXPECT_EQ(environment.error().exit, Exit::Invalid);
    EXPECT_NE(environment.error().message.find(".env:2: "), std::string::npos) << environment.error().message;
    EXPECT_EQ(environment.error().message.find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace cbench
