// Statements and blocks.
#pragma once

#include "grammar/expressions.h"
#include "grammar/recovery.h"

namespace cbench::grammar {

struct statement;
struct open_brace : peg::one<'{'> {};

/// Before a newline, `;`, `}`, a comment or the end of the text.
struct line_end : peg::seq<ws, peg::sor<peg::one<';'>, peg::at<peg::one<'#'>>, peg::at<peg::eolf>>> {};
struct statement_end : peg::sor<line_end, peg::seq<ws, peg::at<close_brace>>> {};
struct statement_line
    : peg::sor<attempt<statement, expect<statement_end, Want::StatementEnd>>, skip_statement> {};
struct block_item : peg::seq<peg::not_at<peg::sor<close_brace, peg::eof, declaration_line>>,
                             peg::sor<peg::one<';'>, statement_line>, gap> {};
struct block : peg::seq<open_brace, gap, peg::star<block_item>, expect<close_brace, Want::BlockClose>> {};

/// The head of a construct with a body, up to and without its `{`. After an error in it the body is still
/// parsed.
template <class Head, Want Body>
struct head_of : peg::sor<attempt<Head, expect<peg::at<gap, open_brace>, Body>>, skip_head,
                          peg::raise<wanted<Want::Recovered>>> {};

/// `{` cannot begin a condition, though it can begin a value.
struct condition : peg::seq<peg::not_at<open_brace>, expression> {};

struct let_stmt : peg::seq<kw_let, ws, expect<name, Want::LetName>, ws, expect<equals, Want::LetEquals>, gap,
                           expect<expression, Want::LetValue>> {};

struct if_let : peg::seq<kw_let, ws, expect<name, Want::LetName>, ws, expect<equals, Want::LetEquals>, gap,
                         expect<condition, Want::LetValue>> {};
struct if_head : peg::seq<kw_if, ws, expect<peg::sor<if_let, condition>, Want::IfCondition>> {};
struct if_stmt;
struct else_branch : peg::sor<nested<if_stmt>, block> {};
struct if_stmt : peg::seq<peg::at<kw_if>, head_of<if_head, Want::IfBody>, gap, block,
                          peg::opt<peg::seq<gap, kw_else, gap, expect<else_branch, Want::ElseBody>>>> {};

struct statement_or_block : peg::sor<block, statement> {};
struct try_else : peg::seq<gap, kw_else> {};
struct try_stmt
    : peg::seq<kw_try, gap, statement_or_block, expect<try_else, Want::TryElse>, gap, statement_or_block> {};

struct return_stmt : peg::seq<kw_return, peg::opt<peg::seq<ws, expression>>> {};
struct stop_stmt : peg::seq<kw_stop, ws, expect<text, Want::StopReason>> {};
/// shared, or own(c)
struct class_use : peg::seq<name, peg::opt<bracketed<peg::one<'('>, ws, expect<expression, Want::ParenValue>,
                                                     ws, expect<close_paren, Want::ParenClose>>>> {};
struct move_stmt : peg::seq<kw_move, ws, expect<reference, Want::MoveContainer>, ws,
                            expect<arrow, Want::MoveArrow>, ws, expect<class_use, Want::MoveClass>> {};

struct layout_rest : peg::seq<kw_rest, peg::at<ws, peg::one<',', '}'>>> {};
struct layout_part : peg::seq<name, ws, expect<colon, Want::LayoutColon>, ws,
                              expect<peg::sor<layout_rest, arithmetic>, Want::LayoutWays>> {};
struct layout_parts
    : bracketed<open_brace, ws,
                expect<comma_list<layout_part, close_brace, Want::LayoutClass>, Want::LayoutClass>, ws,
                expect<close_brace, Want::LayoutClose>> {};
struct layout_stmt : peg::seq<kw_layout, peg::not_at<peg::one<'.'>>, ws, expect<name, Want::LayoutResource>,
                              ws, expect<layout_parts, Want::LayoutOpen>> {};

struct pin_to : peg::seq<kw_to, ws, expect<peg::sor<set_of, expression>, Want::PinSet>> {};
struct pin_stmt
    : peg::seq<kw_pin, ws, expect<reference, Want::PinContainer>, ws, expect<pin_to, Want::PinTo>> {};

struct level : log_level {};
struct log_stmt : peg::seq<kw_log, ws, peg::opt<peg::seq<level, ws>>, expect<text, Want::LogText>> {};
struct annotate_stmt
    : peg::seq<kw_annotate, ws, peg::opt<peg::seq<reference, ws>>, expect<text, Want::AnnotateText>> {};
struct emit_stmt
    : peg::seq<kw_emit, ws, expect<name, Want::EmitName>, ws, expect<expression, Want::EmitValue>> {};
struct reject_stmt : peg::seq<kw_reject, ws, expect<reference, Want::RejectContainer>, ws,
                              expect<text, Want::RejectReason>> {};

struct pause_stmt : peg::seq<kw_pause, ws, expect<reference, Want::PauseContainer>> {};
struct resume_stmt : peg::seq<kw_resume, ws, expect<reference, Want::ResumeContainer>> {};
struct sample_period : number {};
struct sample_stmt
    : peg::seq<kw_sample, ws, expect<reference, Want::SampleContainer>, ws,
               expect<kw_every, Want::SampleEvery>, ws, expect<sample_period, Want::SamplePeriod>> {};

// --- several ways to go, and to go again ---

struct match_else : kw_else {};
struct match_values
    : peg::sor<match_else,
               peg::seq<name, peg::star<peg::seq<ws, comma, ws, expect<name, Want::MatchValue>>>>> {};
struct match_case : peg::seq<expect<match_values, Want::MatchValue>, ws, expect<arrow, Want::MatchArrow>, gap,
                             statement_or_block> {};
struct match_line : peg::sor<attempt<match_case, expect<statement_end, Want::StatementEnd>>, skip_statement> {
};
struct match_item : peg::seq<peg::not_at<peg::sor<close_brace, peg::eof, declaration_line>>,
                             peg::sor<peg::one<';'>, match_line>, gap> {};
struct match_cases : peg::seq<open_brace, gap, peg::star<match_item>, expect<close_brace, Want::BlockClose>> {
};
struct match_head : peg::seq<kw_match, gap, expect<condition, Want::MatchSubject>> {};
struct match_stmt : peg::seq<peg::at<kw_match>, head_of<match_head, Want::MatchBody>, gap, match_cases> {};

struct for_range : peg::seq<dots, ws, expect<arithmetic, Want::ForHigh>> {};
struct for_where : peg::seq<kw_where, gap, expect<condition, Want::EachWhere>> {};
/// `for a, b in pairs(S)`
struct for_second : peg::seq<comma, ws, expect<name, Want::ForSecond>> {};
struct for_head : peg::seq<kw_for, ws, expect<name, Want::ForName>, ws, peg::opt<peg::seq<for_second, ws>>,
                           expect<kw_in, Want::ForIn>, gap, expect<arithmetic, Want::ForSet>,
                           peg::opt<peg::seq<ws, for_range>>, peg::opt<peg::seq<gap, for_where>>> {};
struct for_stmt : peg::seq<peg::at<kw_for>, head_of<for_head, Want::ForBody>, gap, block> {};

struct repeat_most : peg::string<'<', '='> {};
struct repeat_head : peg::seq<kw_repeat, ws, expect<repeat_most, Want::RepeatMost>, ws,
                              expect<arithmetic, Want::RepeatCount>, gap, expect<kw_while, Want::RepeatWhile>,
                              gap, expect<condition, Want::RepeatCondition>> {};
struct repeat_stmt : peg::seq<peg::at<kw_repeat>, head_of<repeat_head, Want::RepeatBody>, gap, block> {};

// --- in tasks ---

struct loop_stmt : peg::seq<kw_loop, gap, expect<block, Want::LoopBody>> {};

struct wait_timeout : peg::seq<kw_timeout, gap, expect<expression, Want::WaitTimeout>> {};
struct wait_until
    : peg::seq<kw_until, gap, expect<condition, Want::WaitCondition>, peg::opt<peg::seq<gap, wait_timeout>>> {
};
struct wait_stmt : peg::seq<kw_wait, ws, peg::sor<wait_until, expect<condition, Want::WaitTime>>> {};

struct assign_operator;
struct trial_assignment : peg::seq<ws, assign_operator, gap, expect<arithmetic, Want::AssignValue>> {};
struct trial_write : peg::seq<reference, peg::opt<trial_assignment>> {};
/// What a trial tries. No `or` may stand in it outside a block, since that is another way to go.
struct trial_plan : peg::sor<block, move_stmt, pause_stmt, resume_stmt, sample_stmt, trial_write> {};
struct trial_other : peg::seq<kw_or, gap, expect<trial_plan, Want::TrialPlan>> {};
struct trial_length : peg::seq<kw_for, gap, expect<condition, Want::TrialLength>> {};
struct trial_vote : peg::seq<kw_vote, gap, expect<condition, Want::TrialCondition>> {};
struct trial_fate : peg::sor<kw_keep, kw_revert> {};
struct trial_else
    : peg::seq<kw_else, ws, expect<trial_fate, Want::TrialFate>, peg::opt<peg::seq<ws, block>>> {};
struct trial_stmt
    : peg::seq<kw_trial, gap, expect<trial_plan, Want::TrialPlan>, peg::opt<peg::seq<gap, trial_other>>, gap,
               expect<trial_length, Want::TrialFor>, gap, expect<trial_vote, Want::TrialVote>, gap,
               expect<trial_else, Want::TrialElse>> {};

struct assign_operator : peg::sor<equals, peg::string<'+', '='>, peg::string<'-', '='>> {};
struct assignment : peg::seq<ws, assign_operator, gap, expect<expression, Want::AssignValue>> {};
/// `f(x)` alone, `f(x) += 1` or `x = 1`.
struct call_ahead : peg::at<peg::sor<dotted, peg::identifier>, peg::star<peg::blank>, peg::one<'('>> {};
struct assign_or_call : peg::sor<peg::seq<call_ahead, reference, peg::opt<assignment>>,
                                 peg::seq<reference, expect<assignment, Want::AssignOperator>>> {};

struct statement
    : nested<peg::sor<let_stmt, if_stmt, try_stmt, return_stmt, stop_stmt, move_stmt, layout_stmt, pin_stmt,
                      log_stmt, annotate_stmt, emit_stmt, reject_stmt, pause_stmt, resume_stmt, sample_stmt,
                      match_stmt, for_stmt, repeat_stmt, loop_stmt, wait_stmt, trial_stmt, assign_or_call,
                      peg::raise<wanted<Want::Statement>>>> {};

}  // namespace cbench::grammar
