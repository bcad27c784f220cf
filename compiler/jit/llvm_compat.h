// What differs between versions of LLVM: the one place that knows. Written for 19.
#pragma once

#include <llvm/ADT/StringMap.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/TargetParser/Host.h>

static_assert(LLVM_VERSION_MAJOR == 19, "cbench is built against LLVM 19");

namespace cbench::jit {

/// What this CPU can do and cannot, as a target machine wants it: "+avx2,-avx512f".
inline std::string host_features() {
  std::string out;
  for (const auto& [name, has] : llvm::sys::getHostCPUFeatures())
    out += (out.empty() ? "" : ",") + std::string(has ? "+" : "-") + name.str();
  return out;
}

}  // namespace cbench::jit
