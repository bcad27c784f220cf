// tests/golden/config/NAME.yml against NAME.expected. CBENCH_BLESS=1 writes the expected files anew. A line
// `# env: NAME=value …` in a file gives the variables that it is read with.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/config/expanded.h"
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

/// Imports from the golden files' own folder, as if it were the one that the benchmark is in.
Result<std::vector<ImportedText>> import_golden(const std::string& path) {
  const std::string prefix = "/bench";
  auto files = import_files(folder().string() + path.substr(prefix.size()));
  if (!files.ok()) return files.error();
  for (ImportedText& file : *files) file.path = prefix + file.path.substr(folder().string().size());
  return files;
}

Outcome outcome(const fs::path& path) {
  const std::string text = read(path);
  return Outcome(text, variables_of(text), path.filename(), {}, import_golden);
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
  Outcome second(first.spec->masked_text, stored, GetParam().filename(), {},
                 import_recorded(first.spec->imports));
  ASSERT_TRUE(second.spec) << second.text();
  // A password of the process environment is stored nowhere.
  if (second.spec->registry.password.empty()) second.spec->registry.password = first.spec->registry.password;
  EXPECT_EQ(dump(*first.spec, first.sources), dump(*second.spec, second.sources));
  EXPECT_EQ(second.spec->masked_text, first.spec->masked_text);
}

/// Places, and what only the first reading knows.
std::string without_places(std::string dump) {
  dump = std::regex_replace(dump, std::regex(" @[0-9]+:[0-9]+\\+[0-9]+"), "");
  dump = std::regex_replace(dump, std::regex("  off: .*\n"), "");
  return std::regex_replace(dump, std::regex("variable .*\n"), "");
}

TEST_P(golden, the_expanded_text_reads_as_the_same_spec) {
  const Outcome first = outcome(GetParam());
  if (!first.spec) return;
  const std::string text = expanded_yaml(*first.spec);
  const Outcome second(text, {}, GetParam().filename());
  ASSERT_TRUE(second.spec) << second.text() << text;
  EXPECT_LE(second.diagnostics.warning_count(), first.diagnostics.warning_count()) << second.text();
  EXPECT_EQ(without_places(dump(*first.spec, first.sources)),
            without_places(dump(*second.spec, second.sources)))
      << text;
  EXPECT_EQ(expanded_yaml(*second.spec), text);
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
