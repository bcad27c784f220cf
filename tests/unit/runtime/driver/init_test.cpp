// `cbench init`: what it writes is valid as it is, and what is there stays.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/in_process.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class init_command : public testing::Test {
 protected:
  init_command() {
    char made[] = "/tmp/cbench-init-XXXXXX";
    folder = mkdtemp(made);
    before = fs::current_path();
    fs::current_path(folder);
    setenv("XDG_CACHE_HOME", folder.c_str(), 1);
  }
  ~init_command() override {
    fs::current_path(before);
    fs::remove_all(folder);
  }

  static std::string read(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  int run(std::vector<std::string> arguments) {
    Ran ran = run_in_process(std::move(arguments));
    out = std::move(ran.out);
    err = std::move(ran.err);
    return ran.code;
  }

  fs::path folder, before;
  std::string out, err;
};

TEST_F(init_command, what_it_writes_is_valid_for_either_engine) {
  for (const char* engine : {"docker", "process"}) {
    const std::string file = std::string(engine) + ".yml";
    EXPECT_EQ(run({"init", file, "--engine", engine}), 0) << err;
    EXPECT_EQ(run({"validate", file}), 0) << err;
    EXPECT_EQ(err, "") << "not even a warning";
    EXPECT_THAT(out, HasSubstr(std::string("engine ") + engine));
    EXPECT_THAT(read(file), Not(HasSubstr("|  "))) << "a mark of the template is left";
  }
}

TEST_F(init_command, what_is_commented_out_is_valid_too) {
  ASSERT_EQ(run({"init", "--engine", "docker"}), 0) << err;
  std::istringstream lines(read("bench.yml"));
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    const size_t mark = line.find_first_not_of(' ');
    if (mark > 0 && mark != std::string::npos && line.substr(mark, 2) == "# ") {
      const std::string key = line.substr(mark + 2, line.find(':') - mark - 2);
      if (key == "app" || key == "scheduler") continue;  // wants a workload that reports, and a file
      line.erase(mark, 2);
    }
    all += line + "\n";
  }
  std::ofstream("all.yml") << all;
  EXPECT_EQ(run({"validate", "all.yml"}), 0) << err;
  EXPECT_EQ(err, "");
}

TEST_F(init_command, the_policy_beside_it_is_valid_formatted_and_passes_its_tests) {
  ASSERT_EQ(run({"init", "--engine", "process", "--policy", "my.cbp"}), 0) << err;
  EXPECT_THAT(err, HasSubstr("cbench validate bench.yml"));
  EXPECT_EQ(run({"validate", "bench.yml"}), 0) << err;
  EXPECT_EQ(run({"check", "my.cbp", "--bench", "bench.yml"}), 0) << err;
  EXPECT_THAT(out, HasSubstr("policy starter"));
  EXPECT_EQ(run({"fmt", "--check", "my.cbp"}), 0) << out;
  EXPECT_EQ(run({"test", "my.cbp"}), 0) << out;
}

TEST_F(init_command, a_file_that_exists_is_left_as_it_is) {
  std::ofstream("bench.yml") << "mine";
  EXPECT_EQ(run({"init", "--policy", "my.cbp"}), 2);
  EXPECT_THAT(err, HasSubstr("`bench.yml` exists already"));
  EXPECT_EQ(read("bench.yml"), "mine");
  EXPECT_FALSE(fs::exists("my.cbp")) << "a half of the pair was left";
  std::ofstream("my.cbp") << "mine too";
  EXPECT_EQ(run({"init", "other.yml", "--policy", "my.cbp"}), 2);
  EXPECT_EQ(read("my.cbp"), "mine too");
  EXPECT_FALSE(fs::exists("other.yml"));
  fs::create_symlink("nowhere", "link.yml");
  EXPECT_EQ(run({"init", "link.yml"}), 2);
  EXPECT_FALSE(fs::exists("nowhere")) << "a link that leads nowhere is a file that exists";
}

TEST_F(init_command, a_folder_that_is_not_there_is_an_error_with_a_remedy) {
  EXPECT_EQ(run({"init", "no/bench.yml"}), 2);
  EXPECT_THAT(err, HasSubstr("cannot write `no/bench.yml`"));
  EXPECT_THAT(err, HasSubstr("a folder that is there"));
}

TEST_F(init_command, a_dash_is_standard_output) {
  EXPECT_EQ(run({"init", "-"}), 0);
  EXPECT_THAT(out, HasSubstr("benchmark:\n"));
  EXPECT_EQ(err, "");
  EXPECT_FALSE(fs::exists("bench.yml"));
}

TEST_F(init_command, the_policy_s_path_is_relative_to_the_benchmark_whatever_it_is_called) {
  fs::create_directory("b");
  ASSERT_EQ(run({"init", "b/x.yml", "--policy", "a ${HOME} \"q\".cbp"}), 0) << err;
  EXPECT_THAT(read("b/x.yml"), HasSubstr("policy: \"../a $${HOME} \\\"q\\\".cbp\""));
  EXPECT_EQ(run({"validate", "b/x.yml"}), 0) << err;
}

}  // namespace
}  // namespace cbench
