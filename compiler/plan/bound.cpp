#include "compiler/plan/bound.h"

#include <algorithm>
#include <bit>

namespace cbench::plan {
namespace {

/// Sums stay below this, so that a tower of functions cannot overflow the bound.
constexpr uint64_t kCeiling = 1ULL << 40U;
uint64_t cap(uint64_t n) { return std::min(n, kCeiling); }

class Bound {
 public:
  /// With `unrolled` false, sets and windows count once: the size of the code instead of the work.
  Bound(const Planned& planned, bool unrolled)
      : planned_(planned), p_(*planned.program), unrolled_(unrolled), functions_(p_.functions.size(), 0) {}

  [[nodiscard]] uint64_t all() {
    uint64_t total = 0;
    for (size_t i = 0; i < p_.streams.size(); ++i) total = cap(total + stream(i));
    for (const check::Rule& r : p_.rules) total = cap(total + rule(r));
    return total;
  }
  uint64_t stream(size_t i) { return times(planned_.layout.streams[i].n) * (4 + expr(p_.streams[i].value)); }
  uint64_t rule(const check::Rule& r) {
    uint64_t once = 4 + block(r.body);
    if (r.condition != check::kNone) once += expr(r.condition);
    if (r.set != check::kNone) once += members(r.set);
    if (r.of != check::kNone) once += 8;
    if (r.kind == check::Rule::Kind::Task) once *= 2;  // a step may end one round and begin the next
    return cap((r.set == check::kNone ? 1 : times(planned_.plan.slots)) * cap(once));
  }

