// link: support.differential
// The bytes choose a policy and a run: the compiler's code and a plain interpreter decide the same.
#include "tests/support/differential.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cbench::test::Choices choose(data, size);
  const cbench::test::Comparison result = cbench::test::compare(choose);
  if (result.difference.empty()) return 0;
  std::fprintf(stderr, "%s\n%s", result.policy.c_str(), result.difference.c_str());
  std::abort();
}
