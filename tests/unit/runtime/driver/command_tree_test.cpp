// The description of the command line, and what is made of it: tests/golden/cli has scripts and a page of a
// small program with every kind of option. CBENCH_BLESS=1 writes them anew.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/driver/cli.h"
#include "runtime/driver/completion.h"
#include "runtime/driver/manual.h"
#include "runtime/driver/roff.h"

namespace cbench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

/// A program with one of each: flags, choices, files, folders, many values, commands below commands.
CommandDoc small_program() {
  CLI::App app("Does little, and that's it", "small");
  static std::string text;
  static std::vector<std::string> texts;
  static bool flag = false;
  app.add_flag("-q,--quiet", flag, "say nothing [at all]");
  CLI::App* eat = app.add_subcommand("eat", "Eat: it's for the hungry");
  eat->add_option("BENCH", text, "what is eaten")->required();
  eat->add_option("-m,--mode", text, "how")->check(CLI::IsMember({"fast", "slow"}));
  eat->add_option("--with", texts, "a spice: name=value")->type_name("NAME=VALUE")->take_all();
  eat->add_option("-o,--output", text, "the rest goes there")->type_name("FILE");
  eat->add_option("--in", text, "where")->type_name("DIR");
  eat->add_option("--secret", text, "not in help")->group("");
  eat->footer("Examples:\n  small eat x.yml -m fast | jq '.a'\n`small` does it.");
  CLI::App* look = app.add_subcommand("look", "Look into things");
  look->add_subcommand("in", "Inside")->add_option("FILES", texts, "which")->type_name("*.cbp");
  look->add_subcommand("out", "Outside");
  app.add_subcommand("hidden", "Not in help")->group("");
  return describe(app);
}

const CommandDoc* find(const CommandDoc& root, const std::string& name) {
  const auto at = std::ranges::find(root.commands, name, &CommandDoc::name);
  return at == root.commands.end() ? nullptr : &*at;
}

void expect_golden(const std::string& name, const std::string& got) {
  const auto path = std::filesystem::path(CBENCH_TESTS_DIR) / "golden" / "cli" / name;
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << got;
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text.str(), got) << path << "; write it anew: CBENCH_BLESS=1 test.runtime.driver";
}

TEST(completion, the_script_for_bash_is_stable) {
  expect_golden("small.bash", bash_completion(small_program()));
}
TEST(completion, the_script_for_zsh_is_stable) {
  expect_golden("small.zsh", zsh_completion(small_program()));
}
TEST(completion, the_script_for_fish_is_stable) {
  expect_golden("small.fish", fish_completion(small_program()));
}
TEST(manual, the_pages_are_stable) {
  const CommandDoc root = small_program();
  for (const char* name : {"eat", "look"}) {
    std::string page = command_page(root, *find(root, name)).text;
    page.erase(0, page.find('\n') + 1);  // the title has the version
    expect_golden(std::string("small-") + name + ".1", page);
  }
}

TEST(command_tree, says_what_values_are) {
  const CommandDoc root = small_program();
  const CommandDoc* eat = find(root, "eat");
  ASSERT_NE(eat, nullptr);
  EXPECT_THAT(eat->argument->value.endings, ElementsAre(".yml", ".yaml"));
  EXPECT_TRUE(eat->argument->required);
  ASSERT_EQ(eat->options.size(), 5U) << "help and what is not hidden";
  EXPECT_THAT(eat->options[1].names, ElementsAre("-m", "--mode"));
  EXPECT_THAT(eat->options[1].value->words, ElementsAre("fast", "slow"));
  EXPECT_TRUE(eat->options[2].value->many);
  EXPECT_THAT(eat->options[3].value->endings, ElementsAre("*"));
  EXPECT_THAT(eat->options[4].value->endings, ElementsAre("/"));
  EXPECT_EQ(find(root, "hidden"), nullptr);
}