 private:
  [[nodiscard]] uint64_t times(uint64_t n) const { return unrolled_ ? n : 1; }
  [[nodiscard]] uint64_t size(uint32_t set) const {
    if (const check::Set& s = p_.sets[set]; s.of_ints())
      return times(rounds(p_.range_of(s.ranges[0].second)->hi - p_.range_of(s.ranges[0].first)->lo + 1));
    return times(planned_.layout.count(p_.sets[set].of));
  }
  uint64_t members(uint32_t set) {
    const check::Set& s = p_.sets[set];
    uint64_t n = 1 + (s.where == check::kNone ? 0 : expr(s.where));
    if (s.from == check::Set::From::Group) n += members(p_.groups[s.ref].set);
    return n;
  }
  /// What putting a set in order costs before it is walked.
  uint64_t order(uint32_t set) {
    const check::Set& s = p_.sets[set];
    if (s.from != check::Set::From::Ordered) return 0;
    const uint64_t n = size(set);
    const auto rounds = unrolled_ ? static_cast<uint64_t>(std::bit_width(n)) : 1;
    return cap(expr(s.count) + cap(n * cap(members(s.ref) + expr(s.key))) + 2 * n * rounds);
  }
  uint64_t function(uint32_t ref) {
    if (functions_[ref] == 0) functions_[ref] = 1 + block(p_.functions[ref].body);
    return functions_[ref];
  }
  uint64_t window(uint32_t temporal) {
    using check::WindowOp;
    const auto samples = times(static_cast<uint64_t>(planned_.layout.temporals[temporal].capacity));
    switch (p_.temporals[temporal].window) {
      case WindowOp::Hold:
        return 4;
      case WindowOp::Sd:
        return 2 * samples;
      case WindowOp::Slope:
        return 3 * samples;
      case WindowOp::P50:
      case WindowOp::P95:
      case WindowOp::P99:  // at most 17 walks more, with 16 counters in each
        return 18 * samples + times(256);
      default:
        return samples;
    }
  }
  uint64_t expr(check::NodeId id) {
    if (id == check::kNone) return 0;
    const check::Node& n = p_.nodes[id];
    uint64_t kids = 0;
    for (const check::NodeId kid : n.kids) kids = cap(kids + expr(kid));
    if (n.op == check::Op::Reduce) return cap(1 + order(n.set) + size(n.set) * cap(members(n.set) + kids));
    if (n.op == check::Op::InSet) return cap(kids + members(n.set));
    if (n.op == check::Op::Window) return cap(kids + window(n.temporal));
    if (n.op == check::Op::Call) return cap(1 + kids + function(n.ref));
    return 1 + kids;
  }
  static uint64_t rounds(double most) {
    return most <= 0 ? 0 : cap(static_cast<uint64_t>(std::min(most, static_cast<double>(kCeiling))));
  }
  uint64_t block(const check::Block& b) {
    uint64_t total = 0;
    for (const check::Stmt& s : b) total = cap(total + statement(s));
    return total;
  }
  uint64_t text(const check::TextParts& t) {
    uint64_t total = 1;
    for (const auto& part : t.parts)
      if (const auto* id = std::get_if<check::NodeId>(&part)) total = cap(total + expr(*id));
    return total;
  }
  uint64_t statement(const check::Stmt& s) {
    using namespace check;
    return std::visit(
        [&](const auto& n) -> uint64_t {
          using T = std::decay_t<decltype(n)>;
          if constexpr (std::is_same_v<T, If>)
            return 1 + expr(n.condition) + std::max(block(n.then), block(n.otherwise));
          else if constexpr (std::is_same_v<T, Try>)
            return 1 + block(n.body) + block(n.otherwise);
          else if constexpr (std::is_same_v<T, CallPlan>)
            return 1 + expr(n.call);
          else if constexpr (std::is_same_v<T, Pin>)
            return 1 + cap(size(n.set) * cap(members(n.set) + expr(n.key)));
          else if constexpr (std::is_same_v<T, Stop> || std::is_same_v<T, Log> ||
                             std::is_same_v<T, Annotate> || std::is_same_v<T, Reject>)
            return text(n.text);
          else if constexpr (std::is_same_v<T, Match>) {
            uint64_t most = n.otherwise ? block(*n.otherwise) : 0;
            for (const auto& each : n.cases)
              most = unrolled_ ? std::max(most, block(each.body)) : cap(most + block(each.body));
            return 1 + expr(n.subject) + most;
          } else if constexpr (std::is_same_v<T, For>) {
            const uint64_t n_rounds = n.set == kNone
                                          ? times(rounds(p_.range_of(n.to)->hi - p_.range_of(n.from)->lo + 1))
                                          : size(n.set);
            return 1 + (n.set == kNone ? 0 : order(n.set)) +
                   cap(n_rounds * cap((n.set == kNone ? 1 : members(n.set)) + block(n.body)));
          } else if constexpr (std::is_same_v<T, Repeat>)
            return 1 + cap(times(rounds(p_.range_of(n.most)->hi)) * cap(expr(n.condition) + block(n.body)));
          else if constexpr (std::is_same_v<T, Loop>)
            return 1 + block(n.body);
          else if constexpr (std::is_same_v<T, Wait>)
            return 1 + expr(n.length) + expr(n.until) + expr(n.timeout);
          else if constexpr (std::is_same_v<T, Trial>)
            return 4 + block(n.plan) + block(n.other) + expr(n.length) + expr(n.vote) + block(n.otherwise);
          else if constexpr (std::is_same_v<T, Layout>)
            return 1 + n.parts.size();
          else if constexpr (std::is_same_v<T, Move> || std::is_same_v<T, Pause> || std::is_same_v<T, Sample>)
            return 1 + expr(n.container);
          else
            return 1 + expr(n.value);
        },
        s.node);
  }

  const Planned& planned_;
  const check::Program& p_;
  bool unrolled_;
  std::vector<uint64_t> functions_;
};

}  // namespace

uint64_t operations_per_step(const Planned& planned) { return Bound(planned, true).all(); }
uint64_t code_size(const Planned& planned) { return Bound(planned, false).all(); }

std::vector<PartCost> part_costs(const Planned& planned, const SourceSet& sources) {
  const check::Program& p = *planned.program;
  Bound bound(planned, true);
  std::vector<PartCost> out;
  for (size_t i = 0; i < p.streams.size(); ++i) {
    const check::Stream& stream = p.streams[i];
    out.push_back({"stream " + stream.name, sources.line(stream.span), bound.stream(i),
                   planned.layout.streams[i].bytes, stream.uses});
  }
  if (planned.states_bytes > 0) out.push_back({"states", 0, 0, planned.states_bytes, {}});
  for (size_t i = 0; i < p.rules.size(); ++i)
    out.push_back({planned.plan.rules[i].text, planned.plan.rules[i].line, bound.rule(p.rules[i]),
                   planned.layout.rules[i].bytes, p.rules[i].uses});
  if (planned.trials_bytes > 0) out.push_back({"trials", 0, 0, planned.trials_bytes, {}});
  return out;
}

}  // namespace cbench::plan
