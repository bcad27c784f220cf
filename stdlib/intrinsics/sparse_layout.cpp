#include "stdlib/intrinsics/sparse_layout.h"

#include <algorithm>

namespace cbench {
namespace {

constexpr int32_t kNoChain = 1 << 24;

}  // namespace

SparseLayout::SparseLayout(size_t classes, uint32_t ways, uint64_t shareable)
    : ways_(ways), shareable_(shareable), direct_((classes + 1) * (classes + 1)), chains_(classes + 1) {}

int32_t SparseLayout::worth(uint32_t way, size_t owner) const {
  return owner == parts_->size() ? 0 : LayoutSolver::worth(*parts_, owner, uint64_t{1} << way, shareable_);
}

/// From each owner to `to`, by ways from `from_way` on. Costs may be negative, circles of negative cost there
/// are none (Bellman and Ford).
void SparseLayout::find_chains(size_t to, uint32_t from_way) {
  const size_t owners = parts_->size() + 1;
  std::fill_n(direct_.begin(), owners * owners, Step{kNoChain, 0, 0});
  for (uint32_t way = from_way; way < ways_; ++way)
    for (size_t next = 0; next < owners; ++next) {
      Step& step = direct_[owner_[way] * owners + next];
      const int32_t cost = worth(way, owner_[way]) - worth(way, next);
      if (cost < step.cost) step = {cost, next, way};
    }
  std::fill_n(chains_.begin(), owners, Step{kNoChain, 0, 0});
  chains_[to].cost = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t from = 0; from < owners; ++from)
      for (size_t next = 0; next < owners; ++next) {
        const Step& step = direct_[from * owners + next];
        if (from == to || step.cost == kNoChain || chains_[next].cost == kNoChain) continue;
        const int32_t cost = step.cost + chains_[next].cost;
        if (cost < chains_[from].cost) chains_[from] = {cost, next, step.way}, changed = true;
      }
  }
}

void SparseLayout::hand_over(size_t from, size_t to) {
  for (size_t at = from; at != to; at = chains_[at].to) owner_[chains_[at].way] = chains_[at].to;
}

void SparseLayout::solve(const std::vector<LayoutPart>& parts, std::vector<uint64_t>& masks) {
  parts_ = &parts;
  const size_t nobody = parts.size();
  owner_.fill(nobody);
  for (size_t part = 0; part < nobody; ++part)
    for (uint32_t n = 0; n < parts[part].ways; ++n) {
      find_chains(part, 0);
      hand_over(nobody, part);
    }
  // Of the best distributions the one whose lowest ways are the first-listed parts': who has a way gives it
  // up to one before it, and gets another by a chain, where that makes nothing worse.
  for (uint32_t way = 0; way < ways_; ++way) {
    const size_t now = owner_[way];
    find_chains(now, way + 1);
    for (size_t part = 0; part < now; ++part) {
      if (chains_[part].cost + worth(way, now) - worth(way, part) != 0) continue;
      hand_over(part, now);
      owner_[way] = part;
      break;
    }
  }
  for (uint32_t way = 0; way < ways_; ++way)
    if (owner_[way] != nobody) masks[owner_[way]] |= uint64_t{1} << way;
}

}  // namespace cbench
