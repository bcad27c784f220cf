// CodeImage: a policy's machine code as bytes that run at any page-aligned address. It can be sent between
// processes and kept in a file; mapping it needs no linker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/abi.h"
#include "stdlib/abi/plan.h"

namespace cbench {

struct CodeImage {
  std::string code;                ///< instructions and constants, every reference inside resolved
  uint64_t entry = 0;              ///< offset of cbp_entry
  std::vector<std::string> texts;  ///< Plan::texts
  std::vector<PlanFault> faults;   ///< Plan::faults; their spans are in source 0
};

std::string to_bytes(const CodeImage& image);
/// Errors: bytes that are no image, or one whose entry is outside its code (RunFailed).
Result<CodeImage> code_image(std::string_view bytes);

/// Code that can be called as long as `code` lives.
struct LoadedCode {
  abi::EntryFn entry = nullptr;
  std::shared_ptr<void> code;
};
/// Copies the code into pages of its own, which can be written first and executed then, never both. Errors:
/// the kernel refuses (HostLacks).
Result<LoadedCode> load(const CodeImage& image);

}  // namespace cbench
