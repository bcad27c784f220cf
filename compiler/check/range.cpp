// Ranges of constant expressions, by interval arithmetic (R. E. Moore, Interval Analysis, 1966).
#include <algorithm>
#include <cmath>

#include "compiler/check/program.h"

namespace cbench::check {

std::optional<Range> Program::range_of(NodeId id) const {
  const Node& n = nodes[id];
  if (n.op == Op::ConstInt) return Range{static_cast<double>(n.i), static_cast<double>(n.i)};
  if (n.op == Op::Param) {
    const Param& p = params[n.ref];
    return p.has_range ? std::optional(Range{p.lo, p.hi}) : std::nullopt;
  }
  if (n.op == Op::Local) {
    const auto known = local_ranges.find(n.ref);
    return known != local_ranges.end() ? std::optional(known->second) : std::nullopt;
  }
  if (n.type.base != Base::Int && n.type.base != Base::Time) return std::nullopt;
  if (n.kids.empty() || n.kids.size() > 2) return std::nullopt;
  const auto x = range_of(n.kids[0]);
  const auto y = n.kids.size() == 1 ? x : range_of(n.kids[1]);  // once: operators nest
  if (!x || !y) return std::nullopt;
  Range out;
  switch (n.op) {
    case Op::Negate:
      out = {-x->hi, -x->lo};
      break;
    case Op::Add:
      out = {x->lo + y->lo, x->hi + y->hi};
      break;
    case Op::Subtract:
      out = {x->lo - y->hi, x->hi - y->lo};
      break;
    case Op::Multiply: {
      const auto [lo, hi] = std::minmax({x->lo * y->lo, x->lo * y->hi, x->hi * y->lo, x->hi * y->hi});
      out = {lo, hi};
      break;
    }
    case Op::Min:
      out = {std::min(x->lo, y->lo), std::min(x->hi, y->hi)};
      break;
    case Op::Max:
      out = {std::max(x->lo, y->lo), std::max(x->hi, y->hi)};
      break;
    default:
      return std::nullopt;
  }
  constexpr double kExact = 9007199254740992.0;
  if (!(std::fabs(out.lo) < kExact && std::fabs(out.hi) < kExact)) return std::nullopt;
  return out;
}

}  // namespace cbench::check
