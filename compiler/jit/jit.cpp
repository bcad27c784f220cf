#include "compiler/jit/jit.h"

#include <mutex>

#include <fmt/format.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/jit/flatten.h"
#include "compiler/jit/llvm_compat.h"

namespace cbench::jit {
namespace {

Error defect(const std::string& words) {
  return {Exit::RunFailed, "cannot generate code for the policy: " + words,
          "this is a defect of cbench: please report it with the policy"};
}

Result<std::unique_ptr<llvm::TargetMachine>> host_machine() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  const std::string triple = llvm::sys::getProcessTriple();
  std::string problem;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!target) return defect(problem);
  llvm::TargetOptions options;
  // Products and sums are rounded one by one, so that a replay on another machine gives the same bits.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, llvm::sys::getHostCPUName(), host_features(), options,
                                  llvm::Reloc::PIC_, llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default,
                                  /*JIT=*/true));
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  // Rules are short loops over a handful of containers: unrolling and vector bodies cost more to compile than
  // they give back.
  tuning.LoopUnrolling = false;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  llvm::PassBuilder passes(&machine, tuning);
  // No library function is known, so that no pass makes a call of one.
  functions.registerPass([&] {
    llvm::TargetLibraryInfoImpl none(machine.getTargetTriple());
    none.disableAllFunctions();
    return llvm::TargetLibraryAnalysis(none);
  });
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(graphs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, graphs, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

using Bytes = llvm::SmallVector<char, 0>;
Result<Bytes> emit(llvm::Module& module, llvm::CodeGenFileType type) {
  auto machine = host_machine();
  if (!machine) return machine.error();
  optimise(module, **machine);
  Bytes bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, type))
    return defect("this LLVM has no code generator for the host");
  passes.run(module);
  return bytes;
}

}  // namespace

Result<CodeImage> image(lower::Lowered&& lowered) {
  const Result<Bytes> object = emit(*lowered.module, llvm::CodeGenFileType::ObjectFile);
  if (!object) return object.error();
  auto flat = flatten({{object->data(), object->size()}, "policy"}, abi::kEntryName);
  if (!flat) return defect(llvm::toString(flat.takeError()));
  flat->texts = std::move(lowered.texts);
  flat->faults = std::move(lowered.faults);
  return std::move(*flat);
}

Result<std::string> assembly(lower::Lowered&& lowered) {
  const Result<Bytes> text = emit(*lowered.module, llvm::CodeGenFileType::AssemblyFile);
  if (!text) return text.error();
  return std::string(text->begin(), text->end());
}

}  // namespace cbench::jit
