// The formatter: goldens (tests/golden/fmt/NAME.cbp and NAME.expected), what holds for every policy in the
// tree, and that the project's own policies are formatted. `CBENCH_BLESS=1` writes the expected files anew.
#include "compiler/format/format.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/formatting.h"

namespace cbench::test {
namespace {

namespace fs = std::filesystem;

constexpr int kLayouts = 25;  ///< of each policy

const fs::path kTests = CBENCH_TESTS_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<fs::path> policies(const fs::path& folder) {
  std::set<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".cbp") found.insert(entry.path());
  return found;
}

std::optional<std::string> formatted(const std::string& text) {
  SourceSet sources;
  Diagnostics diagnostics;
  return format_policy(sources, sources.add("a.cbp", text), diagnostics);
}

TEST(format, each_policy_gives_what_is_expected) {
  const std::set<fs::path> all = policies(kTests / "golden" / "fmt");
  ASSERT_FALSE(all.empty());
  for (const fs::path& path : all) {
    const auto got = formatted(read(path));
    ASSERT_TRUE(got) << path;
    fs::path expected = path;
    expected.replace_extension(".expected");
    if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(expected, std::ios::binary) << *got;
    EXPECT_EQ(*got, read(expected)) << path;
  }
}

TEST(format, every_policy_keeps_its_meaning_and_comments_and_the_second_time_nothing_changes) {
  int tried = 0;
  for (const fs::path& folder : {kTests, kTests / ".." / "stdlib", kTests / ".." / "examples"})
    for (const fs::path& path : policies(folder)) {
      const std::string text = read(path);
      if (!formatted(text)) continue;  // a golden of syntax errors
      ++tried;
      EXPECT_EQ(wrong_with_format(text), "") << path;
    }
  EXPECT_GT(tried, 40);
}

TEST(format, so_does_every_policy_with_any_layout) {
  uint64_t seed = 0;
  for (const fs::path& folder :
       {kTests / "golden" / "parse", kTests / "golden" / "fmt", kTests / ".." / "stdlib"})
    for (const fs::path& path : policies(folder)) {
      const std::string text = read(path);
      if (!formatted(text)) continue;
      for (int i = 0; i < kLayouts; ++i) {
        const std::string other = with_other_layout(text, ++seed);
        if (formatted(other)) EXPECT_EQ(wrong_with_format(other), "") << path << ", seed " << seed;
      }
    }
  EXPECT_GT(seed, 0);
}

TEST(format, the_policies_of_the_project_are_formatted) {
  for (const fs::path& folder : {kTests / ".." / "stdlib", kTests / ".." / "examples"})
    for (const fs::path& path : policies(folder))
      EXPECT_EQ(formatted(read(path)), read(path)) << "cbench fmt " << path.lexically_normal().string();
}

TEST(format, a_syntax_error_is_reported_and_gives_no_text) {
  SourceSet sources;
  Diagnostics diagnostics;
  EXPECT_FALSE(format_policy(sources, sources.add("a.cbp", "policy x 1 \"\"\nwhen {"), diagnostics));
  EXPECT_TRUE(diagnostics.has_errors());
}

}  // namespace
}  // namespace cbench::test
