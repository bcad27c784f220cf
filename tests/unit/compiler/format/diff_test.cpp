// A diff is what `patch` takes to make the one text of the other: checked with the real patch.
#include "compiler/format/diff.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace cbench {
namespace {

TEST(diff, equal_texts_have_none) { EXPECT_EQ(unified_diff("a", "x\n", "x\n"), ""); }

TEST(diff, it_has_three_lines_of_context_and_hunks_apart) {
  EXPECT_EQ(unified_diff("a.cbp", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n",
                         "1\n2\n3\n4\nV\n6\n7\n8\n9\n10\n11\n12\n13"),
            "--- a.cbp\n+++ a.cbp\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+V\n 6\n 7\n 8\n@@ -10,4 +10,4 @@\n 10\n "
            "11\n 12\n"
            "-13\n+13\n\\ No newline at end of file\n");
  EXPECT_EQ(unified_diff("a", "", "x\n"), "--- a\n+++ a\n@@ -0,0 +1 @@\n+x\n");
}

TEST(diff, patch_makes_the_one_of_the_other) {
  const auto folder = std::filesystem::temp_directory_path() / ("cbench-diff-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::mt19937 random(7);
  const auto text = [&](size_t lines) {
    std::string out;
    for (size_t i = 0; i < lines; ++i) out += std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
    return out;
  };
  for (int i = 0; i < 40; ++i) {
    const std::string before = text(1 + random() % 30), after = text(1 + random() % 30);
    const std::string file = (folder / "f").string();
    std::ofstream(file) << before;
    std::ofstream(file + ".diff") << unified_diff("f", before, after);
    if (before == after) continue;
    ASSERT_EQ(std::system(("patch -s " + file + " " + file + ".diff").c_str()), 0) << before << "---\n"
                                                                                   << after;
    std::ifstream in(file);
    std::ostringstream got;
    got << in.rdbuf();
    EXPECT_EQ(got.str(), after);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cbench