TEST(command_tree, knows_stock_policies_codes_modules_and_profiles) {
  const CommandDoc root = describe_command_line();
  const CommandDoc* run = find(root, "run");
  ASSERT_NE(run, nullptr);
  for (const OptionDoc& option : run->options) {
    if (option.names.back() == "--policy")
      EXPECT_THAT(option.value->words, IsSupersetOf({"cache_aware", "fair_share"}));
    if (option.names.back() == "--rdt-sim") EXPECT_THAT(option.value->words, Contains("xeon-2s"));
  }
  EXPECT_THAT(find(root, "explain")->argument->value.words, IsSupersetOf({"CB0203", "std.control"}));
}

TEST(command_tree, every_command_has_an_example_in_its_help) {
  const CommandDoc root = describe_command_line();
  EXPECT_GE(all_commands(root).size(), 17U);
  for (const CommandAt& at : all_commands(root))
    EXPECT_THAT(at.command->footer, testing::StartsWith("Example")) << at.command->name;
}

TEST(command_tree, every_option_says_what_its_value_is) {
  const CommandDoc root = describe_command_line();
  for (const CommandAt& at : all_commands(root))
    for (const OptionDoc& option : at.command->options)
      if (option.value)
        EXPECT_NE(option.value->name, "TEXT")
            << at.command->name << " " << option.names.back() << ": give it a type_name (command_tree.h)";
}

TEST(command_tree, the_words_before_a_command_are_no_values) {
  // Else the scripts would take a value for a command.
  const CommandDoc root = describe_command_line();
  for (const CommandAt& at : all_commands(root)) {
    if (at.command->commands.empty()) continue;
    EXPECT_FALSE(at.command->argument) << at.command->name;
    for (const OptionDoc& option : at.command->options)
      EXPECT_FALSE(option.value) << at.command->name << " " << option.names.back();
  }
}

TEST(manual, has_a_page_for_each_command_and_the_configuration) {
  const CommandDoc root = describe_command_line();
  const std::vector<ManualPage> pages = manual(root);
  std::vector<std::string> names;
  for (const ManualPage& page : pages) names.push_back(page.name);
  EXPECT_THAT(names, IsSupersetOf({"cbench", "cbench-run", "cbench-trace", "cbench-init", "bench.yml"}));
  EXPECT_EQ(pages.size(), root.commands.size() + 2);
}

TEST(manual, the_program_s_page_has_exit_codes_files_and_environment_of_the_docs) {
  const std::string page = program_page(describe_command_line()).text;
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\n.TP\n0\nok\n"));
  EXPECT_THAT(page, HasSubstr("\n5\nnot everything could be exported"));
  EXPECT_THAT(page, HasSubstr("\n\\fBtrace.arrows\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fBDOCKER_HOST\\fR\n"));
}

TEST(manual, has_the_keys_of_the_configuration_and_none_without_a_meaning) {
  const std::string page = bench_page().text;
  EXPECT_THAT(page, HasSubstr("\n\\fBmax_t\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fBscheduler.policy\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\n\\fBdata.app.pattern\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\\fBobserver.fifo\\fR\nreal-time priority (SCHED_FIFO) of the sampling thread "
                              "(whole number, at least 1, at most 99)"));
  EXPECT_THAT(page, Not(HasSubstr("log_level")));
  EXPECT_THAT(page, Not(HasSubstr("max_l3")));
}

TEST(roff, takes_nothing_of_a_text_for_a_request) {
  EXPECT_EQ(roff::text(".so /etc/passwd"), "\\&.so /etc/passwd");
  EXPECT_EQ(roff::text("a\\b `-x` [see](u.md) it [is]"), "a\\eb \\fB\\-x\\fR see it [is]");
  EXPECT_EQ(roff::example("'x'\n.y\n"), ".EX\n\\(aqx\\(aq\n\\&.y\n.EE\n");
}

TEST(roff, a_section_ends_at_the_next_and_a_table_s_head_is_left_out) {
  EXPECT_EQ(roff::section("# T\n\n## A\n\nx\n\n| h | |\n| --- | --- |\n| `k` | v |\n\n## B\n\ny\n", "A"),
            "x\n.TP\n\\fBk\\fR\nv\n");
  EXPECT_EQ(roff::section("# T\n", "A"), "");
}

}  // namespace
}  // namespace cbench
