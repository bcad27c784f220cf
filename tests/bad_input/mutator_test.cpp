// The mutator of the fuzz target `compile`: repeatable, and most of what it makes is still a policy.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/parse/encoding.h"
#include "compiler/parse/parse.h"
#include "compiler/pipeline/pipeline.h"
#include "tests/support/policy_mutator.h"

namespace cbench::test {
namespace {

std::vector<std::string> stock_policies() {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(CBENCH_TESTS_DIR "/../stdlib/policies")) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    out.push_back(text.str());
  }
  return out;
}

struct Shares {
  size_t parsed = 0, checked = 0, unchanged = 0, all = 0;
  void count(const std::string& before, const std::string& text) {
    SourceSet sources;
    Diagnostics diagnostics;
    const uint32_t source = sources.add("t.cbp", text);
    ASSERT_TRUE(parsing::check_encoding(text, source, diagnostics)) << text;
    ++all;
    unchanged += text == before ? 1 : 0;
    parsed += parse(sources, source, diagnostics).has_value() ? 1 : 0;
    Diagnostics again;
    checked += check_policy(sources, source, again) ? 1 : 0;
  }
  void print(const char* what) const {
    std::printf("%s: of %zu, %zu parse, %zu check without an error, %zu are unchanged\n", what, all, parsed,
                checked, unchanged);
  }
};

/// CBENCH_MUTATIONS asks for more than the suite's.
size_t mutations() {
  const char* text = std::getenv("CBENCH_MUTATIONS");
  return text ? std::strtoull(text, nullptr, 10) : 600;
}

TEST(Mutator, most_mutations_of_stock_policies_parse_and_many_check) {
  const std::vector<std::string> stock = stock_policies();
  ASSERT_GE(stock.size(), 10U);
  Shares single, crossed;
  for (size_t seed = 0; seed < mutations(); ++seed) {
    const std::string& one = stock[seed % stock.size()];
    const std::string& two = stock[(seed / stock.size()) % stock.size()];
    single.count(one, mutate_policy(one, seed));
    crossed.count(one, cross_policies(one, two, seed));
  }
  single.print("mutations");
  crossed.print("crossovers");
  for (const Shares& shares : {single, crossed}) {
    EXPECT_GT(shares.parsed * 10, shares.all * 7);
    EXPECT_GT(shares.checked * 10, shares.all * 2);
    EXPECT_LT(shares.unchanged * 5, shares.all);
  }
}

TEST(Mutator, the_same_seed_gives_the_same_text_and_another_one_another) {
  const std::vector<std::string> stock = stock_policies();
  size_t same = 0;
  for (size_t seed = 0; seed < 100; ++seed) {
    const std::string once = mutate_policy(stock[0], seed);
    EXPECT_EQ(once, mutate_policy(stock[0], seed));
    EXPECT_EQ(cross_policies(stock[0], stock[1], seed), cross_policies(stock[0], stock[1], seed));
    same += once == mutate_policy(stock[0], seed + 1) ? 1 : 0;
  }
  EXPECT_LT(same, 20U);
}

TEST(Mutator, what_does_not_parse_is_changed_by_tokens_and_stays_utf8) {
  const std::string broken = "policy é 1 \"ü\"\nwhen ( « { log \"日本語\" ";
  size_t changed = 0;
  for (size_t seed = 0; seed < 500; ++seed) {
    const std::string text = mutate_policy(broken, seed);
    SourceSet sources;
    Diagnostics diagnostics;
    EXPECT_TRUE(parsing::check_encoding(text, sources.add("t.cbp", text), diagnostics)) << text;
    changed += text != broken ? 1 : 0;
  }
  EXPECT_GT(changed, 400U);
}

TEST(Mutator, what_is_not_utf8_is_left_to_others) {
  const std::string bytes = "policy p 1 \"\xff\"";
  EXPECT_EQ(mutate_policy(bytes, 3), bytes);
  EXPECT_EQ(cross_policies(bytes, "policy p 1 \"x\"", 3), bytes);
}

}  // namespace
}  // namespace cbench::test
