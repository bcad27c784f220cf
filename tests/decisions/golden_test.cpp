// Golden tests of the compiler: tests/golden/check/NAME.cbp, against NAME.yml where there is one, and what is
// said of it in NAME.expected; tests/golden/ir/NAME.cbp and its unoptimised code. `CBENCH_BLESS=1` writes the
// expected files anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/codegen/codegen.h"
#include "compiler/config/config.h"
#include "scene.h"

namespace cbench::test {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(CBENCH_TESTS_DIR) / "golden";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::set<fs::path> policies(const char* folder) {
  std::set<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kGolden / folder))
    if (entry.path().extension() == ".cbp") found.insert(entry.path());
  return found;
}

std::string said_of(const fs::path& path, Diagnostics& diagnostics) {
  SourceSet sources;
  fs::path yaml = path;
  yaml.replace_extension(".yml");
  const uint32_t policy = sources.add(path.filename().string(), read(path));
  if (!fs::exists(yaml)) {
    const bool fine = check_policy(sources, policy, diagnostics);
    return fine && diagnostics.all().empty() ? "accepted\n" : render(diagnostics, sources, false);
  }
  const uint32_t config = sources.add(yaml.filename().string(), read(yaml));
  const auto spec =
      configure(sources, config, yaml.string(), [](const std::string&) { return std::nullopt; }, diagnostics);
  EXPECT_TRUE(spec.has_value()) << render(diagnostics, sources, false);
  if (!spec) return "";
  HostFacts facts;
  facts.online.set(0);
  std::vector<Metric> columns;
  for (size_t m = 0; m < kMetricCount; ++m) columns.push_back(static_cast<Metric>(m));
  const auto compiled =
      compile_policy(sources, policy, {&*spec, &facts, columns, spec->params, false}, generate, diagnostics);
  return compiled && diagnostics.all().empty() ? "accepted\n" : render(diagnostics, sources, false);
}

void compare(const fs::path& path, const std::string& got) {
  fs::path expected = path;
  expected.replace_extension(".expected");
  if (std::getenv("CBENCH_BLESS")) std::ofstream(expected, std::ios::binary) << got;
  EXPECT_EQ(got, read(expected)) << path;
}

TEST(check_golden, each_policy_gives_what_is_expected) {
  ASSERT_GT(policies("check").size(), 20U);
  for (const fs::path& path : policies("check")) {
    Diagnostics diagnostics;
    compare(path, said_of(path, diagnostics));
  }
}

TEST(ir_golden, each_policy_gives_the_expected_code) {
  for (const fs::path& path : policies("ir")) {
    Scene s({"A", "B"});
    s.step_ms = 100;
    s.spec.step_ns = 100'000'000;
    for (ContainerSpec& c : s.spec.containers)
      c.sampling.perf_period_ns = c.sampling.docker_period_ns = c.sampling.rdt_period_ns = s.spec.step_ns;
    Diagnostics diagnostics;
    const uint32_t source = s.sources.add(path.filename().string(), read(path));
    const std::vector<Metric> columns = {Metric::docker_cpu_usage_percent, Metric::docker_pids};
    const auto text =
        dump_policy(s.sources, source, {&s.spec, &s.facts, columns, {}, false}, "ir", generate, diagnostics);
    ASSERT_TRUE(text) << render(diagnostics, s.sources, false);
    compare(path, *text);
  }
}

TEST(native_code, it_refers_to_nothing_outside_itself) {
  for (const fs::path& path : policies("ir")) {
    Scene s({"A", "B"});
    s.spec.step_ns = 100'000'000;
    Diagnostics diagnostics;
    const uint32_t source = s.sources.add(path.filename().string(), read(path));
    const std::vector<Metric> columns = {Metric::docker_cpu_usage_percent, Metric::docker_pids};
    const auto text =
        dump_policy(s.sources, source, {&s.spec, &s.facts, columns, {}, false}, "asm", generate, diagnostics);
    ASSERT_TRUE(text) << render(diagnostics, s.sources, false);
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_EQ(line.find("@PLT"), std::string::npos) << line;
      EXPECT_EQ(line.find("@GOTPCREL"), std::string::npos) << line;
    }
  }
}

}  // namespace
}  // namespace cbench::test
