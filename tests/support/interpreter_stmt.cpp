// Statements and actions of the interpreter.
#include "interpreter.h"
#include "stdlib/abi/cpu_set.h"

namespace cbench::test {

using check::Base;
using check::kNone;

Interpreter::Flow Interpreter::block(const check::Block& statements) {
  for (const check::Stmt& s : statements)
    if (const Flow flow = statement(s); flow != Flow::Next) return flow;
  return Flow::Next;
}

int32_t Interpreter::text_id(const std::string& s) {
  for (size_t i = 0; i < plan_.texts.size(); ++i)
    if (plan_.texts[i] == s) return static_cast<int32_t>(i);
  plan_.texts.push_back(s);
  return static_cast<int32_t>(plan_.texts.size() - 1);
}

Value& Interpreter::state_at(uint32_t state, NodeId container, NodeId index, Span span) {
  const auto size = static_cast<int64_t>(layout_.states[state].size);
  const int64_t slot = container == kNone ? 0 : expr(container).i;
  const int64_t at = index == kNone ? 0 : expr(index).i;
  if (at < 0 || at >= size) throw Fault{"an index outside its array", span};
  return states_[state][static_cast<size_t>(slot * size + at)];
}

Value Interpreter::changed(NodeId value, ast::AssignOp op, const Value& old, Base base, Span span) {
  const Value x = expr(value);
  if (op == ast::AssignOp::Set) return x;
  const bool add = op == ast::AssignOp::Add;
  if (base == Base::Float) return {true, 0, add ? old.f + x.f : old.f - x.f};
  return {true, add ? sum(old.i, x.i, span) : difference(old.i, x.i, span)};
}

void Interpreter::assign(const check::AssignState& a, Span span) {
  Value& place = state_at(a.state, a.container, a.index, span);
  place = changed(a.value, a.op, Value(place), p_.states[a.state].type.base, span);
}

int32_t Interpreter::class_id(uint32_t cls, NodeId container) {
  const plan::ClassPlace& place = layout_.classes[cls];
  if (container == kNone) return place.first;
  return static_cast<int32_t>(place.of_slot[static_cast<size_t>(slot_of(container))]);
}

Interpreter::Flow Interpreter::no_class(const check::ClassRef& cls, Verb verb) {
  do_.no_class(host(), static_cast<int32_t>(verb), slot_of(cls.container), text_id(p_.classes[cls.cls].name));
  return answer(1);
}

Interpreter::Flow Interpreter::set_share(const check::ClassRef& cls, ast::AssignOp op, NodeId value,
                                         Verb verb, Span span) {
  const int32_t id = class_id(cls.cls, cls.container);
  if (id < 0) return no_class(cls, verb);
  const int32_t domain = cls.domain == kNone ? -1 : slot_of(cls.domain);
  if (verb == Verb::Ways) {
    const Value n = changed(value, op, {true, do_.ways(host(), id, domain)}, Base::Int, span);
    return answer(do_.set_ways(host(), id, domain, n.i));
  }
  const bool rate = verb == Verb::MbRate;
  const Value old{true, 0, rate ? do_.mb_rate(host(), id, domain) : do_.mb(host(), id, domain)};
  return answer((rate ? do_.set_mb_rate : do_.set_mb)(host(), id, domain,
                                                      changed(value, op, old, Base::Float, span).f));
}

Interpreter::Flow Interpreter::move(const check::Move& m) {
  const int32_t slot = slot_of(m.container);
  const int32_t cls = class_id(m.cls.cls, m.cls.container);
  return cls < 0 ? no_class(m.cls, Verb::Move) : answer(do_.move(host(), slot, cls));
}

Interpreter::Flow Interpreter::layout(const check::Layout& l) {
  std::vector<int64_t> ways;
  for (const auto& [cls, n] : l.parts) ways.push_back(n == kNone ? abi::kRest : expr(n).i);
  do_.layout_clear(host());
  for (size_t i = 0; i < ways.size(); ++i) {
    const plan::ClassPlace& place = layout_.classes[l.parts[i].first];
    if (place.of_slot.empty() && !p_.classes[l.parts[i].first].per_container)
      do_.layout_part(host(), place.first, ways[i]);
    for (size_t slot = 0; slot < place.of_slot.size(); ++slot)
      if (place.of_slot[slot] >= 0 && running_[slot])
        do_.layout_part(host(), static_cast<int32_t>(place.of_slot[slot]), ways[i]);
  }
  return answer(l.l2 ? do_.layout_l2(host()) : do_.layout(host()));
}

Interpreter::Flow Interpreter::pin(const check::Pin& p) {
  const int32_t container = slot_of(p.container);
  const check::Set& s = p_.sets[p.set];
  const int64_t count = p.count == kNone ? 0 : expr(p.count).i;
  do_.cpus_clear(host());
  if (s.from == check::Set::From::CpuList && s.where == kNone && p.count == kNone) {
    // As written: a CPU that is not there is refused, not passed over.
    const auto known = [](int64_t cpu) {
      constexpr auto kNoCpu = static_cast<int64_t>(kMaxCpus);
      return cpu < 0 || cpu > kNoCpu ? kNoCpu : cpu;
    };
    for (const auto& [first, last] : s.ranges) {
      const int64_t low = known(expr(first).i);
      const int64_t high = last == kNone ? low : known(expr(last).i);
      for (int64_t cpu = low; cpu <= high; ++cpu) do_.cpus_add(host(), static_cast<int32_t>(cpu));
    }
    return answer(do_.pin(host(), container));
  }
  for (const int64_t each : candidates(p.set)) {
    const auto cpu = static_cast<int32_t>(each);
    if (!bind_member(p.set, cpu)) continue;
    if (p.count == kNone) {
      do_.cpus_add(host(), cpu);
    } else if (const Value key = expr(p.key); key.present) {
      do_.cpus_offer(host(), cpu, key.f);
    }
  }
  if (p.count != kNone) do_.cpus_take(host(), count, p.highest ? 1 : 0);
  return answer(do_.pin(host(), container));
}

void Interpreter::text(const check::TextParts& t) {
  do_.text_begin(host());
  for (const auto& part : t.parts) {
    if (const auto* literal = std::get_if<std::string>(&part))
      do_.text_piece(host(), text_id(*literal));
    else
      text_value(std::get<NodeId>(part));
  }
}

void Interpreter::text_value(NodeId id) {
  const Node& n = node(id);
  if (n.op == check::Op::TextRef) {
    void (*const told[])(abi::host) = {do_.text_reason, do_.text_why, do_.text_failure, do_.text_failed};
    return told[n.ref](host());
  }
  if (n.op == check::Op::Static && n.type.base == Base::Text) {
    const int32_t slot = slot_of(n.kids[0]);
    const plan::ContainerConstants& c = layout_.containers[static_cast<size_t>(slot)];
    const auto field = static_cast<check::StaticField>(n.ref);
    if (field == check::StaticField::Name) return do_.text_slot(host(), slot);
    return do_.text_piece(host(), text_id(field == check::StaticField::Role ? c.role : c.image));
  }
  const Value x = expr(id);
  const auto unit = static_cast<int32_t>(check::display_unit(n.type));
  if (!x.present) return do_.text_missing(host());
  switch (n.type.base) {
    case Base::Container:
      return do_.text_slot(host(), static_cast<int32_t>(x.i));
    case Base::Cpu:
      return do_.text_i64(host(), x.i, 0);
    case Base::Socket:
    case Base::Domain:
      return do_.text_i64(host(), layout_.host.parts(n.type.base)[static_cast<size_t>(x.i)].id, 0);
    case Base::Bool:
      return do_.text_flag(host(), x.i != 0 ? 1 : 0);
    case Base::Enum:
      return do_.text_piece(host(), text_id(p_.enums[n.type.enumeration].values[static_cast<size_t>(x.i)]));
    case Base::Float:
      return do_.text_f64(host(), x.f, unit);
    default:
      return do_.text_i64(host(), x.i, unit);
  }
}

const check::Block& Interpreter::branch(const check::If& n) {
  const Value x = expr(n.condition);
  const bool yes = n.binding == kNone ? x.i != 0 : x.present;
  if (yes && n.binding != kNone) locals_[n.binding] = x;
  return yes ? n.then : n.otherwise;
}

const check::Block& Interpreter::branch(const check::Match& n) {
  static const check::Block kNothing;
  const int64_t subject = expr(n.subject).i;
  for (const check::Match::Case& each : n.cases)
    for (const int64_t value : each.values)
      if (value == subject) return each.body;
  return n.otherwise ? *n.otherwise : kNothing;
}

/// A `return` inside keeps what was planned, and so does a `stop`, after which nothing is asked any more.
Interpreter::Flow Interpreter::all_or_nothing(const check::Block& plan) {
  do_.try_begin(host());
  ++tries_;
  const Flow flow = block(plan);
  if (flow == Flow::Stop) return flow;
  --tries_;
  do_.try_end(host(), flow == Flow::Refused ? 1 : 0);
  return flow;
}

Interpreter::Flow Interpreter::for_statement(const check::For& n, Span span) {
  if (n.set != kNone) {
    for (const int64_t element : candidates(n.set)) {
      if (!bind_member(n.set, element)) continue;
      if (const Flow flow = block(n.body); flow != Flow::Next) return flow;
    }
    return Flow::Next;
  }
  const int64_t from = expr(n.from).i;
  const int64_t rounds = sum(difference(expr(n.to).i, from, span), 1, span);
  for (int64_t i = 0; i < rounds; ++i) {
    locals_[n.variable] = {true, from + i};
    if (const Flow flow = block(n.body); flow != Flow::Next) return flow;
  }
  return Flow::Next;
}

Interpreter::Flow Interpreter::statement(const check::Stmt& s) {
  using namespace check;
  return std::visit(
      [&](const auto& n) -> Flow {
        using T = std::decay_t<decltype(n)>;
        if constexpr (std::is_same_v<T, Let>) {
          locals_[n.local] = expr(n.value);
        } else if constexpr (std::is_same_v<T, If>) {
          return block(branch(n));
        } else if constexpr (std::is_same_v<T, AssignState>) {
          assign(n, s.span);
        } else if constexpr (std::is_same_v<T, SetWays>) {
          return set_share(n.cls, n.op, n.value, Verb::Ways, s.span);
        } else if constexpr (std::is_same_v<T, SetMb>) {
          return set_share(n.cls, n.op, n.value, n.verb, s.span);
        } else if constexpr (std::is_same_v<T, SetQuota>) {
          const int32_t slot = slot_of(n.container);
          const Value old{true, 0, do_.quota(host(), slot)};
          return answer(do_.set_quota(host(), slot, changed(n.value, n.op, old, Base::Float, s.span).f));
        } else if constexpr (std::is_same_v<T, SetCores>) {
          const int32_t slot = slot_of(n.container);
          const Value old{true, do_.cores(host(), slot)};
          return answer(do_.set_cores(host(), slot, changed(n.value, n.op, old, Base::Int, s.span).i));
        } else if constexpr (std::is_same_v<T, CallPlan>) {
          Flow flow = Flow::Next;
          called(node(n.call), &flow);
          return flow;
        } else if constexpr (std::is_same_v<T, check::Try>) {
          const Flow flow = all_or_nothing(n.body);
          return flow == Flow::Refused ? block(n.otherwise) : flow;
        } else if constexpr (std::is_same_v<T, check::Return>) {
          if (n.value != kNone) result_ = expr(n.value);
          return Flow::Return;
        } else if constexpr (std::is_same_v<T, check::Stop>) {
          text(n.text);
          do_.stop(host());
          return Flow::Stop;
        } else if constexpr (std::is_same_v<T, check::Move>) {
          return move(n);
        } else if constexpr (std::is_same_v<T, check::Layout>) {
          return layout(n);
        } else if constexpr (std::is_same_v<T, check::Pin>) {
          return pin(n);
        } else if constexpr (std::is_same_v<T, check::Log>) {
          text(n.text);
          do_.log(host(), static_cast<int32_t>(n.level));
        } else if constexpr (std::is_same_v<T, check::Annotate>) {
          const int32_t slot = n.container == kNone ? -1 : slot_of(n.container);
          text(n.text);
          do_.annotate(host(), slot);
        } else if constexpr (std::is_same_v<T, check::Emit>) {
          if (const Value x = expr(n.value); x.present) do_.emit(host(), text_id(n.name), x.f);
        } else if constexpr (std::is_same_v<T, check::Match>) {
          return block(branch(n));
        } else if constexpr (std::is_same_v<T, check::For>) {
          return for_statement(n, s.span);
        } else if constexpr (std::is_same_v<T, check::Repeat>) {
          const int64_t most = expr(n.most).i;
          for (int64_t round = 0; round < most && expr(n.condition).i != 0; ++round)
            if (const Flow flow = block(n.body); flow != Flow::Next) return flow;
        } else if constexpr (std::is_same_v<T, check::Pause>) {
          return answer(do_.set_paused(host(), slot_of(n.container), n.paused ? 1 : 0));
        } else if constexpr (std::is_same_v<T, check::Sample>) {
          return answer(do_.set_period(host(), slot_of(n.container), n.period_ns));
        } else if constexpr (std::is_same_v<T, check::Reject>) {
          const int32_t slot = slot_of(n.container);
          text(n.text);
          do_.reject(host(), slot);
        }
        return Flow::Next;
      },
      s.node);
}

}  // namespace cbench::test
