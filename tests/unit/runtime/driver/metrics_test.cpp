// docs/metrics.md is what metrics.def says.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "runtime/driver/commands.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {
namespace {

TEST(metrics_page, is_up_to_date_and_has_every_metric) {
  const auto page = std::filesystem::path(CBENCH_TESTS_DIR).parent_path() / "docs" / "metrics.md";
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(page, std::ios::binary) << metrics_page();
  std::ostringstream text;
  text << std::ifstream(page, std::ios::binary).rdbuf();
  EXPECT_EQ(text.str(), metrics_page()) << "write it anew: CBENCH_BLESS=1 test.runtime.driver";
  for (const MetricInfo& m : kMetrics)
    EXPECT_NE(text.str().find("`" + std::string(m.field) + "`"), std::string::npos) << m.field;
}

}  // namespace
}  // namespace cbench
