// Trees of /sys, /proc, cgroups and resctrl of several hosts (tests/golden/host/NAME.tree) and what is found
// in them (NAME.expected): the host's facts, the cgroups of process 42, and its figures. CBENCH_BLESS=1
// writes the expectations.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/collectors/figure_files.h"
#include "runtime/host/cgroup.h"
#include "runtime/host/probe.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(CBENCH_TESTS_DIR) / "golden" / "host";

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// Lines `=== PATH`, each followed by the file's text; {ROOT} is where the tree stands.
void plant(const FixtureTree& tree, const std::string& text) {
  std::istringstream lines(text);
  std::string path, content;
  const auto put = [&] {
    if (!path.empty()) tree.write(path, replaced(content, "{ROOT}", tree.root()));
    content.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("=== ")) {
      put();
      path = line.substr(4);
    } else {
      content += line + "\n";
    }
  }
  put();
}

std::string figures_of_42(const FixtureTree& tree, const CgroupPaths& cgroup) {
  Started started;
  started.pid = 42;
  started.cgroup = cgroup;
  FigureFiles files;
  std::string out;
  const auto refused = files.open(started, std::vector<bool>(kFigureCount, true), tree / "proc");
  Figures figures{};
  files.read(figures);
  for (size_t i = 0; i < kMetricCount; ++i)
    if (figures.status[i] == Status::Ok) out += fmt::format("{} {}\n", kMetrics[i].field, figures.value[i]);
  for (const auto& [metric, error] : refused)
    out += fmt::format("{}: {}; {}\n", info(metric).field, error.message, error.hint);
  return out;
}

std::string found_in(const FixtureTree& tree) {
  const HostFacts facts = probe_host({tree / "sys", tree / "proc", tree / "etc", tree / "resctrl"});
  std::string out = nlohmann::ordered_json::parse(to_json(facts)).dump(1) + "\n";
  for (const HostPart& part : facts.socket_parts())
    out += fmt::format("socket {}: CPUs {}\n", part.id, fmt::join(part.cpus, " "));
  for (const HostPart& part : facts.domain_parts())
    out += fmt::format("L3 domain {}: CPUs {}\n", part.id, fmt::join(part.cpus, " "));
  if (fs::exists(tree / "proc/42/cgroup")) {
    const auto cgroup = cgroups_of(42, tree / "proc");
    if (!cgroup)
      return replaced(out + "cgroups of 42: " + cgroup.error().message + "\n", tree.root(), "{ROOT}");
    for (const auto& [name, folder] : {std::pair{"cpu", cgroup->cpu},
                                       {"cpuacct", cgroup->cpuacct},
                                       {"cpuset", cgroup->cpuset},
                                       {"memory", cgroup->memory},
                                       {"blkio", cgroup->blkio},
                                       {"pids", cgroup->pids},
                                       {"freezer", cgroup->freezer},
                                       {"perf_event", cgroup->perf_event},
                                       {"unified", cgroup->unified}})
      out += fmt::format("{} of 42: {}\n", name, folder);
    out += figures_of_42(tree, *cgroup);
  }
  return replaced(out, tree.root(), "{ROOT}");
}

TEST(host_golden, each_tree_gives_what_is_expected) {
  size_t trees = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".tree") continue;
    ++trees;
    const FixtureTree tree;
    plant(tree, read(entry.path()));
    fs::path expected = entry.path();
    expected.replace_extension(".expected");
    const std::string got = found_in(tree);
    if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(expected, std::ios::binary) << got;
    EXPECT_EQ(got, read(expected)) << entry.path();
  }
  EXPECT_GE(trees, 7U);
}

}  // namespace
}  // namespace cbench
