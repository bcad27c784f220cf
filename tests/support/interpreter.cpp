// Events, streams and rules of the interpreter.
#include "interpreter.h"

#include <algorithm>

#include <fmt/format.h>

namespace cbench::test {

using check::kNone;
using check::Op;
using check::Rule;

Interpreter::Interpreter(const plan::Planned& planned, const SourceSet& sources, const HostFacts& facts)
    : p_(*planned.program),
      layout_(planned.layout),
      sources_(sources),
      plan_(planned.plan),
      running_(planned.plan.slots, false),
      locals_(planned.program->locals.size()),
      tasks_(planned.program->rules.size()) {
  plan_.texts.clear();
  plan_.texts.reserve(1U << 12U);  // what is handed out must not move
  shadow_ = std::make_unique<Shadow>(plan_, facts);
  const size_t slots = layout_.containers.size();
  for (const check::State& s : p_.states)
    states_.emplace_back(layout_.count(s.of) * static_cast<size_t>(std::max<int64_t>(1, s.size)));
  for (const check::Stream& s : p_.streams) cells_.emplace_back(s.subject == kNone ? 1 : slots);
  memories_.resize(p_.temporals.size());
  for (const check::Stream& s : p_.streams)
    for (const uint32_t t : s.temporals) memories_[t].resize(s.subject == kNone ? 1 : slots);
  for (const Rule& r : p_.rules) rules_.emplace_back(r.set == kNone ? 1 : slots);
}

void Interpreter::set_running(int32_t slot, bool running) {
  running_[static_cast<size_t>(slot)] = running;
  shadow_->set_running(slot, running);
}

Interpreter::Verdict Interpreter::call(abi::Event event, const Frame& frame, int32_t slot) {
  frame_ = &frame;
  tries_ = 0;
  shadow_->begin_call(frame.step, frame.now_ns);
  Flow flow = Flow::Next;
  const auto run = [&](Rule::Kind kind, ast::OnEvent on = {}) { flow = rules(kind, on, slot); };
  try {
    switch (event) {
      case abi::Event::Begin:
        begin();
        run(Rule::Kind::On, ast::OnEvent::Begin);
        break;
      case abi::Event::Admit:
        run(Rule::Kind::On, ast::OnEvent::Admit);
        break;
      case abi::Event::Start:
        start(slot);
        run(Rule::Kind::On, ast::OnEvent::Start);
        break;
      case abi::Event::Step: {
        const auto failures = shadow_->take_failures();
        for (const Shadow::Failure& failure : failures) {
          if (flow == Flow::Stop) break;
          shadow_->tell(&failure);
          failed_ = static_cast<uint32_t>(failure.verb);
          flow = rules(Rule::Kind::On, ast::OnEvent::Failed, failure.slot);
        }
        shadow_->tell(nullptr);
        if (flow == Flow::Stop) break;
        streams();
        run(Rule::Kind::When);
        if (flow != Flow::Stop) flow = tasks();
        break;
      }
      case abi::Event::Stop:
        run(Rule::Kind::On, ast::OnEvent::Stop);
        break;
      default:
        run(Rule::Kind::On, ast::OnEvent::End);
        break;
    }
  } catch (const Fault& fault) {
    shadow_->tell(nullptr);
    shadow_->end_call(true);
    message_ = fmt::format("{} at line {} of policy `{}`", fault.what, sources_.line(fault.span), p_.name);
    return Verdict::Fault;
  }
  shadow_->end_call(false);
  message_ = shadow_->stop_reason();
  return flow == Flow::Stop ? Verdict::Stop : Verdict::Go;
}

void Interpreter::begin() {
  for (size_t i = 0; i < p_.states.size(); ++i)
    std::fill(states_[i].begin(), states_[i].end(), expr(p_.states[i].initial));
}

void Interpreter::start(int32_t slot) {
  const auto at = static_cast<size_t>(slot);
  for (size_t i = 0; i < p_.streams.size(); ++i) {
    if (p_.streams[i].subject == kNone) continue;
    cells_[i][at] = {};
    for (const uint32_t t : p_.streams[i].temporals) memories_[t][at] = {};
  }
  for (size_t i = 0; i < p_.rules.size(); ++i)
    if (p_.rules[i].set != kNone) rules_[i][at] = {};
  for (size_t i = 0; i < p_.states.size(); ++i) {
    if (p_.states[i].of != check::Base::Container) continue;
    const size_t size = layout_.states[i].size;
    std::fill_n(states_[i].begin() + static_cast<std::ptrdiff_t>(at * size), size,
                expr(p_.states[i].initial));
  }
}

/// Is one of the sources due: a metric of the container or, where there is none, a stream of containers?
bool Interpreter::due(uint32_t id, int32_t slot) const {
  const check::Stream& s = p_.streams[id];
  if (s.subject == kNone) return true;
  bool asked = false;
  for (const Metric metric : s.metrics) {
    const int column = frame_->column(metric);
    if (column < 0) continue;
    asked = true;
    if (frame_->status(static_cast<size_t>(column), static_cast<size_t>(slot)) != Status::NotDue) return true;
  }
  if (!s.metrics.empty()) return !asked;
  for (const uint32_t input : s.inputs) {
    if (p_.streams[input].subject == kNone) continue;
    asked = true;
    if (cells_[input][static_cast<size_t>(slot)].ticked) return true;
  }
  return !asked;
}

void Interpreter::streams() {
  for (const uint32_t id : p_.stream_order) {
    const size_t n = cells_[id].size();
    for (size_t i = 0; i < n; ++i) {
      const auto slot = static_cast<int32_t>(i);
      const bool alive = p_.streams[id].subject == kNone || running(slot);
      cells_[id][i].ticked = alive && due(id, slot);
      if (cells_[id][i].ticked) stream(id, slot);
    }
  }
}

void Interpreter::stream(uint32_t id, int32_t slot) {
  const check::Stream& s = p_.streams[id];
  StreamCell& cell = cells_[id][static_cast<size_t>(slot)];
  element_ = static_cast<size_t>(slot);
  if (s.subject != kNone) locals_[s.subject] = {true, slot};
  const Value x = expr(s.value);
  cell.before = cell.value;
  cell.value = x;
  cell.updated = frame_->now_ns;
}

/// `when` and `every` together, in the order of the text, or the rules of an event.
Interpreter::Flow Interpreter::rules(Rule::Kind kind, ast::OnEvent event, int32_t slot) {
  for (uint32_t id = 0; id < p_.rules.size(); ++id) {
    const Rule& r = p_.rules[id];
    if (layout_.rules[id].silent || r.kind == Rule::Kind::Task) continue;
    if ((r.kind == Rule::Kind::On) != (kind == Rule::Kind::On)) continue;
    if (r.kind == Rule::Kind::On && r.event != event) continue;
    const Flow flow = r.kind == Rule::Kind::On     ? on(id, slot)
                      : r.kind == Rule::Kind::When ? when(id)
                                                   : every(id);
    if (flow == Flow::Stop) return flow;
  }
  return Flow::Next;
}

Interpreter::Flow Interpreter::when(uint32_t id) {
  const size_t n = rules_[id].size();
  for (size_t i = 0; i < n; ++i)
    if (element(id, static_cast<int32_t>(i)) == Flow::Stop) return Flow::Stop;
  return Flow::Next;
}

/// Is the rule looked at for the container in this step?
bool Interpreter::leaf_due(const Rule& rule, int32_t slot) const {
  bool asked = false;
  for (const check::NodeId leaf : rule.leaves) {
    const Node& n = node(leaf);
    if (n.kids.empty() || node(n.kids[0]).op != Op::Local || node(n.kids[0]).ref != rule.variable) continue;
    if (n.op == Op::MetricRead) {
      const int column = frame_->column(static_cast<Metric>(n.ref));
      if (column < 0) continue;
      asked = true;
      if (frame_->status(static_cast<size_t>(column), static_cast<size_t>(slot)) != Status::NotDue)
        return true;
    } else if (n.op == Op::StreamRead || n.op == Op::StreamBefore) {
      asked = true;
      if (cells_[n.ref][static_cast<size_t>(slot)].ticked) return true;
    }
  }
  return !asked;
}

bool Interpreter::held_for(const Rule& rule, RuleCell& cell, int64_t period_ns) {
  const int64_t hold = expr(rule.hold).i;
  if (hold < 0) throw Fault{"a negative duration", node(rule.hold).span};
  const int64_t now = frame_->now_ns;
  if (!cell.first || now - cell.seen.value_or(now) > std::max(hold, 2 * period_ns)) cell.first = now;
  cell.seen = now;
  return now - *cell.first >= hold;
}

bool Interpreter::held_often(const Rule& rule, RuleCell& cell, int64_t period_ns, bool truth) {
  const int64_t now = frame_->now_ns;
  if (cell.seen && now - *cell.seen > 2 * period_ns) cell.ticks.clear();
  cell.seen = now;
  cell.ticks.push_back(truth);
  while (static_cast<int64_t>(cell.ticks.size()) > expr(rule.of).i) cell.ticks.pop_front();
  return truth && std::count(cell.ticks.begin(), cell.ticks.end(), true) >= expr(rule.hold).i;
}

Interpreter::Flow Interpreter::element(uint32_t id, int32_t index) {
  const Rule& rule = p_.rules[id];
  RuleCell& cell = rules_[id][static_cast<size_t>(index)];
  if (rule.set != kNone) {
    if (!member(rule.set, index)) {
      cell.first.reset();
      cell.ticks.clear();
      return Flow::Next;
    }
    locals_[rule.variable] = {true, index};
    if (!leaf_due(rule, index)) return Flow::Next;
  }
  const Value condition = expr(rule.condition);
  const bool truth = condition.present && condition.i != 0;
  const int64_t period_ns = layout_.rules[id].period_ns;
  if (rule.of != kNone) {
    if (!held_often(rule, cell, period_ns, truth)) return Flow::Next;
  } else if (!truth) {
    cell.first.reset();
    return Flow::Next;
  } else if (rule.hold != kNone && !held_for(rule, cell, period_ns)) {
    return Flow::Next;
  }
  if (rule.cooldown != kNone) {
    const int64_t rest = expr(rule.cooldown).i;
    if (cell.fired && frame_->now_ns - *cell.fired < rest) return Flow::Next;
    cell.fired = frame_->now_ns;
  }
  return fire(id, rule.set == kNone ? -1 : index);
}

Interpreter::Flow Interpreter::every(uint32_t id) {
  const int64_t period = expr(p_.rules[id].period).i;
  std::optional<int64_t>& next = rules_[id][0].first;
  if (!next) next = period;
  if (frame_->now_ns < *next) return Flow::Next;
  while (*next <= frame_->now_ns) *next += period;
  return fire(id, -1);
}

Interpreter::Flow Interpreter::on(uint32_t id, int32_t slot) {
  const Rule& rule = p_.rules[id];
  if (rule.failed && static_cast<uint32_t>(*rule.failed) != failed_) return Flow::Next;
  if (rule.variable != kNone) locals_[rule.variable] = {true, slot};
  return fire(id, slot);
}

/// Tells why, and runs the body. Behind a latch it also shows what that latches.
Interpreter::Flow Interpreter::fire(uint32_t id, int32_t slot) {
  const Rule& rule = p_.rules[id];
  do_.fire(host(), static_cast<int32_t>(id), slot);
  for (const check::NodeId leaf : rule.leaves) {
    show(leaf);
    const Node& n = node(leaf);
    if (n.op != Op::StreamRead || n.type.base != check::Base::Bool || n.kids.empty()) continue;
    locals_[p_.streams[n.ref].subject] = expr(n.kids[0]);
    const auto walk = [&](check::NodeId at, const auto& self) -> void {
      const Op op = node(at).op;
      if (op == Op::StreamRead) return show(at);
      if (op == Op::Reduce) return;
      for (const check::NodeId kid : node(at).kids) self(kid, self);
    };
    walk(p_.streams[n.ref].value, walk);
  }
  const Flow flow = block(rule.body);
  return flow == Flow::Stop ? flow : Flow::Next;
}

void Interpreter::show(check::NodeId leaf) {
  const Node& n = node(leaf);
  using check::Base;
  if (check::is_handle(n.type.base) || n.type.base == Base::Text) return;
  const int32_t label = text_id(plan::one_line(sources_.text(n.span)));
  const Value x = expr(leaf);
  if (!x.present) return do_.why_missing(host(), label);
  if (n.type.base == Base::Bool) return do_.why_flag(host(), label, x.i != 0 ? 1 : 0);
  if (n.type.base == Base::Enum)
    return do_.why_text(host(), label,
                        text_id(p_.enums[n.type.enumeration].values[static_cast<size_t>(x.i)]));
  double value = n.type.base == Base::Float ? x.f : static_cast<double>(x.i);
  if (n.type.base == Base::Time) value /= 1e9;
  do_.why_f64(host(), label, value, static_cast<int32_t>(check::display_unit(n.type)));
}

}  // namespace cbench::test
