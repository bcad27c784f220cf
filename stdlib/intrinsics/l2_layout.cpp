// The L2 caches on the shadow: divided by `layout l2`, alike in all of them.
#include <bit>

#include <fmt/format.h>

#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

TextRef Shadow::l2_words(int32_t cls) {
  char piece[160];
  const auto n = fmt::format_to_n(piece, sizeof piece, "{}:{}", plan_.classes[static_cast<size_t>(cls)],
                                  std::popcount(goal_.classes[static_cast<size_t>(place(cls, 0))].l2));
  text_.begin();
  text_.append({piece, std::min(sizeof piece, n.size)});
  return text_.finish();
}

int32_t Shadow::layout_l2() {
  bool bad = false;
  const TextRef detail = layout_words(bad);
  const auto all = static_cast<int64_t>(facts_.rdt.l2_ways);
  int64_t used = 0;
  if (!has_rdt(facts_.rdt.l2_allocation, "L2 cache allocation") || bad ||
      !fits(parts_, all, facts_.rdt.l2_min_bits, used))
    return refuse(Verb::LayoutL2, -1, -1, 0, detail);
  placed_.clear();
  for (const Part& p : parts_)
    placed_.push_back({goal_.classes[static_cast<size_t>(place(p.cls, 0))].l2,
                       static_cast<uint32_t>(p.ways == abi::kRest ? all - used : p.ways)});
  l2_solver_.solve(placed_, l2_masks_);
  const auto now = [&](size_t i) -> uint64_t& {
    return goal_.classes[static_cast<size_t>(place(parts_[i].cls, 0))].l2;
  };
  bool differs = false;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (now(i) == l2_masks_[i]) continue;
    differs = true;
    if (!may_write(Target::ClassL2, place(parts_[i].cls, 0)))
      return refuse(Verb::LayoutL2, -1, -1, 0, detail);
  }
  if (!differs) return no_change(Verb::LayoutL2, -1, -1, 0, detail);
  bool first = true;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (now(i) == l2_masks_[i]) continue;
    writes(Target::ClassL2, place(parts_[i].cls, 0), first);
    now(i) = l2_masks_[i];
    first = false;
  }
  record(Verb::LayoutL2, -1, -1, 0, detail);
  return 0;
}

}  // namespace cbench
