// Tasks and trials of the interpreter: where a task waits is a stack of blocks and places in them.
#include <algorithm>

#include "interpreter.h"

namespace cbench::test {

using check::Base;
using check::kNone;

Interpreter::Flow Interpreter::tasks() {
  for (uint32_t id = 0; id < p_.rules.size(); ++id) {
    const check::Rule& rule = p_.rules[id];
    if (layout_.rules[id].silent || rule.kind != check::Rule::Kind::Task) continue;
    do_.fire(host(), static_cast<int32_t>(id), -1);
    TaskCell& t = tasks_[id];
    if (!t.begun) t.places.push_back({&rule.body, 0, false});
    t.begun = true;
    const Flow flow = task(t);
    if (flow == Flow::Stop) return flow;
    if (flow == Flow::Return) t.places.clear();
  }
  return Flow::Next;
}

Interpreter::Flow Interpreter::task(TaskCell& t) {
  if (t.waits) {
    if (!wait_is_over(t)) return Flow::Next;
    t.waits = nullptr;
  }
  if (t.watches) {
    bool over = false;
    const Flow flow = judge(t, over);
    if (!over || flow != Flow::Next) return flow;
  }
  while (!t.places.empty()) {
    TaskCell::Place& at = t.places.back();
    if (at.next == at.block->size()) {
      if (at.again)
        at.next = 0;
      else
        t.places.pop_back();
      continue;
    }
    const check::Stmt& s = (*at.block)[at.next++];
    if (const Flow flow = advance(t, s); flow != Flow::Next || t.waits || t.watches) return flow;
  }
  return Flow::Next;
}

bool Interpreter::wait_is_over(TaskCell& t) {
  const check::Wait& w = *t.waits;
  if (w.until == kNone) return reached(w.length, t.until);
  const Value x = expr(w.until);
  return (x.present && x.i != 0) || (w.timeout != kNone && reached(w.timeout, t.until));
}

Interpreter::Flow Interpreter::judge(TaskCell& t, bool& over) {
  const check::Trial& trial = *t.watches;
  const auto take_back = [&] {
    do_.trial_revert(host(), static_cast<int32_t>(trial.id), static_cast<int32_t>(sources_.line(t.span)));
  };
  const bool gone = std::any_of(trial.held.begin(), trial.held.end(), [&](check::LocalId held) {
    return locals_[held].present && !running(static_cast<int32_t>(locals_[held].i));
  });
  if (gone) {
    take_back();
    t.watches = nullptr;
    over = true;
    return Flow::Next;
  }
  const Value vote = expr(trial.vote);
  ++t.asked;
  t.yes += vote.present && vote.i != 0 ? 1 : 0;
  if (!reached(trial.length, t.until)) return Flow::Next;
  t.watches = nullptr;
  over = true;
  if (2 * t.yes > t.asked) return Flow::Next;
  if (trial.revert) take_back();
  return block(trial.otherwise);
}

/// The time or step that is `length` from now.
int64_t Interpreter::end_of(NodeId length) {
  const bool time = node(length).type.base == Base::Time;
  const Span span = node(length).span;
  const int64_t n = expr(length).i;
  if (n < 0) throw Fault{time ? "a negative duration" : "a negative number of steps", span};
  return sum(time ? frame_->now_ns : frame_->step, n, span);
}

bool Interpreter::reached(NodeId length, int64_t end) const {
  return (node(length).type.base == Base::Time ? frame_->now_ns : frame_->step) >= end;
}

Interpreter::Flow Interpreter::begin_trial(TaskCell& t, const check::Trial& trial, Span span) {
  do_.trial_begin(host(), static_cast<int32_t>(trial.id));
  Flow flow = all_or_nothing(trial.plan);
  if (flow == Flow::Refused && !trial.other.empty()) flow = all_or_nothing(trial.other);
  if (flow == Flow::Refused) return block(trial.otherwise);
  if (flow != Flow::Next) return flow;
  do_.trial_made(host(), static_cast<int32_t>(trial.id));
  t.until = end_of(trial.length);
  t.asked = t.yes = 0;
  t.watches = &trial;
  t.span = span;
  return Flow::Next;
}

/// One statement; of those within which a task may wait, the first part.
Interpreter::Flow Interpreter::advance(TaskCell& t, const check::Stmt& s) {
  if (const auto* loop = std::get_if<check::Loop>(&s.node)) {
    t.places.push_back({&loop->body, 0, true});
  } else if (const auto* choice = std::get_if<check::If>(&s.node)) {
    t.places.push_back({&branch(*choice), 0, false});
  } else if (const auto* match = std::get_if<check::Match>(&s.node)) {
    t.places.push_back({&branch(*match), 0, false});
  } else if (const auto* attempt = std::get_if<check::Try>(&s.node)) {
    const Flow flow = all_or_nothing(attempt->body);
    if (flow != Flow::Refused) return flow;
    t.places.push_back({&attempt->otherwise, 0, false});
  } else if (const auto* wait = std::get_if<check::Wait>(&s.node)) {
    const NodeId length = wait->length != kNone ? wait->length : wait->timeout;
    if (length != kNone) t.until = end_of(length);
    t.waits = wait;
  } else if (const auto* trial = std::get_if<check::Trial>(&s.node)) {
    return begin_trial(t, *trial, s.span);
  } else {
    return statement(s);
  }
  return Flow::Next;
}

}  // namespace cbench::test
