// docs/stdlib.md is what the modules say, and each function of theirs says something.
#include "stdlib/embed/module_docs.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(module_docs, the_page_is_up_to_date) {
  const std::filesystem::path page =
      std::filesystem::path(CBENCH_TESTS_DIR).parent_path() / "docs" / "stdlib.md";
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(page, std::ios::binary) << stdlib_page();
  std::ifstream file(page, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), stdlib_page()) << "write it anew: CBENCH_BLESS=1 test.stdlib.embed";
}

TEST(module_docs, a_module_holds_functions_only_and_each_has_a_comment) {
  ASSERT_GE(std_modules().size(), 4U);
  for (const EmbeddedText& module : std_modules()) {
    std::istringstream lines{std::string(module.text)};
    std::string line, before;
    bool inside = false;
    for (; std::getline(lines, line); before = line) {
      if (line.starts_with("fn ")) {
        EXPECT_THAT(before, StartsWith("# ")) << module.name << ": " << line;
      }
      const bool top = !inside && !line.empty() && line[0] != '#' && !line.starts_with("policy ");
      if (top) EXPECT_THAT(line, StartsWith("fn ")) << module.name;
      if (line.ends_with("{")) inside = true;
      if (line == "}") inside = false;
    }
  }
}

TEST(module_docs, a_module_is_explained_with_its_signatures) {
  const std::string text = explain_module("std.control");
  EXPECT_THAT(text, StartsWith("std.control: Feedback controllers"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "\ncontrol.pi(out: number, error: number, before: number, kp: number, ki: number) -> number\n"));
  EXPECT_EQ(explain_module("std.nothing"), "");
}

}  // namespace
}  // namespace cbench
