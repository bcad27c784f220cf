// Which rule of the grammar makes which node.
#pragma once

#include "compiler/parse/node.h"
#include "grammar/grammar.h"

namespace cbench::parsing {

/// The node that a rule makes; None: the rule leaves no trace.
template <class Rule>
inline constexpr NodeKind kNodeOf = NodeKind::None;

// clang-format off
#define CBENCH_NODE(rule, node) template <> inline constexpr NodeKind kNodeOf<grammar::rule> = NodeKind::node;
CBENCH_NODE(name, Word) CBENCH_NODE(element_name, Word) CBENCH_NODE(subject_name, Word) CBENCH_NODE(field_name, Word)
CBENCH_NODE(label, Label) CBENCH_NODE(min_label, MinLabel) CBENCH_NODE(default_mark, DefaultMark) CBENCH_NODE(level, Level)
CBENCH_NODE(plain_event, Event) CBENCH_NODE(container_event, Event) CBENCH_NODE(failed_word, Event) CBENCH_NODE(failed_verb, FailedVerb) CBENCH_NODE(number, Number) CBENCH_NODE(text, Text)
CBENCH_NODE(text_run, TextRun) CBENCH_NODE(text_escape, TextEscape) CBENCH_NODE(text_brace, TextBrace)
CBENCH_NODE(boolean, Boolean) CBENCH_NODE(prefix, Prefix) CBENCH_NODE(binary_operator, Operator)
CBENCH_NODE(sum_operator, Operator) CBENCH_NODE(assign_operator, AssignOperator) CBENCH_NODE(type, Type)
CBENCH_NODE(expression, Row) CBENCH_NODE(arithmetic, Row) CBENCH_NODE(paren, Paren) CBENCH_NODE(use, Use)
CBENCH_NODE(arguments, Arguments) CBENCH_NODE(labelled, Labelled) CBENCH_NODE(min_samples, MinSamples)
CBENCH_NODE(plain_argument, PlainArgument) CBENCH_NODE(over, Over) CBENCH_NODE(comprehension, Comprehension)
CBENCH_NODE(set_of, Comprehension) CBENCH_NODE(element_where, Where) CBENCH_NODE(element_body, Body) CBENCH_NODE(field, Field) CBENCH_NODE(index, Index) CBENCH_NODE(array_size, ArraySize)
CBENCH_NODE(postfix, Postfix) CBENCH_NODE(reference, Postfix) CBENCH_NODE(cpu_set, CpuSet) CBENCH_NODE(cpu_range, CpuRange)
CBENCH_NODE(block, Block) CBENCH_NODE(let_stmt, Let) CBENCH_NODE(if_stmt, If) CBENCH_NODE(if_let, IfLet)
CBENCH_NODE(try_stmt, Try) CBENCH_NODE(return_stmt, Return) CBENCH_NODE(stop_stmt, Stop) CBENCH_NODE(move_stmt, Move)
CBENCH_NODE(layout_stmt, Layout) CBENCH_NODE(layout_part, LayoutPart) CBENCH_NODE(layout_rest, LayoutRest)
CBENCH_NODE(pin_stmt, Pin) CBENCH_NODE(log_stmt, Log) CBENCH_NODE(annotate_stmt, Annotate) CBENCH_NODE(emit_stmt, Emit)
CBENCH_NODE(reject_stmt, Reject) CBENCH_NODE(pause_stmt, Pause) CBENCH_NODE(resume_stmt, Resume) CBENCH_NODE(sample_stmt, Sample) CBENCH_NODE(sample_period, Number) CBENCH_NODE(assign_or_call, AssignOrCall) CBENCH_NODE(statement, Statement)
CBENCH_NODE(header, Header) CBENCH_NODE(declaration, Declaration) CBENCH_NODE(param, Param) CBENCH_NODE(param_bounds, Bounds)
CBENCH_NODE(class_decl, Class) CBENCH_NODE(class_item, ClassItem) CBENCH_NODE(class_use, ClassUse) CBENCH_NODE(group, Group) CBENCH_NODE(enum_decl, Enum)
CBENCH_NODE(state, State) CBENCH_NODE(stream, Stream) CBENCH_NODE(subject, Subject) CBENCH_NODE(state_subject, Subject) CBENCH_NODE(fn_decl, Fn)
CBENCH_NODE(fn_parameter, FnParameter) CBENCH_NODE(fn_head, FnHead) CBENCH_NODE(when_decl, When)
CBENCH_NODE(when_head, WhenHead) CBENCH_NODE(hold, Hold) CBENCH_NODE(tally, Tally) CBENCH_NODE(each, Each) CBENCH_NODE(each_where, Where)
CBENCH_NODE(cooldown, Cooldown) CBENCH_NODE(on_decl, On) CBENCH_NODE(on_head, OnHead) CBENCH_NODE(every_decl, Every)
CBENCH_NODE(every_head, EveryHead) CBENCH_NODE(match_stmt, Match) CBENCH_NODE(match_case, MatchCase)
CBENCH_NODE(match_else, MatchElse) CBENCH_NODE(for_stmt, For) CBENCH_NODE(for_head, ForHead) CBENCH_NODE(for_range, ForRange)
CBENCH_NODE(for_where, Where) CBENCH_NODE(repeat_stmt, Repeat) CBENCH_NODE(repeat_head, RepeatHead) CBENCH_NODE(loop_stmt, Loop)
CBENCH_NODE(wait_stmt, Wait) CBENCH_NODE(wait_until, WaitUntil) CBENCH_NODE(wait_timeout, WaitTimeout)
CBENCH_NODE(trial_stmt, Trial) CBENCH_NODE(trial_write, TrialWrite) CBENCH_NODE(trial_other, TrialOther)
CBENCH_NODE(trial_length, TrialLength) CBENCH_NODE(trial_vote, TrialVote) CBENCH_NODE(trial_else, TrialElse)
CBENCH_NODE(trial_fate, TrialFate) CBENCH_NODE(task_decl, Task) CBENCH_NODE(task_head, TaskHead)
CBENCH_NODE(test_decl, Test) CBENCH_NODE(test_body, TestBody) CBENCH_NODE(test_host, TestHost) CBENCH_NODE(test_fact, TestFact) CBENCH_NODE(test_word, Word)
CBENCH_NODE(test_container, TestContainer) CBENCH_NODE(test_mark, TestMark) CBENCH_NODE(test_role, TestRole)
CBENCH_NODE(test_image, TestImage) CBENCH_NODE(test_feed, TestFeed) CBENCH_NODE(test_cells, TestCells)
CBENCH_NODE(test_cell, TestCell) CBENCH_NODE(test_lives, TestLives) CBENCH_NODE(test_life, TestLife)
CBENCH_NODE(test_expect, TestExpect) CBENCH_NODE(test_no, TestNo) CBENCH_NODE(test_action_word, TestAction)
CBENCH_NODE(test_name, Word) CBENCH_NODE(test_target, TestTarget) CBENCH_NODE(test_of_target, TestTarget) CBENCH_NODE(test_domain, TestDomain) CBENCH_NODE(test_goal, TestGoal)
CBENCH_NODE(test_value, Number) CBENCH_NODE(test_missing, TestMissing) CBENCH_NODE(test_within, TestWithin)
CBENCH_NODE(test_after, TestAfter) CBENCH_NODE(test_targets, TestTargets) CBENCH_NODE(test_figure, TestFact)
CBENCH_NODE(metric_name, MetricName) CBENCH_NODE(needed_metric, NeededMetric) CBENCH_NODE(metric_group, Word) CBENCH_NODE(metric_word, Word)
CBENCH_NODE(has, Has) CBENCH_NODE(needs_decl, Needs) CBENCH_NODE(optional_decl, Optional) CBENCH_NODE(acts_decl, Acts)
CBENCH_NODE(act_name, Word) CBENCH_NODE(use_decl, Uses) CBENCH_NODE(module_name, Word) CBENCH_NODE(module_function, Word)
CBENCH_NODE(array_mark, ArrayMark) CBENCH_NODE(for_second, ForSecond) CBENCH_NODE(element_to, ForRange)
#undef CBENCH_NODE
// clang-format on

}  // namespace cbench::parsing
