// A random policy on a random run, with settings of its parameters and at times degraded: by the compiler's
// code and by the interpreter, which must decide the same.
#pragma once

#include <string>

#include "choices.h"

namespace cbench::test {

struct Comparison {
  std::string policy;      ///< below it, as comments, what else was chosen
  std::string refused;     ///< the compiler's diagnostics: a defect of the generator
  std::string difference;  ///< empty: the same decisions, bit for bit
  size_t steps = 0, decisions = 0;
  size_t settings = 0, silent = 0;  ///< parameters that were set from outside, rules that were left out
  bool fault = false;
};
Comparison compare(Choices& choose);

}  // namespace cbench::test
