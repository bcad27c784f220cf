// tests/golden/config/NAME.yml against NAME.expected. CBENCH_BLESS=1 writes the expected files anew. A line
// `# env: NAME=value …` in a file gives the variables that it is read with.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "dump.h"
#include "reading.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

fs::path folder() { return fs::path(CBENCH_TESTS_DIR) / "golden/config"; }

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> cases() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder()))
    if (entry.path().extension() == ".yml") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

Variables variables_of(const std::string& text) {
  constexpr std::string_view kMark = "# env: ";
  Variables variables;
  for (size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + 1)) {
    std::istringstream line(text.substr(at + kMark.size(), text.find('\n', at) - at - kMark.size()));
    for (std::string word; line >> word;)
      if (const size_t equals = word.find('='); equals != std::string::npos)
        variables[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return variables;
}

Outcome outcome(const fs::path& path) {
  const std::string text = read(path);
  return Outcome(text, variables_of(text), path.filename());
}

std::string shown(const Outcome& outcome) {
  std::string out = outcome.text();
  if (!outcome.spec) return out;
  if (!out.empty()) out += "\n";
  return out + dump(*outcome.spec, outcome.sources) + "---\n" + outcome.spec->masked_text;
}

class golden : public testing::TestWithParam<fs::path> {};

TEST_P(golden, the_outcome_is_the_expected_one) {
  const std::string actual = shown(outcome(GetParam()));
  fs::path expected = GetParam();
  expected.replace_extension(".expected");
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(expected, std::ios::binary) << actual;
  EXPECT_EQ(actual, read(expected));
}

TEST_P(golden, an_outcome_is_a_spec_or_an_error_and_never_both) {
  const Outcome result = outcome(GetParam());
  EXPECT_NE(result.spec.has_value(), result.diagnostics.has_errors());
}

/// What a trace stores is enough to make the same RunSpec again.
TEST_P(golden, the_masked_text_reads_as_the_same_spec) {
  const Outcome first = outcome(GetParam());
  if (!first.spec) return;
  const Variables stored(first.spec->variables.begin(), first.spec->variables.end());
  Outcome second(first.spec->masked_text, stored, GetParam().filename());
  ASSERT_TRUE(second.spec) << second.text();
  // A password of the process environment is stored nowhere.
  if (second.spec->registry.password.empty()) second.spec->registry.password = first.spec->registry.password;
  EXPECT_EQ(dump(*first.spec, first.sources), dump(*second.spec, second.sources));
  EXPECT_EQ(second.spec->masked_text, first.spec->masked_text);
}

std::string case_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem();
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(config, golden, testing::ValuesIn(cases()), case_name);

TEST(golden_cases, none_holds_a_secret_in_its_outcome) {
  for (const fs::path& path : cases()) {
    std::string text = shown(outcome(path));
    if (const size_t comment = text.find("# env: "); comment != std::string::npos)
      text.erase(comment, text.find('\n', comment) - comment);
    EXPECT_EQ(text.find("hunter"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace cbench
