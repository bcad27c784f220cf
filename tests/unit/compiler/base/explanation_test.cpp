// Explanations of codes: docs/diagnostics.md is what explanations.def says, and every kind stands in a
// golden.
#include "compiler/base/explanation.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(explanation, the_page_of_diagnostics_is_up_to_date) {
  const fs::path page = fs::path(CBENCH_TESTS_DIR).parent_path() / "docs" / "diagnostics.md";
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(page, std::ios::binary) << diagnostics_page();
  EXPECT_EQ(read(page), diagnostics_page()) << "write it anew: CBENCH_BLESS=1 test.compiler.base";
}

TEST(explanation, a_code_is_found_in_any_case) {
  EXPECT_EQ(kind_of_code("cb0203"), Kind::UnknownMetric);
  EXPECT_EQ(kind_of_code("CB0203"), Kind::UnknownMetric);
  EXPECT_FALSE(kind_of_code("CB9999").has_value());
  EXPECT_FALSE(kind_of_code("CB02").has_value());
}

TEST(explanation, it_says_the_situation_the_rule_and_shows_both_examples) {
  const std::string text = explain(Kind::BareRatio);
  EXPECT_THAT(text, StartsWith("CB0219 error: a ratio is compared with"));
  EXPECT_THAT(text, HasSubstr("    when c.docker.cpu_usage_percent > 80 each"));
  EXPECT_THAT(text, HasSubstr("    when c.docker.cpu_usage_percent > 80% each"));
}

TEST(json, it_has_ranges_from_one_with_an_exclusive_end_and_what_would_replace_them) {
  SourceSet sources;
  const uint32_t source = sources.add("a.cbp", "x\nlet y = lod\n");
  Diagnostics diagnostics;
  diagnostics.report(Kind::UnknownName, {source, 10, 13}, "`lod` is not declared", "did you mean `load`?");
  const std::string text = render_json(diagnostics, sources);
  const std::string range = R"("file":"a.cbp","line":2,"column":9,"end_line":2,"end_column":12)";
  EXPECT_THAT(text, HasSubstr(R"("code":"CB0201")"));
  EXPECT_THAT(text, HasSubstr(range + R"(,"labels")"));
  EXPECT_THAT(text, HasSubstr(R"("suggestions":[{)" + range + R"(,"replacement":"load"}])"));
}

// The goldens hold what is printed: the code, the place and the words. What they hold is compared by
// test.compiler.parse, test.compiler.config and test.decisions.
TEST(diagnostics, every_kind_stands_in_a_golden) {
  std::string goldens;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(CBENCH_TESTS_DIR) / "golden"))
    if (entry.path().extension() == ".expected") goldens += read(entry.path());
  for (const std::string& code : all_codes()) {
    if (code == "CB0308" || code == "CB0399") continue;  // no policy can cause these
    EXPECT_NE(goldens.find("[" + code + "]: "), std::string::npos) << code << " has no golden";
  }
}

}  // namespace
}  // namespace cbench
