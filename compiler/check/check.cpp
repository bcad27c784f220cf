// Declarations, and the order in which a policy is checked: names first, then parameters, then everything
// that uses them.
#include "compiler/check/check.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

void Checker::declare(const ast::Name& name, SymbolKind kind, uint32_t index) {
  not_builtin(name);
  const auto [entry, added] = symbols_.try_emplace(name.text, Symbol{kind, index, name.span});
  if (!added)
    diagnostics_
        .report(Kind::Redeclared, name.span, fmt::format("`{}` is declared already", name.text),
                "a second time here")
        .label(entry->second.span, "first here");
}

void Checker::declare_all() {
  for (const ast::Decl& d : policy_.decls) {
    if (diagnostics_.enough()) break;
    if (const auto* param = std::get_if<ast::Param>(&d.node)) {
      declare_param(*param);
    } else if (const auto* classes = std::get_if<ast::ClassDecl>(&d.node)) {
      for (const auto& item : classes->items) declare_class(item);
    } else if (const auto* group = std::get_if<ast::Group>(&d.node)) {
      p_.groups.push_back({group->name.text, kNone, group->name.span});
      group_decls_.push_back(group);
      declare(group->name, SymbolKind::Group, static_cast<uint32_t>(p_.groups.size() - 1));
    } else if (const auto* state = std::get_if<ast::State>(&d.node)) {
      p_.states.push_back(
          {state->name.text, state->subject ? Base::Container : Base::Void, kError, kNone, state->name.span});
      if (state->of)
        if (const auto of = type_named(state->of->name.text); of && is_handle(of->base))
          p_.states.back().of = of->base;
      declare(state->name, SymbolKind::State, static_cast<uint32_t>(p_.states.size() - 1));
    } else if (const auto* stream = std::get_if<ast::Stream>(&d.node)) {
      Stream s;
      s.name = stream->name.text;
      s.span = stream->name.span;
      if (stream->subject) {  // known before the body is checked, so that a use before the definition is
                              // understood
        p_.locals.push_back(kContainer);
        s.subject = static_cast<LocalId>(p_.locals.size() - 1);
      }
      p_.streams.push_back(std::move(s));
      stream_decls_.push_back(stream);
      declare(stream->name, SymbolKind::Stream, static_cast<uint32_t>(p_.streams.size() - 1));
    } else if (const auto* e = std::get_if<ast::Enumeration>(&d.node)) {
      enumeration(*e);
    } else if (const auto* needs = std::get_if<ast::Needs>(&d.node)) {
      declare_needs(*needs, d.span);
    } else if (const auto* acts = std::get_if<ast::Acts>(&d.node)) {
      declare_acts(*acts, d.span);
    } else if (const auto* task = std::get_if<ast::Task>(&d.node)) {
      declare(task->name, SymbolKind::Task, 0);
    }
  }
  declare_functions();
  stream_progress_.resize(p_.streams.size());
  group_height_.resize(p_.groups.size());
  group_progress_.resize(p_.groups.size());
}

void Checker::check_state(const ast::State& decl, uint32_t index) {
  if (diagnostics_.enough()) return;
  const auto named = type_written(decl.type);
  if (!named || !(named->numeric() || named->base == Base::Bool || named->base == Base::Enum)) {
    const bool handle = named.has_value();
    auto report = diagnostics_.report(handle ? Kind::TypeMismatch : Kind::UnknownName, decl.type.name.span,
                                      fmt::format("a state cannot be `{}`", decl.type.name.text));
    if (handle && named->base == Base::Container)
      report.note("a container may be gone at the next step, so handles are not kept");
    else if (handle)
      report.hint("a state is a number, a bool or a value of an enum");
    else
      report.hint("types are " + listed(types_known()));
    return;
  }
  if (decl.subject) not_builtin(*decl.subject);
  if (decl.subject && find(decl.subject->text))
    diagnostics_.report(Kind::Redeclared, decl.subject->span,
                        fmt::format("`{}` is declared already", decl.subject->text));
  const auto of = decl.of ? type_named(decl.of->name.text) : kContainer;
  if (!of || !is_handle(of->base) || of->base == Base::Cpu)
    diagnostics_
        .report(Kind::TypeMismatch, decl.of->name.span,
                fmt::format("there is no state for each `{}`", decl.of->name.text))
        .hint("a state is for each `container`, `socket` or `domain`, or one for the run");
  p_.states[index].type = *named;
  if (decl.size) {
    const NodeId size = constant(*decl.size, kInt, "the size of an array");
    const Node& n = node(size);
    if (n.op == Op::ConstInt && n.i >= 1 && n.i <= kMaxArray)
      p_.states[index].size = n.i;
    else if (!n.type.error())
      diagnostics_.report(Kind::BadNumber, n.span, fmt::format("an array has 1 to {} elements", kMaxArray));
  }
  p_.states[index].initial =
      constant(*decl.initial, *named, fmt::format("the initial value of `{}`", decl.name.text));
}

