// The code generator's process: started for one request, watched, and gone when the call returns.
#pragma once

#include <chrono>
#include <string>

#include "compiler/image/request.h"

namespace cbench {

struct ChildProgram {
  std::string path;
  std::chrono::milliseconds deadline{60'000};  ///< for start and answer
};

/// Starts the program with `request` on its standard input, waits for its end and returns its answer. Errors:
/// it cannot be started, was killed or is late (HostLacks); it crashed or answers nonsense (RunFailed).
CodeAnswer ask(const ChildProgram& child, const std::string& request);

}  // namespace cbench
