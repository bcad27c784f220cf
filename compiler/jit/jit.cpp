#include "compiler/jit/jit.h"

#include <mutex>

#include <fmt/format.h>
#include <llvm/Analysis/AliasAnalysis.h>
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/BasicAliasAnalysis.h>
#include <llvm/Analysis/BlockFrequencyInfo.h>
#include <llvm/Analysis/BranchProbabilityInfo.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/MemorySSA.h>
#include <llvm/Analysis/OptimizationRemarkEmitter.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ProfileSummaryInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScopedNoAliasAA.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/Analysis/TypeBasedAliasAnalysis.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/ADCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/LoopRotation.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

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

template <class... Analysis, class Manager>
void add(Manager& manager) {
  (manager.registerPass([] { return Analysis(); }), ...);
}

/// One function does all that a step does, so that everything is inlined before any other pass looks at it.
/// Of -O2's passes these are the ones that make a step faster; all of them take five times as long.
llvm::ModulePassManager passes() {
  llvm::LoopPassManager loop;
  loop.addPass(llvm::LoopRotatePass());
  loop.addPass(llvm::LICMPass(llvm::LICMOptions()));
  llvm::FunctionPassManager function;
  function.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  function.addPass(llvm::ADCEPass());
  function.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  // A division with its operands goes into the branch that wants it, before that could become a select.
  function.addPass(llvm::InstCombinePass());
  function.addPass(llvm::SimplifyCFGPass());
  function.addPass(llvm::createFunctionToLoopPassAdaptor(std::move(loop), /*UseMemorySSA=*/true));
  function.addPass(llvm::EarlyCSEPass(/*UseMemorySSA=*/true));
  function.addPass(llvm::InstCombinePass());
  function.addPass(llvm::SimplifyCFGPass());
  llvm::ModulePassManager module;
  // Without marks of lifetimes: there would be one for each name at each place of a fault, and sroa keeps
  // none.
  module.addPass(llvm::AlwaysInlinerPass(/*InsertLifetime=*/false));
  module.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(function)));
  return module;
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple().str());

  // All that the passes ask for. PassBuilder knows them too, but links every pass of LLVM into the program.
  using namespace llvm;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  ModuleAnalysisManager modules;
  add<PassInstrumentationAnalysis, ProfileSummaryAnalysis>(modules);
  add<AssumptionAnalysis, BasicAA, BlockFrequencyAnalysis, BranchProbabilityAnalysis, DominatorTreeAnalysis,
      LoopAnalysis, MemorySSAAnalysis, OptimizationRemarkEmitterAnalysis, PassInstrumentationAnalysis,
      PostDominatorTreeAnalysis, ScalarEvolutionAnalysis, ScopedNoAliasAA, TypeBasedAA>(functions);
  add<PassInstrumentationAnalysis>(loops);
  functions.registerPass([&] { return machine.getTargetIRAnalysis(); });
  functions.registerPass([] {
    AAManager alias;
    alias.registerFunctionAnalysis<BasicAA>();
    alias.registerFunctionAnalysis<ScopedNoAliasAA>();
    alias.registerFunctionAnalysis<TypeBasedAA>();
    return alias;
  });
  // No library function is known, so that no pass makes a call of one.
  functions.registerPass([&] {
    TargetLibraryInfoImpl none(machine.getTargetTriple());
    none.disableAllFunctions();
    return TargetLibraryAnalysis(none);
  });
  modules.registerPass([&] { return FunctionAnalysisManagerModuleProxy(functions); });
  functions.registerPass([&] { return ModuleAnalysisManagerFunctionProxy(modules); });
  functions.registerPass([&] { return LoopAnalysisManagerFunctionProxy(loops); });
  loops.registerPass([&] { return FunctionAnalysisManagerLoopProxy(functions); });
  passes().run(module, modules);
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