void Checker::check_group(uint32_t index) {
  if (group_progress_[index] == Progress::Done) return;
  if (group_progress_[index] == Progress::Running) {
    diagnostics_.report(Kind::Recursion, p_.groups[index].span,
                        fmt::format("the group `{}` is defined by itself", p_.groups[index].name));
    return;
  }
  group_progress_[index] = Progress::Running;
  Uses uses;  // not in place: checking a set may add groups
  const Inside inside(*this, uses);
  const uint32_t made = set(*group_decls_[index]->set);
  p_.groups[index].uses = std::move(uses);
  if (made != kNone && unordered(made, "a group")) {
    if (p_.sets[made].from == Set::From::CpuList)
      diagnostics_.report(Kind::TypeMismatch, group_decls_[index]->set->span,
                          "a group is a set of containers");
    else
      p_.groups[index].set = made;
  }
  group_height_[index] = height_of(p_.groups[index].span);
  group_progress_[index] = Progress::Done;
}

/// Checks the stream that an expression reads, if it is not yet; true when that closes a circle.
bool Checker::circle(uint32_t stream, const ast::Name& use) {
  if (stream_progress_[stream] == Progress::Running) {
    for (auto step = stream_path_.rbegin(); step != stream_path_.rend() && step->first != stream; ++step) {
      if (!step->second) continue;
      // No circle: the way here leads through a `prev`.
      if (p_.streams[stream].type.error()) want_type(stream, use);
      return p_.streams[stream].type.error();
    }
    diagnostics_
        .report(Kind::StreamCycle, use.span, fmt::format("`{}` depends on itself", p_.streams[stream].name),
                "read here")
        .label(p_.streams[stream].span, "while it is being defined")
        .hint(fmt::format("feedback goes through what it was before, `prev({}{})`, or a `state`", use.text,
                          p_.streams[stream].subject == kNone ? "" : "(c)"));
    return true;
  }
  check_stream(stream);
  return p_.streams[stream].type.error();
}

void Checker::check_stream(uint32_t index, bool by_prev) {
  if (stream_progress_[index] != Progress::Open) return;
  stream_progress_[index] = Progress::Running;
  stream_path_.emplace_back(index, by_prev);
  const ast::Stream& decl = *stream_decls_[index];
  Uses uses;  // not in place: an operator may add a stream
  const Inside inside(*this, uses);
  at_.stream = index;
  if (decl.subject) {
    not_builtin(*decl.subject);
    if (const Symbol* other = find(decl.subject->text))
      diagnostics_
          .report(Kind::Redeclared, decl.subject->span,
                  fmt::format("`{}` is declared already", decl.subject->text), "a second time here")
          .label(other->span, "first here");
    scope_.emplace_back(decl.subject->text,
                        Symbol{SymbolKind::Local, p_.streams[index].subject, decl.subject->span});
  }
  settle_type(index, expr(*decl.value));
  p_.streams[index].uses = std::move(uses);
  stream_path_.pop_back();
  stream_progress_[index] = Progress::Done;
  p_.stream_order.push_back(index);
}

void Checker::check_when(const ast::When& when) {
  Rule rule;
  const Inside inside(*this, rule.uses);
  rule.kind = Rule::Kind::When;
  rule.head = when.head;
  at_.head = true;
  if (when.variable && when.set) {
    rule.set = set_with(*when.variable, *when.set, when.where.get(), when.set->span);
    rule.variable = find(when.variable->text)->index;
    if (rule.set != kNone && unordered(rule.set, "`each`") && p_.sets[rule.set].of != Base::Container)
      diagnostics_
          .report(Kind::TypeMismatch, when.set->span, "`each` walks over containers",
                  fmt::format("this is a set of {}", plural(p_.sets[rule.set].of)))
          .hint(fmt::format("walk over it in the body: `for {} in … {{ … }}`", when.variable->text));
  }
  rule.condition = coerce(expr(*when.condition), kBool, "the condition of a `when`");
  if (when.of)
    check_tally(when, rule);
  else if (when.hold)
    rule.hold = total(expr(*when.hold), kTime, "`for`");
  if (when.cooldown) rule.cooldown = total(expr(*when.cooldown), kTime, "`cooldown`");
  collect_leaves(rule.condition, false, rule.leaves);
  at_.head = false;
  at_.effects = true;
  at_.why = true;
  at_.on = hosts_where(rule.condition, true);
  rule.body = block(when.body);
  p_.rules.push_back(std::move(rule));
}

