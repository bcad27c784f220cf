#include "compiler/lower/lower.h"

#include <llvm/IR/Verifier.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/raw_ostream.h>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

Lowered lower(const check::Program& program, const plan::CodeLayout& layout, const SourceSet& sources) {
  Lowered out;
  out.context = std::make_unique<llvm::LLVMContext>();
  out.module = std::make_unique<llvm::Module>(program.name, *out.context);
  Lowering lowering(program, layout, sources, *out.module);
  lowering.run();
  std::string words;
  llvm::raw_string_ostream stream(words);
  if (llvm::verifyModule(*out.module, &stream))
    llvm::report_fatal_error(llvm::Twine("cbench made a broken module: ") + words);
  out.texts = std::move(lowering.texts);
  out.faults = std::move(lowering.faults);
  return out;
}

std::string to_text(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

}  // namespace cbench::lower
