// Golden tests: tests/golden/parse/NAME.cbp and what the parser says of it, in NAME.expected: the
// diagnostics, or the syntax tree. `CBENCH_BLESS=1` writes the expected files anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "compiler/ast/dump.h"
#include "compiler/parse/parse.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(CBENCH_TESTS_DIR) / "golden" / "parse";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<fs::path> policies() {
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".cbp") found.insert(entry.path());
  return found;
}

std::string outcome(const fs::path& path, Diagnostics& diagnostics) {
  SourceSet sources;
  const uint32_t source = sources.add(path.filename().string(), read(path));
  const auto policy = parse(sources, source, diagnostics);
  EXPECT_EQ(policy.has_value(), !diagnostics.has_errors()) << path;
  return policy ? dump(*policy, sources) : render(diagnostics, sources, false);
}

TEST(ParseGolden, each_policy_gives_what_is_expected) {
  ASSERT_FALSE(policies().empty());
  const bool bless = std::getenv("CBENCH_BLESS") != nullptr;
  for (const fs::path& path : policies()) {
    Diagnostics diagnostics;
    const std::string got = outcome(path, diagnostics);
    fs::path expected = path;
    expected.replace_extension(".expected");
    if (bless) std::ofstream(expected, std::ios::binary) << got;
    EXPECT_EQ(got, read(expected)) << path;
  }
}

TEST(ParseGolden, every_expected_file_has_its_policy) {
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    fs::path policy = entry.path();
    policy.replace_extension(".cbp");
    EXPECT_TRUE(fs::exists(policy)) << entry.path();
  }
}

}  // namespace
}  // namespace cbench