void Checker::check_on(const ast::On& on) {
  Rule rule;
  const Inside inside(*this, rule.uses);
  rule.kind = Rule::Kind::On;
  rule.event = on.event;
  rule.head = on.head;
  at_.effects = true;
  at_.admit = on.event == ast::OnEvent::Admit;
  at_.failed = on.event == ast::OnEvent::Failed;
  if (on.action) rule.failed = action_named(*on.action);
  const bool of_container = on.event == ast::OnEvent::Admit || on.event == ast::OnEvent::Start ||
                            on.event == ast::OnEvent::Stop || (on.action && on.variable);
  if (on.variable) rule.variable = bind(*on.variable, kContainer);
  if (on.variable.has_value() != of_container)
    diagnostics_
        .report(Kind::WrongArguments, on.head,
                of_container ? "this event is about a container" : "this event is about no container")
        .hint(of_container ? "write it as `on start(c)`" : "write it as `on begin`");
  if (rule.failed && on.variable && cbench::info(*rule.failed).target != ActionTarget::Container)
    diagnostics_
        .report(Kind::WrongArguments, on.variable->span,
                fmt::format("`{}` is about no container", on.action->text))
        .hint(fmt::format("write `on failed({})`", on.action->text));
  rule.body = block(on.body);
  p_.rules.push_back(std::move(rule));
}

/// An action that the host carries out.
std::optional<Verb> Checker::action_named(const ast::Name& name) {
  std::vector<std::string> names;
  for (size_t v = 0; v < std::size(kActions); ++v) {
    if (kActions[v].resource == ActionResource::None) continue;
    if (kActions[v].name == name.text) return static_cast<Verb>(v);
    names.emplace_back(kActions[v].name);
  }
  const std::string near = nearest(name.text, names);
  diagnostics_
      .report(Kind::UnknownName, name.span, fmt::format("there is no action `{}` on the host", name.text),
              near.empty() ? "" : fmt::format("did you mean `{}`?", near))
      .hint(fmt::format("the host carries out {}", fmt::join(names, ", ")));
  return std::nullopt;
}

void Checker::check_every(const ast::Every& every) {
  Rule rule;
  const Inside inside(*this, rule.uses);
  rule.kind = Rule::Kind::Every;
  rule.head = every.head;
  rule.period = constant(*every.period, kTime, "`every`");
  if (!type(rule.period).error()) {
    const auto known = p_.range_of(rule.period);
    if (!known || known->lo <= 0)
      diagnostics_.report(Kind::NotConstant, every.period->span,
                          "a period is a positive literal, or a parameter whose range is positive");
  }
  at_.effects = true;
  rule.body = block(every.body);
  p_.rules.push_back(std::move(rule));
}

void Checker::check_classes() {
  const bool acts_on_classes = std::any_of(p_.acts.begin(), p_.acts.end(), [](const auto& act) {
    return cbench::info(act.first).resource == ActionResource::Rdt;
  });
  if (acts_on_classes && !p_.classes.empty() && p_.default_class < 0)
    diagnostics_
        .report(Kind::PartialIsolation, p_.classes[0].span, "no class is the default one",
                "started containers stay in the root group")
        .note("the root group keeps all ways and all bandwidth, so that isolation is partial")
        .hint(fmt::format("write `class {} default`", p_.classes[0].name));
}

std::optional<Program> Checker::run() {
  constexpr int64_t kEdition = 1;
  p_.name = policy_.name.text;
  p_.doc = policy_.doc;
  p_.edition = policy_.edition.value;
  if (p_.edition != kEdition)
    diagnostics_
        .report(Kind::WrongEdition, policy_.edition.span,
                fmt::format("there is no edition {} of the language", p_.edition))
        .hint(fmt::format("this cbench knows edition {}", kEdition));
  declare_all();
  if (diagnostics_.enough()) return std::nullopt;  // not all is declared
  uint32_t params = 0;
  uint32_t states = 0;
  for (const ast::Decl& d : policy_.decls)
    if (const auto* param = std::get_if<ast::Param>(&d.node)) {
      check_param(*param, params);
      params += std::max<uint32_t>(1, static_cast<uint32_t>(p_.params[params].table));
    }
  for (const ast::Decl& d : policy_.decls)
    if (const auto* state = std::get_if<ast::State>(&d.node)) check_state(*state, states++);
  for (uint32_t i = 0; i < stream_decls_.size(); ++i) declare_stream_type(*stream_decls_[i], i);
  for (uint32_t i = 0; i < group_decls_.size(); ++i)
    if (group_decls_[i]) check_group(i);
  check_class_sets();
  for (uint32_t i = 0; i < stream_decls_.size(); ++i) check_stream(i);
  settle_uses();
  check_own_functions();
  for (const ast::Decl& d : policy_.decls) {
    if (const auto* when = std::get_if<ast::When>(&d.node))
      check_when(*when);
    else if (const auto* on = std::get_if<ast::On>(&d.node))
      check_on(*on);
    else if (const auto* every = std::get_if<ast::Every>(&d.node))
      check_every(*every);
    else if (const auto* task = std::get_if<ast::Task>(&d.node))
      check_task(*task);
  }
  check_calls();
  check_classes();
  check_needs();
  order_streams();
  if (diagnostics_.has_errors()) return std::nullopt;
  return std::move(p_);
}

std::optional<Program> check(const ast::Policy& policy, const SourceSet& sources, Diagnostics& diagnostics) {
  return Checker(policy, sources, diagnostics).run();
}

}  // namespace cbench::check
