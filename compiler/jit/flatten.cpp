// JITLink resolves what the sections say of each other, for every architecture that LLVM knows. It is given
// memory of ours that no code runs in, and no symbol but those of the object.
#include "compiler/jit/flatten.h"

#include <llvm/ExecutionEngine/JITLink/JITLink.h>

namespace cbench::jit {
namespace {

namespace link = llvm::jitlink;
using llvm::BitmaskEnumDetail::operator&;
using llvm::orc::ExecutorAddr;
using llvm::orc::MemProt;

/// Sections lie at addresses that nothing is mapped at, one after another.
constexpr uint64_t kFirstBase = 0x10000000, kOtherBase = 0x5432a000;
constexpr uint64_t kPage = 4096;

llvm::Error refusal(const llvm::Twine& why) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), why);
}

/// One link: where it puts the sections, and what came of it.
struct Block {
  uint64_t base = 0;
  std::string bytes;
  uint64_t entry = UINT64_MAX;
  llvm::Error failure = llvm::Error::success();
};

class Memory final : public link::JITLinkMemoryManager {
 public:
  explicit Memory(Block& block) : block_(block) {}

  void allocate(const link::JITLinkDylib*, link::LinkGraph& graph, OnAllocatedFunction done) override {
    link::BasicLayout layout(graph);
    if (auto error = place(layout)) return done(std::move(error));
    done(std::make_unique<Alloc>());
  }
  void deallocate(std::vector<FinalizedAlloc>, OnDeallocatedFunction done) override {
    done(llvm::Error::success());
  }

 private:
  struct Alloc final : InFlightAlloc {
    void abandon(OnAbandonedFunction done) override { done(llvm::Error::success()); }
    void finalize(OnFinalizedFunction done) override { done(FinalizedAlloc(ExecutorAddr(1))); }
  };

  llvm::Error place(link::BasicLayout& layout) {
    uint64_t size = 0;
    for (auto& [group, segment] : layout.segments()) {
      if ((group.getMemProt() & MemProt::Write) != MemProt::None)
        return refusal("it has data that is written");
      if (segment.Alignment.value() > kPage) return refusal("it wants more than a page's alignment");
      size = llvm::alignTo(size, segment.Alignment);
      segment.Addr = ExecutorAddr(block_.base + size);
      size += segment.ContentSize + segment.ZeroFillSize;
    }
    block_.bytes.assign(size, '\0');
    for (auto& [group, segment] : layout.segments())
      segment.WorkingMem = block_.bytes.data() + (segment.Addr.getValue() - block_.base);
    return layout.apply();
  }

  Block& block_;
};

class Context final : public link::JITLinkContext {
 public:
  Context(Block& block, llvm::StringRef entry)
      : JITLinkContext(nullptr), memory_(block), block_(block), entry_(entry) {}

  link::JITLinkMemoryManager& getMemoryManager() override { return memory_; }
  void notifyFailed(llvm::Error error) override {
    block_.failure = llvm::joinErrors(std::move(block_.failure), std::move(error));
  }
  void lookup(const LookupMap& symbols, std::unique_ptr<link::JITLinkAsyncLookupContinuation> then) override {
    if (symbols.empty()) return then->run(link::AsyncLookupResult());
    then->run(refusal("it refers to `" + symbols.begin()->first + "` outside itself"));
  }
  llvm::Error notifyResolved(link::LinkGraph& graph) override {
    for (const link::Symbol* symbol : graph.defined_symbols())
      if (symbol->hasName() && symbol->getName() == entry_)
        block_.entry = symbol->getAddress().getValue() - block_.base;
    return llvm::Error::success();
  }
  void notifyFinalized(link::JITLinkMemoryManager::FinalizedAlloc alloc) override { alloc.release(); }
  /// No unwind tables, no offset tables: a reference that needs them is refused.
  bool shouldAddDefaultTargetPasses(const llvm::Triple&) const override { return false; }
  llvm::Error modifyPassConfig(link::LinkGraph&, link::PassConfiguration& config) override {
    config.PrePrunePasses.emplace_back([this](link::LinkGraph& graph) {
      for (link::Symbol* symbol : graph.defined_symbols())
        symbol->setLive(symbol->hasName() && symbol->getName() == entry_);
      return llvm::Error::success();
    });
    return llvm::Error::success();
  }

 private:
  Memory memory_;
  Block& block_;
  llvm::StringRef entry_;
};

llvm::Error link_at(uint64_t base, llvm::MemoryBufferRef object, llvm::StringRef entry, Block& block) {
  auto graph = link::createLinkGraphFromObject(object);
  if (!graph) return graph.takeError();
  block.base = base;
  link::link(std::move(*graph), std::make_unique<Context>(block, entry));
  return std::move(block.failure);
}

}  // namespace

llvm::Expected<CodeImage> flatten(llvm::MemoryBufferRef object, llvm::StringRef entry) {
  Block first, other;
  if (auto error = link_at(kFirstBase, object, entry, first)) return error;
  if (first.entry == UINT64_MAX) return refusal("it has no `" + entry + "`");
  // An absolute address is what differs when the same object lies somewhere else.
  if (auto error = link_at(kOtherBase, object, entry, other)) return error;
  if (first.bytes != other.bytes) return refusal("it holds an absolute address");
  CodeImage image;
  image.code = std::move(first.bytes);
  image.entry = first.entry;
  return image;
}

}  // namespace cbench::jit
