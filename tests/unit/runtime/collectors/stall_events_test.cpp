// Which CPU models have which stall events, by libpfm4's own tables: tests/golden/stall_events.expected.
// CBENCH_BLESS=1 writes it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perfmon/pfmlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/collectors/model_event.h"

namespace cbench {
namespace {

using testing::HasSubstr;

std::string table() {
  std::map<std::string, std::string> rows;  // events of a model, by its name
  for (int number = 0; number < PFM_PMU_MAX; ++number) {
    pfm_pmu_info_t pmu{};
    pmu.size = sizeof pmu;
    if (pfm_get_pmu_info(static_cast<pfm_pmu_t>(number), &pmu) != PFM_SUCCESS ||
        pmu.type != PFM_PMU_TYPE_CORE)
      continue;
    std::string row;
    for (const MetricInfo& m : kMetrics) {
      if (!m.source.starts_with("model:")) continue;
      for (const std::string_view name : model_event_names(m.source.substr(6))) {
        pfm_pmu_encode_arg_t arg{};
        arg.size = sizeof arg;
        const std::string full = fmt::format("{}::{}", pmu.name, name);
        const int found = pfm_get_os_event_encoding(full.c_str(), PFM_PLM0 | PFM_PLM3, PFM_OS_NONE, &arg);
        std::free(arg.codes);
        if (found != PFM_SUCCESS) continue;
        row += fmt::format(" {}={}", m.name, name);
        break;
      }
    }
    if (!row.empty()) rows[pmu.name] = row;
  }
  std::string out;
  for (const auto& [name, row] : rows) out += name + row + "\n";
  return out;
}

/// In a process of its own, whose libpfm4 encodes for CPUs that are not there.
std::string table_of_all() {
  int ends[2];
  if (::pipe(ends) != 0) return "";
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
    pfm_terminate();
    const std::string text = pfm_initialize() == PFM_SUCCESS ? table() : "";
    (void)!::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

TEST(stall_events, of_each_cpu_model_are_the_expected_ones) {
  const auto path = std::filesystem::path(CBENCH_TESTS_DIR) / "golden" / "stall_events.expected";
  const std::string got = table_of_all();
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << got;
  std::ostringstream expected;
  expected << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(got, expected.str());
  for (const char* model : {"hsw", "skx", "icx", "spr"})
    EXPECT_THAT(got, HasSubstr(std::string(model) + " "));
}

TEST(stall_events, without_one_there_is_a_reason) {
  HostFacts facts;
  facts.cpu_vendor = "AuthenticAMD";
  facts.cpu_model = "AMD EPYC 7713";
  const auto on_amd = resolve_model_event("stalls_l3_miss", facts);
  if (on_amd) GTEST_SKIP() << "this CPU has the event";
  EXPECT_THAT(on_amd.error().message, HasSubstr("dispatch"));
}

}  // namespace
}  // namespace cbench
