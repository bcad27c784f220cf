// Tasks: what goes on over many steps. loop, wait and trial.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

constexpr Dim kSteps{0, 0, 0, 0, UnitTag::Step};

/// Does every path through the block wait, or end the task?
bool waits(const Block& block) {
  return std::any_of(block.begin(), block.end(), [](const Stmt& s) {
    return std::holds_alternative<Wait>(s.node) || std::holds_alternative<Return>(s.node) ||
           std::holds_alternative<Stop>(s.node) || std::holds_alternative<Loop>(s.node) ||
           on_every_branch(s, [](const Block& branch) { return waits(branch); });
  });
}

}  // namespace

bool Checker::in_task(Span span, const char* what) {
  if (at_.task) return true;
  diagnostics_.report(Kind::MisplacedStatement, span, fmt::format("{} stands in a task only", what))
      .hint(frame_ ? "it cannot stand in a `try`, a `for`, a `repeat` or what a trial tries"
                   : "a rule is done within its step; write `task NAME { … }` for what goes on over many");
  return false;
}

void Checker::waited() {
  for (auto& [name, symbol] : scope_)
    if (symbol.kind == SymbolKind::Local && p_.locals[symbol.index].base == Base::Container)
      symbol.stale = true;
}

Block Checker::uninterrupted(const ast::Block& statements) {
  const bool task = std::exchange(at_.task, false);
  Block made = block(statements);
  at_.task = task;
  return made;
}

/// A time, or a number of steps: an int.
NodeId Checker::time_or_steps(const ast::Expr& e, const char* place) {
  const NodeId id = expr(e);
  if (type(id).base == Base::Time) return total(id, kTime, place);
  if (const Type t = type(id); !t.error() && (!t.numeric() || !addable(t.dim, kSteps))) {
    diagnostics_
        .report(Kind::TypeMismatch, e.span, fmt::format("{} wants a time or a number of steps", place),
                fmt::format("this is {}", words(t)))
        .hint("for example `500ms` or `3step`");
    return error_node(e.span);
  }
  return total(id, {Base::Int, kSteps, false}, place);
}

void Checker::loop(const ast::Loop& l, Span span, Block& out) {
  if (!in_task(span, "`loop`")) return;
  waited();  // the end of the body leads to its begin
  Loop made{block(*l.body)};
  if (!waits(made.body))
    diagnostics_.report(Kind::EndlessLoop, span, "a path round this loop does not wait")
        .note("a trial that is refused does not wait either")
        .hint("begin the body with `wait 1step`");
  out.push_back({span, std::move(made)});
}

void Checker::wait(const ast::Wait& w, Span span, Block& out) {
  if (!in_task(span, "`wait`")) return;
  Wait made{kNone, kNone, kNone};
  if (w.length) {
    made.length = time_or_steps(*w.length, "`wait`");
    waited();
  } else {
    waited();  // the condition is asked in later steps
    made.until = coerce(expr(*w.until), kBool, "`wait until`");
    if (w.timeout) made.timeout = time_or_steps(*w.timeout, "`timeout`");
  }
  out.push_back({span, made});
}

/// The vote and the `else` may use the containers that the plans name: the trial is over when one stops.
void Checker::trial(const ast::Trial& t, Span span, Block& out) {
  if (!in_task(span, "`trial`")) return;
  Trial made;
  made.id = p_.trials++;
  made.revert = t.revert;
  const size_t acts_before = p_.acts.size();
  const auto first_inside = static_cast<LocalId>(p_.locals.size());
  auto* const outer = std::exchange(held_, &made.held);
  made.plan = uninterrupted(*t.plan);
  if (t.other) made.other = uninterrupted(*t.other);
  held_ = outer;
  const auto acts = [](const Block& b) {
    return std::any_of(b.begin(), b.end(),
                       [](const Stmt& s) { return !std::holds_alternative<Let>(s.node); });
  };
  if (p_.acts.size() == acts_before && !acts(made.plan))
    diagnostics_.report(Kind::MisplacedStatement, span, "this trial changes nothing");
  std::sort(made.held.begin(), made.held.end());
  made.held.erase(std::unique(made.held.begin(), made.held.end()), made.held.end());
  std::erase_if(made.held, [&](LocalId local) { return local >= first_inside; });
  made.length = time_or_steps(*t.length, "the length of a trial");
  waited();
  const auto hold = [&](bool stale) {
    for (auto& [name, symbol] : scope_)
      if (symbol.kind == SymbolKind::Local &&
          std::find(made.held.begin(), made.held.end(), symbol.index) != made.held.end())
        symbol.stale = stale;
  };
  hold(false);
  made.vote = coerce(expr(*t.vote), kBool, "`vote`");
  if (t.otherwise) made.otherwise = uninterrupted(*t.otherwise);
  hold(true);
  out.push_back({span, std::move(made)});
}

void Checker::check_task(const ast::Task& task) {
  Rule rule;
  const Inside inside(*this, rule.uses);
  rule.kind = Rule::Kind::Task;
  rule.head = task.head;
  at_.effects = true;
  at_.task = true;
  frame_ = &rule.frame;
  rule.body = block(task.body);
  frame_ = nullptr;
  p_.rules.push_back(std::move(rule));
}

}  // namespace cbench::check
