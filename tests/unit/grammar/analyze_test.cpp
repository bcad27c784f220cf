// The grammar by itself: it always makes progress, and its list of reserved words is the one that its README
// prints.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <tao/pegtl/contrib/analyze.hpp>

#include <gtest/gtest.h>

#include "grammar/grammar.h"

namespace cbench::grammar {
namespace {

TEST(Grammar, every_rule_that_repeats_makes_progress) { EXPECT_EQ(tao::pegtl::analyze<file>(), 0U); }

TEST(Grammar, the_reserved_words_are_sorted_so_that_they_are_found) {
  EXPECT_TRUE(std::is_sorted(kReserved.begin(), kReserved.end()));
  for (const std::string_view word : kReserved) EXPECT_TRUE(is_reserved(word)) << word;
  EXPECT_FALSE(is_reserved("default"));
  EXPECT_FALSE(is_reserved("reason"));
}

TEST(Grammar, the_readme_lists_exactly_the_reserved_words) {
  std::ifstream file(std::string(CBENCH_TESTS_DIR) + "/../grammar/README.md");
  ASSERT_TRUE(file);
  std::ostringstream readme;
  readme << file.rdbuf();
  std::string list;
  for (const std::string_view word : kReserved) list += (list.empty() ? "" : " ") + std::string(word);
  std::string flat = readme.str();
  std::replace(flat.begin(), flat.end(), '\n', ' ');
  EXPECT_NE(flat.find("## Reserved words  " + list + " "), std::string::npos) << list;
}

TEST(Grammar, every_wish_has_words) {
  for (const std::string_view text : kWants) EXPECT_FALSE(text.empty());
}

}  // namespace
}  // namespace cbench::grammar
