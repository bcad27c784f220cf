#include "compiler/jit/jit.h"

#include <mutex>

#include <fmt/format.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "compiler/jit/llvm_compat.h"

namespace cbench::jit {
namespace {

Error defect(const char* what, llvm::Error error) {
  return {Exit::RunFailed, fmt::format("cannot {} the policy: {}", what, llvm::toString(std::move(error))),
          "this is a defect of cbench: please report it with the policy"};
}

llvm::Expected<llvm::orc::JITTargetMachineBuilder> host() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder) return builder.takeError();
  builder->setRelocationModel(llvm::Reloc::PIC_);
  builder->setCodeModel(llvm::CodeModel::Small);
  builder->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
  // Products and sums are rounded one by one, so that a replay on another machine gives the same bits.
  builder->getOptions().AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return builder;
}

}  // namespace

Result<> optimise(lower::Lowered& lowered) {
  auto builder = host();
  if (!builder) return defect("find a target for", builder.takeError());
  auto machine = builder->createTargetMachine();
  if (!machine) return defect("find a target for", machine.takeError());
  lowered.module->setDataLayout((*machine)->createDataLayout());
  lowered.module->setTargetTriple((*machine)->getTargetTriple().str());

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
  llvm::PassBuilder passes(machine->get(), tuning);
  // No library function is known, so that no pass makes a call of one.
  functions.registerPass([&] {
    llvm::TargetLibraryInfoImpl none((*machine)->getTargetTriple());
    none.disableAllFunctions();
    return llvm::TargetLibraryAnalysis(none);
  });
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(graphs);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, graphs, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(*lowered.module, modules);
  return Done{};
}

Result<Native> link(lower::Lowered&& lowered) {
  auto builder = host();
  if (!builder) return defect("find a target for", builder.takeError());
  auto made = llvm::orc::LLJITBuilder()
                  .setJITTargetMachineBuilder(std::move(*builder))
                  .setLinkProcessSymbolsByDefault(false)
                  .setPlatformSetUp(no_platform)
                  .create();
  if (!made) return defect("link", made.takeError());
  std::shared_ptr<llvm::orc::LLJIT> jit = std::move(*made);
  if (auto error = jit->addIRModule({std::move(lowered.module), std::move(lowered.context)}))
    return defect("link", std::move(error));
  auto entry = jit->lookup(abi::kEntryName);
  if (!entry) return defect("link", entry.takeError());
  return Native{entry->toPtr<abi::EntryFn>(), jit};
}

Result<std::string> assembly(lower::Lowered& lowered) {
  auto builder = host();
  if (!builder) return defect("find a target for", builder.takeError());
  auto machine = builder->createTargetMachine();
  if (!machine) return defect("find a target for", machine.takeError());
  llvm::SmallString<4096> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return Error{Exit::RunFailed, "this LLVM cannot print assembly for the host", ""};
  passes.run(*lowered.module);
  return text.str().str();
}

}  // namespace cbench::jit
