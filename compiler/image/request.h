// What the process that generates code is asked, and its answer, as bytes. A request holds everything that
// the code depends on beside the code generator and the CPU, so that equal requests get equal code.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "compiler/plan/code_layout.h"

namespace cbench {

enum class Product : uint8_t { Image, Ir, Assembly };

struct CodeRequest {
  Product product = Product::Image;
  std::string policy;  ///< its text, which was checked
  plan::CodeLayout layout;
};
std::string to_bytes(const CodeRequest& request);
/// Errors: bytes that are no request of this version (RunFailed).
Result<CodeRequest> code_request(std::string_view bytes);

/// What a request gives: an image's bytes, or the text of a dump.
using CodeAnswer = Result<std::string>;
std::string to_bytes(const CodeAnswer& answer);
/// Errors: those of the answer, and bytes that are no answer (RunFailed).
CodeAnswer code_answer(std::string_view bytes);

/// Answers a request. In `cbench` by a cache and a child process (compiler/native), in tests at once
/// (compiler/codegen).
using Codegen = std::function<CodeAnswer(const std::string& request)>;

}  // namespace cbench
