// Statements: let, if, assignment, try, return.
#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

bool ends(const Stmt& s) {
  if (std::holds_alternative<Return>(s.node) || std::holds_alternative<Stop>(s.node)) return true;
  if (std::holds_alternative<Loop>(s.node)) return true;
  return on_every_branch(s, [](const Block& b) { return !b.empty() && ends(b.back()); });
}

}  // namespace

bool Checker::effects_allowed(Span span, const char* what) {
  if (at_.effects) return true;
  diagnostics_.report(Kind::NotAnAction, span, fmt::format("{} stands in a pure function", what))
      .hint("a function that acts is declared with `-> plan`");
  return false;
}

bool Checker::may_act(Verb verb, Span span) {
  if (!effects_allowed(span, "an action")) return false;
  if (at_.admit && (verb == Verb::Move || verb == Verb::Quota || verb == Verb::Cores || verb == Verb::Pause ||
                    verb == Verb::Resume || verb == Verb::Sample)) {
    diagnostics_
        .report(Kind::MisplacedStatement, span,
                fmt::format("`{}` wants a container that runs", cbench::info(verb).name),
                "in `on admit` it does not run yet")
        .hint("do it in `on start(c) { … }`; `on admit` may `pin` or `reject`");
    return false;
  }
  note_act(verb, span);
  return true;
}

Block Checker::block(const ast::Block& statements) {
  const Deeper deeper(*this);
  const size_t depth = scope_.size();
  const HostKinds on = at_.on;
  Block out;
  bool told = false;
  for (const ast::Stmt& s : statements) {
    if (!out.empty() && ends(out.back()) && !told) {
      diagnostics_.report(Kind::Unreachable, s.span, "this is never reached",
                          "the statement before it ends the block");
      told = true;
    }
    statement(s, out);
  }
  unbind_to(depth);
  at_.on = on;
  return out;
}

void Checker::conditional(const ast::If& i, Span span, Block& out) {
  const size_t depth = scope_.size();
  Branches branches(*this);
  If made{kNone, kNone, {}, {}};
  made.condition = expr(*i.condition);
  if (i.binding) {
    const Type t = type(made.condition);
    if (!t.error() && !t.optional)
      diagnostics_.report(Kind::NeedlessDefault, i.condition->span, "this value is never missing")
          .hint("`let` is enough");
    made.binding = bind(*i.binding, t.error() ? kError : t.with(false));
    if (frame_) frame_->push_back(made.binding);
  } else {
    made.condition = total(made.condition, kBool, "a condition");
  }
  const HostKinds on = at_.on;
  const auto where = [&](bool truth) { return i.binding ? on : on & hosts_where(made.condition, truth); };
  at_.on = where(true);
  made.then = block(*i.then);
  unbind_to(depth);
  branches.next();
  at_.on = where(false);
  if (i.otherwise) made.otherwise = block(*i.otherwise);
  // What follows is reached past the `then` only, or past the `else` only.
  const auto leaves = [](const Block& b) { return !b.empty() && ends(b.back()); };
  at_.on = leaves(made.then) ? where(false) : leaves(made.otherwise) ? where(true) : on;
  out.push_back({span, std::move(made)});
}

void Checker::attempt(const ast::Try& t, Span span, Block& out) {
  const size_t acts_before = p_.acts.size();
  Try made;
  made.body = uninterrupted(*t.body);
  bool acts = p_.acts.size() > acts_before;
  for (const Stmt& s : made.body)
    acts |= !std::holds_alternative<Let>(s.node) && !std::holds_alternative<AssignState>(s.node) &&
            !std::holds_alternative<Return>(s.node);
  if (!acts && !made.body.empty())
    diagnostics_.report(Kind::MisplacedStatement, span, "nothing in this `try` can be refused")
        .hint("`try` stands before an action");
  const bool reason = at_.reason;
  at_.reason = true;
  if (t.otherwise) made.otherwise = block(*t.otherwise);
  at_.reason = reason;
  out.push_back({span, std::move(made)});
}

void Checker::assign(const ast::Assign& a, Span span, Block& out) {
  const auto* index = std::get_if<ast::Index>(&a.target->node);
  const ast::Expr& named = index ? *index->base : *a.target;
  const auto* call = std::get_if<ast::Call>(&named.node);
  const auto* ref = std::get_if<ast::Ref>(&named.node);
  const std::string name = call ? call->callee.text : ref ? ref->name.text : "";
  const Symbol* symbol = find(name);
  if (call && !index && !symbol &&
      (name == "ways" || name == "mb" || name == "mb_rate" || name == "quota" || name == "cores")) {
    const NodeId target = scalar_builtin(*call, a.target->span);
    NodeId value = expr(*a.value);
    if (type(target).error() || type(value).error()) return;
    if (name == "ways") {
      value = total(value, type(target).with(false), "`ways`");
      if (may_act(Verb::Ways, span)) out.push_back({span, SetWays{share_of(node(target)), a.op, value}});
    } else if (name == "mb") {
      value = total(value, kRatio, "`mb`");
      if (may_act(Verb::Mb, span))
        out.push_back({span, SetMb{share_of(node(target)), a.op, value, Verb::Mb}});
    } else if (name == "mb_rate") {
      if (node(value).op == Op::Unlimited) p_.nodes[value].type = kRate;
      value = total(value, kRate, "`mb_rate`");
      if (may_act(Verb::MbRate, span))
        out.push_back({span, SetMb{share_of(node(target)), a.op, value, Verb::MbRate}});
    } else if (name == "cores") {
      value = total(value, kCore, "`cores`");
      if (may_act(Verb::Cores, span)) out.push_back({span, SetCores{node(target).kids[0], a.op, value}});
    } else {
      value = total(value, kRatio, "`quota`");
      if (may_act(Verb::Quota, span)) out.push_back({span, SetQuota{node(target).kids[0], a.op, value}});
    }
    return;
  }
  if (!symbol || symbol->kind != SymbolKind::State) {
    if (!symbol && !name.empty() && !is_builtin(name)) {
      unknown_name(call ? call->callee : ref->name, "state");
      return;
    }
    auto report =
        diagnostics_.report(Kind::BadAssignment, a.target->span,
                            "only a state and `ways`, `mb`, `mb_rate`, `quota` and `cores` can be assigned");
    if (symbol) report.label(symbol->span, "declared here");
    report.hint("declare it as `state name: type = initial` to change it");
    return;
  }
  if (!effects_allowed(span, "an assignment")) return;
  const NodeId target = index  ? element(*index, a.target->span)
                        : call ? subject_read(*call, *symbol, a.target->span)
                               : reference(ref->name, a.target->span);
  NodeId value = expr(*a.value);
  if (type(target).error() || type(value).error()) return;
  if (a.op != ast::AssignOp::Set && !type(target).numeric()) {
    diagnostics_.report(Kind::TypeMismatch, span, "`+=` and `-=` want a number",
                        fmt::format("`{}` is {}", name, words(type(target))));
    return;
  }
  value = total(value, type(target), fmt::format("`{}`", name));
  const std::vector<NodeId>& of = node(target).kids;  // an element's index comes first
  const NodeId at = index ? of[0] : kNone;
  const size_t container = index ? 1 : 0;
  out.push_back(
      {span, AssignState{symbol->index, of.size() > container ? of[container] : kNone, at, a.op, value}});
}

