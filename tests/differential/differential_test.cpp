// Random policies on random runs: the compiler's code and a plain interpreter decide the same.
#include "tests/support/differential.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace cbench::test {
namespace {

/// CBENCH_SEED and CBENCH_PROGRAMS ask for others than the suite's.
uint64_t number(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Differential, code_and_interpreter_decide_the_same) {
  const uint64_t first = number("CBENCH_SEED", 1);
  const uint64_t programs = number("CBENCH_PROGRAMS", 40);
  uint64_t refused = 0, decisions = 0, steps = 0, faults = 0, settings = 0, silent = 0;
  for (uint64_t seed = first; seed < first + programs; ++seed) {
    Choices choose(seed);
    const Comparison result = compare(choose);
    if (!result.difference.empty())
      ADD_FAILURE() << "seed " << seed << ", " << result.difference << result.policy;
    decisions += result.decisions;
    steps += result.steps;
    faults += result.fault ? 1 : 0;
    settings += result.settings;
    silent += result.silent;
    if (result.refused.empty()) continue;
    ++refused;
    std::printf("seed %llu is refused:\n%s%s\n", static_cast<unsigned long long>(seed), result.policy.c_str(),
                result.refused.c_str());
  }
  std::printf(
      "%llu programs, %llu refused, %llu faulted, %llu settings, %llu rules left out, %llu steps, "
      "%llu decisions\n",
      static_cast<unsigned long long>(programs), static_cast<unsigned long long>(refused),
      static_cast<unsigned long long>(faults), static_cast<unsigned long long>(settings),
      static_cast<unsigned long long>(silent), static_cast<unsigned long long>(steps),
      static_cast<unsigned long long>(decisions));
  EXPECT_LE(refused * 20, programs) << "the generator makes programs that are none";
  EXPECT_GT(decisions, programs) << "the programs decide nothing";
  EXPECT_GT(settings, programs) << "parameters keep their defaults";
  EXPECT_GT(silent, 0U) << "no run is degraded";
}

}  // namespace
}  // namespace cbench::test
