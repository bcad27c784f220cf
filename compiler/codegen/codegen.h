// Code generation: a policy's text and its layout in, machine code out. What `cbench-codegen` does; nothing
// else of cbench links LLVM.
#pragma once

#include <string>

#include "compiler/image/request.h"

namespace cbench {

/// Answers a request in this process. Errors: a request that is none, or not for its policy; defects.
CodeAnswer generate(const std::string& request);

}  // namespace cbench
