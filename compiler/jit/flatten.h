// An object file as one block of bytes: sections side by side, references between them resolved.
#pragma once

#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBufferRef.h>

#include "compiler/image/code_image.h"

namespace cbench::jit {

/// The code of `entry` and what it needs; code and entry of the image are set. Errors: what would keep the
/// bytes from running at any address (a reference to the outside, an absolute address in them, data that is
/// written), or no such entry.
llvm::Expected<CodeImage> flatten(llvm::MemoryBufferRef object, llvm::StringRef entry);

}  // namespace cbench::jit
