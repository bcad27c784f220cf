// What differs between versions of LLVM: the one place that knows. Written for 19.
#pragma once

#include <llvm/Config/llvm-config.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>

static_assert(LLVM_VERSION_MAJOR == 19, "cbench is built against LLVM 19");

namespace cbench::jit {

/// Generated code has neither static constructors nor thread-locals, so ORC needs no platform run-time.
inline llvm::Expected<llvm::orc::JITDylibSP> no_platform(llvm::orc::LLJIT& jit) { return llvm::orc::setUpInactivePlatform(jit); }

}  // namespace cbench::jit
