// Machine code for a process without LLVM: from the cache, else from the code generator's process.
#pragma once

#include <string>

#include "compiler/image/request.h"
#include "compiler/native/cache.h"
#include "compiler/native/child.h"

namespace cbench {

/// `cbench-codegen` beside this program or in ../libexec/cbench; where it should be if it is in neither.
std::string codegen_program();
/// Images are cached, dumps are not. Errors: those of ask().
Codegen cached(const ChildProgram& child, const CodeCache& cache);
/// As `cbench` does: by that program and the user's cache.
Codegen native_codegen();

}  // namespace cbench
