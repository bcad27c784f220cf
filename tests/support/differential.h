// A random policy on a random run: by the compiler's code and by the interpreter, which must decide the same.
#pragma once

#include <string>

#include "choices.h"

namespace cbench::test {

struct Comparison {
  std::string policy;
  std::string refused;     ///< the compiler's diagnostics: a defect of the generator
  std::string difference;  ///< empty: the same decisions, bit for bit
  size_t steps = 0, decisions = 0;
  bool fault = false;
};
Comparison compare(Choices& choose);

}  // namespace cbench::test