void Checker::statement(const ast::Stmt& s, Block& out) {
  if (diagnostics_.enough()) return;
  std::visit(
      [&](const auto& n) {
        using T = std::decay_t<decltype(n)>;
        if constexpr (std::is_same_v<T, ast::Let>) {
          const NodeId value = expr(*n.value);
          if (!type(value).error() && (type(value).base == Base::Text || type(value).base == Base::Void)) {
            diagnostics_.report(Kind::TypeMismatch, n.value->span,
                                fmt::format("a name cannot stand for {}", to_string(type(value))));
          }
          const LocalId local = bind(n.name, type(value));
          if (frame_) frame_->push_back(local);
          out.push_back({s.span, Let{local, value}});
        } else if constexpr (std::is_same_v<T, ast::If>) {
          conditional(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Assign>) {
          assign(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::ExprStmt>) {
          const NodeId value = expr(*n.value);
          if (type(value).error()) return;
          if (node(value).op != Op::Call || !p_.functions[node(value).ref].is_plan)
            diagnostics_.report(Kind::MisplacedStatement, s.span, "this value is not used")
                .hint("give it a name with `let`, or leave it out");
          else
            out.push_back({s.span, CallPlan{value}});
        } else if constexpr (std::is_same_v<T, ast::Try>) {
          attempt(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Return>) {
          give_back(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Stop>) {
          TextParts t = text(n.reason);
          if (may_act(Verb::Stop, s.span)) out.push_back({s.span, Stop{std::move(t)}});
        } else if constexpr (std::is_same_v<T, ast::Move>) {
          const NodeId c = total(expr(*n.container), kContainer, "`move`");
          const auto cls = class_of(n.cls.name, n.cls.container.get(), n.cls.span);
          if (may_act(Verb::Move, s.span) && cls) out.push_back({s.span, Move{c, *cls}});
        } else if constexpr (std::is_same_v<T, ast::Layout>) {
          layout(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Pin>) {
          pin(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Log>) {
          TextParts t = text(n.text);
          if (may_act(Verb::Log, s.span)) out.push_back({s.span, Log{n.level, std::move(t)}});
        } else if constexpr (std::is_same_v<T, ast::Annotate>) {
          const NodeId c = n.container ? total(expr(*n.container), kContainer, "`annotate`") : kNone;
          TextParts t = text(n.text);
          if (may_act(Verb::Annotate, s.span)) out.push_back({s.span, Annotate{c, std::move(t)}});
        } else if constexpr (std::is_same_v<T, ast::Emit>) {
          NodeId value = expr(*n.value);
          if (!type(value).error() && !type(value).numeric())
            diagnostics_.report(Kind::TypeMismatch, n.value->span, "`emit` wants a number",
                                fmt::format("this is {}", to_string(type(value))));
          else if (may_act(Verb::Emit, s.span))
            out.push_back({s.span, Emit{n.name.text, to_float(value)}});
        } else if constexpr (std::is_same_v<T, ast::Match>) {
          match(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::For>) {
          for_each(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Repeat>) {
          repeat(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Loop>) {
          loop(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Wait>) {
          wait(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Trial>) {
          trial(n, s.span, out);
        } else if constexpr (std::is_same_v<T, ast::Pause>) {
          const Verb verb = n.paused ? Verb::Pause : Verb::Resume;
          const NodeId c =
              total(expr(*n.container), kContainer, fmt::format("`{}`", cbench::info(verb).name));
          if (may_act(verb, s.span)) out.push_back({s.span, Pause{c, n.paused}});
        } else if constexpr (std::is_same_v<T, ast::Sample>) {
          sample(n, s.span, out);
        } else {
          static_assert(std::is_same_v<T, ast::Reject>);
          const NodeId c = total(expr(*n.container), kContainer, "`reject`");
          TextParts t = text(n.reason);
          if (!at_.admit)
            diagnostics_.report(Kind::MisplacedStatement, s.span, "`reject` stands in `on admit` only",
                                "here the container runs already");
          else if (may_act(Verb::Reject, s.span))
            out.push_back({s.span, Reject{c, std::move(t)}});
        }
      },
      s.node);
}

}  // namespace cbench::check
