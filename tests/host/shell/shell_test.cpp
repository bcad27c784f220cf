// link: runtime.analysis
// What is installed beside the program, before those who use it: bash, zsh and fish complete a line, man and
// mandoc read the pages. And what `cbench init` writes really runs.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/command_line.h"

namespace cbench {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

std::string in_quotes(const std::string& text) { return "'" + text + "'"; }

/// The fixture's `cbench` runs in a folder of its own; here other programs do, too.
class Installed : public CommandLine {
 protected:
  /// Runs a line of sh in the folder.
  Output sh(const std::string& line) const {
    const std::string whole = "cd " + folder.string() + " && PATH=" + bin() + ":$PATH && { " + line +
                              "\n} >out.txt 2>err.txt </dev/null";
    const int status = std::system(whole.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(folder / "out.txt"),
            slurp(folder / "err.txt")};
  }
  static std::string bin() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

  fs::path root() const { return folder / "root"; }  ///< where `cmake --install` puts it
  void install() const {
    const Output installed =
        sh("cmake --install " + fs::path(bin()).parent_path().string() + " --prefix " + root().string());
    ASSERT_EQ(installed.code, 0) << installed.err;
  }
};

class shell : public Installed {
 protected:
  void SetUp() override {
    install();
    fs::create_directories(folder / "w" / "sub");
    for (const char* name :
         {"x.yml", "y.yaml", "mine.cbp", "cache_mine.cbp", "t.arrows", "other.txt", "two words.yml"})
      write("w/" + std::string(name), "");
  }

  /// What a shell offers at the end of a line; without the backslashes before blanks and the slash behind
  /// folders, with which some shells show it.
  std::vector<std::string> offers(const std::string& which, const std::string& line) const {
    const std::string script = CBENCH_TESTS_DIR "/host/shell/offers." + which;
    const fs::path share = root() / "share";
    std::string command;
    if (which == "bash") {
      command = "bash --norc " + script + " " + (share / "bash-completion/completions/cbench").string();
      // As bash splits it: at blanks, and at `=`.
      std::string word;
      for (const char c : line + " ") {
        if (c != ' ' && c != '=') {
          word += c;
          continue;
        }
        if (!word.empty()) command += " " + in_quotes(word);
        if (c == '=') command += " =";
        word.clear();
      }
      if (line.back() == ' ') command += " ''";
    } else if (which == "zsh") {
      command = "zsh -f " + script + " " + (share / "zsh/site-functions").string() + " " + in_quotes(line);
    } else {
      command = "fish --no-config " + script + " " +
                (share / "fish/vendor_completions.d/cbench.fish").string() + " " + in_quotes(line);
    }
    const Output offered = sh("cd w && " + command);
    EXPECT_EQ(offered.code, 0) << which << ": " << offered.err;
    std::vector<std::string> all;
    std::istringstream lines(offered.out);
    for (std::string one; std::getline(lines, one);) {
      std::erase(one, '\\');
      if (one.ends_with('/')) one.pop_back();
      if (one.starts_with("--mode=")) one.erase(0, 7);  // fish has the whole word
      all.push_back(one);
    }
    std::ranges::sort(all);
    const auto same = std::ranges::unique(all);
    all.erase(same.begin(), same.end());
    return all;
  }

