// Sets of the interpreter, and questions to them.
#include <algorithm>
#include <cmath>

#include "interpreter.h"

namespace cbench::test {

using check::kNone;
using check::Reduction;
using check::Set;

bool Interpreter::member(uint32_t id, int64_t n) {
  const Set& s = p_.sets[id];
  const auto element = static_cast<int32_t>(n);  // a slot or CPU
  bool in = false;
  switch (s.from) {
    case Set::From::All:
      in = running(element);
      break;
    case Set::From::Class: {
      const plan::ClassPlace& place = layout_.classes[s.ref];
      const int32_t cls = do_.class_of(host(), element);
      in = running(element) && cls >= place.first && cls < place.first + place.count;
      break;
    }
    case Set::From::Group:
      in = member(p_.groups[s.ref].set, element);
      break;
    case Set::From::Host:
    case Set::From::Ordered:
    case Set::From::Range:
      in = true;
      break;
    case Set::From::CpusOf:
      if (const check::Base of = p_.nodes[s.whose].type.base; of == check::Base::Container) {
        in = do_.cpu_in(host(), slot_of(s.whose), element) != 0;
      } else {
        const auto& cpus = layout_.host.parts(of)[static_cast<size_t>(slot_of(s.whose))].cpus;
        in = std::find(cpus.begin(), cpus.end(), element) != cpus.end();
      }
      break;
    case Set::From::CpuList:
      for (const auto& [first, last] : s.ranges) {
        const int64_t low = expr(first).i;
        const int64_t high = last == kNone ? low : expr(last).i;
        in |= element >= low && element <= high;
      }
      break;
  }
  if (!in || s.where == kNone) return in;
  locals_[s.variable] = {true, n};
  return expr(s.where).i != 0;
}

/// Elements of a set with an order: those that have a key, by it.
std::vector<int64_t> Interpreter::ordered(uint32_t set) {
  const Set& s = p_.sets[set];
  const int64_t most = s.count == kNone ? INT64_MAX : expr(s.count).i;
  struct Keyed {
    Value key;
    int64_t element;
  };
  std::vector<Keyed> found;
  const bool floats = is_float(s.key);
  for (const int64_t element : candidates(s.ref))
    if (bind_member(s.ref, element))
      if (const Value key = expr(s.key); key.present && !(floats && std::isnan(key.f)))
        found.push_back({key, element});
  std::sort(found.begin(), found.end(), [&](const Keyed& a, const Keyed& b) {
    const Keyed& x = s.highest ? b : a;
    const Keyed& y = s.highest ? a : b;
    if (floats ? x.key.f != y.key.f : x.key.i != y.key.i)
      return floats ? x.key.f < y.key.f : x.key.i < y.key.i;
    return a.element < b.element;
  });
  std::vector<int64_t> out;
  for (const Keyed& k : found)
    if (static_cast<int64_t>(out.size()) < most) out.push_back(k.element);
  return out;
}

std::vector<int64_t> Interpreter::candidates(uint32_t set) {
  if (p_.sets[set].from == Set::From::Ordered) return ordered(set);
  std::vector<int64_t> out;
  if (const Set& s = p_.sets[set]; s.of_ints()) {
    const int64_t from = expr(s.ranges[0].first).i;
    const int64_t to = expr(s.ranges[0].second).i;
    for (int64_t i = from; i <= to; ++i) out.push_back(i);
  } else if (const check::Base of = p_.sets[set].of; of == check::Base::Cpu) {
    for (const uint32_t cpu : layout_.host.cpus) out.push_back(cpu);
  } else {
    for (size_t i = 0; i < layout_.count(of); ++i) out.push_back(static_cast<int64_t>(i));
  }
  return out;
}

/// Is it a member? Then the set's name stands for it.
bool Interpreter::bind_member(uint32_t set, int64_t element) {
  if (!member(set, element)) return false;
  if (p_.sets[set].variable != kNone) locals_[p_.sets[set].variable] = {true, element};
  return true;
}

Value Interpreter::reduce(const Node& n) {
  const auto what = static_cast<Reduction>(n.ref);
  const bool floats = !n.kids.empty() && is_float(n.kids[0]);
  Value best;
  int64_t count = 0, trues = 0, falses = 0, lost = 0;
  int64_t where = 0;
  for (const int64_t element : candidates(n.set)) {
    if (!bind_member(n.set, element)) continue;
    if (what == Reduction::Count) {
      ++count;
      continue;
    }
    const Value x = expr(n.kids[0]);
    if (!x.present) {
      ++lost;
      continue;
    }
    ++count;
    ++(x.i != 0 ? trues : falses);
    if (what == Reduction::Sum || what == Reduction::Avg) {
      if (floats)
        best.f += x.f;
      else
        best.i = sum(best.i, x.i, n.span);
    } else if (what != Reduction::Any && what != Reduction::All) {
      const bool small = what == Reduction::Min || what == Reduction::ArgMin;
      const bool better =
          floats ? (small ? x.f < best.f : x.f > best.f) : (small ? x.i < best.i : x.i > best.i);
      if (count > 1 && !better) continue;
      best = x;
      where = element;
    }
  }
  switch (what) {
    case Reduction::Count:
      return {true, count};
    case Reduction::Any:
      return {trues > 0 || lost == 0, trues > 0 ? 1 : 0};
    case Reduction::All:
      return {falses > 0 || lost == 0, falses > 0 ? 0 : 1};
    case Reduction::ArgMin:
    case Reduction::ArgMax:
      return {count > 0, where};
    case Reduction::Sum:
      best.present = lost == 0;
      return best;
    case Reduction::Avg:
      return {lost == 0 && count > 0, 0, best.f / static_cast<double>(count)};
    default:
      best.present = lost == 0 && count > 0;
      return best;
  }
}

}  // namespace cbench::test
