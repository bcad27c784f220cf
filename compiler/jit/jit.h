// LLVM module to machine code for this host, as bytes.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "compiler/image/code_image.h"
#include "compiler/lower/lower.h"

namespace cbench::jit {

/// Optimised (no fast-math, no contraction) machine code. Errors are defects of cbench, code that is not
/// self-contained among them, or an LLVM without a code generator for the host.
Result<CodeImage> image(lower::Lowered&& lowered);
/// The same as assembly, for --dump asm.
Result<std::string> assembly(lower::Lowered&& lowered);

}  // namespace cbench::jit