  void expect_completions(const std::string& which) const {
    EXPECT_THAT(offers(which, "cbench ru"), ElementsAre("run"));
    EXPECT_THAT(offers(which, "cbench "), AllOf(IsSupersetOf({"run", "init", "dry-run", "completion"}),
                                                Not(Contains("man")), Not(Contains("x.yml"))));
    EXPECT_THAT(offers(which, "cbench run --"),
                AllOf(IsSupersetOf({"--policy", "--mode", "--rdt-sim", "--help", "--quiet"}),
                      Not(Contains("--dump")), Not(Contains("run"))));
    EXPECT_THAT(offers(which, "cbench run --mode "), ElementsAre("act", "advise", "observe"));
    EXPECT_THAT(offers(which, "cbench run --mode=a"), ElementsAre("act", "advise"));
    EXPECT_THAT(offers(which, "cbench run x.yml --policy cache"),
                ElementsAre("cache_aware", "cache_mine.cbp"));
    EXPECT_THAT(offers(which, "cbench run "), ElementsAre("sub", "two words.yml", "x.yml", "y.yaml"));
    EXPECT_THAT(offers(which, "cbench run --rdt-root "), ElementsAre("sub"));
    EXPECT_THAT(offers(which, "cbench run --rdt-sim xeon-2s-"),
                ElementsAre("xeon-2s-11", "xeon-2s-cdp", "xeon-2s-mbps"));
    EXPECT_THAT(offers(which, "cbench run --param "), IsEmpty());
    EXPECT_THAT(offers(which, "cbench run x.yml -o "), IsSupersetOf({"other.txt", "t.arrows", "x.yml"}));
    EXPECT_THAT(offers(which, "cbench fmt "), ElementsAre("cache_mine.cbp", "mine.cbp", "sub"));
    EXPECT_THAT(offers(which, "cbench -q trace "), ElementsAre("cat", "head", "info"));
    EXPECT_THAT(offers(which, "cbench trace info "), ElementsAre("sub", "t.arrows"));
    EXPECT_THAT(offers(which, "cbench explain CB020"), Contains("CB0203"));
    EXPECT_THAT(offers(which, "cbench explain std.c"), ElementsAre("std.control", "std.curve"));
  }
};

TEST_F(shell, bash_completes) { expect_completions("bash"); }
TEST_F(shell, zsh_completes) { expect_completions("zsh"); }
TEST_F(shell, fish_completes) { expect_completions("fish"); }

TEST_F(shell, a_script_that_is_sourced_as_its_help_says_completes) {
  EXPECT_EQ(sh("bash --norc -c 'source <(cbench completion bash); complete -p cbench'").out,
            "complete -F _cbench cbench\n");
  const Output zsh =
      sh("zsh -f -c 'autoload -Uz compinit; compinit -u -D; source <(cbench completion zsh); "
         "print $_comps[cbench]'");
  EXPECT_EQ(zsh.out, "_cbench\n") << zsh.err;
  EXPECT_EQ(
      sh("fish --no-config -c 'cbench completion fish | source; complete -C \"cbench ru\"'").out.substr(0, 4),
      "run\t");
}

using man_pages = Installed;

TEST_F(man_pages, are_installed_and_have_no_mistakes) {
  install();
  for (const char* page : {"man1/cbench.1", "man1/cbench-run.1", "man1/cbench-dry-run.1", "man5/bench.yml.5"})
    EXPECT_TRUE(fs::exists(root() / "share/man" / page)) << page;
  const Output mandoc = sh("mandoc -Tlint -W warning root/share/man/man*/*");
  std::istringstream lines(mandoc.out);
  for (std::string line; std::getline(lines, line);)
    EXPECT_THAT(line, HasSubstr("missing date")) << "a page is as old as its program";
  EXPECT_THAT(mandoc.err, IsEmpty());
  const Output groff =
      sh("for page in root/share/man/man*/*; do LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 "
         "-Z $page >/dev/null || exit 1; done");
  EXPECT_EQ(groff.code, 0);
  EXPECT_EQ(groff.err, "");
}

TEST_F(man_pages, are_found_by_man_and_say_what_help_says) {
  install();
  const Output run = sh("LC_ALL=C.UTF-8 MANWIDTH=200 man -M root/share/man cbench-run");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("cbench run [OPTION]... [BENCH]"));
  EXPECT_THAT(run.out, HasSubstr("--mode observe|advise|act"));
  EXPECT_THAT(run.out, HasSubstr("cbench run bench.yml --policy my.cbp --mode advise -o trace.arrows"));
  const Output bench = sh("LC_ALL=C.UTF-8 MANWIDTH=200 man -M root/share/man 5 bench.yml");
  EXPECT_EQ(bench.code, 0) << bench.err;
  EXPECT_THAT(bench.out, HasSubstr("data.app.pattern"));
}

TEST_F(man_pages, one_that_is_not_there_is_an_error) {
  const Output none = cbench("man cbench-fly");
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no page `cbench-fly`"));
}

using starter = Installed;

TEST_F(starter, runs_as_it_is_and_its_policy_acts) {
  if (geteuid() != 0) GTEST_SKIP() << "engine process needs root or a delegated cgroup";
  ASSERT_EQ(cbench("init --engine process --policy my.cbp").code, 0);
  ASSERT_EQ(sh("sed -i 's/max_t: 10 /max_t: 4 /; s/start_t: 3$/start_t: 1/' bench.yml").code, 0);
  const Output run = cbench("run bench.yml --param busy=5% -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("ok after 4."));
  EXPECT_THAT(run.out, HasSubstr("quota other = 50%"));
  EXPECT_THAT(run.out, HasSubstr("applied"));
  expect_nothing_left();
}

}  // namespace
}  // namespace cbench
