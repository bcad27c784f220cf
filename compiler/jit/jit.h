// LLVM module to native code in this process, by ORC's LLJIT with a closed symbol table.
#pragma once

#include <memory>
#include <string>

#include "compiler/base/result.h"
#include "compiler/lower/lower.h"
#include "stdlib/abi/abi.h"

namespace cbench::jit {

/// Native code; it lives as long as `code`.
struct Native {
  abi::EntryFn entry = nullptr;
  std::shared_ptr<void> code;
};

/// Optimises (O2, no fast-math, no contraction) for this machine. Errors are defects of cbench or an LLVM
/// without a code generator for the host.
Result<> optimise(lower::Lowered& lowered);
/// Links an optimised module. Code that refers to any symbol outside itself does not link.
Result<Native> link(lower::Lowered&& lowered);
/// Assembly of an optimised module, for --dump asm.
Result<std::string> assembly(lower::Lowered& lowered);

}  // namespace cbench::jit
