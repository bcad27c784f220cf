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
struct move_stmt : peg::seq<kw_move, ws, expect<reference, Want::MoveContainer>, ws,
                            expect<arrow, Want::MoveArrow>, ws, expect<name, Want::MoveClass>> {};

struct layout_rest : peg::seq<kw_rest, peg::at<ws, peg::one<',', '}'>>> {};
struct layout_part : peg::seq<name, ws, expect<colon, Want::LayoutColon>, ws,
                              expect<peg::sor<layout_rest, arithmetic>, Want::LayoutWays>> {};
struct layout_parts
    : bracketed<open_brace, ws,
                expect<comma_list<layout_part, close_brace, Want::LayoutClass>, Want::LayoutClass>, ws,
                expect<close_brace, Want::LayoutClose>> {};
struct layout_stmt : peg::seq<kw_layout, ws, expect<name, Want::LayoutResource>, ws,
                              expect<layout_parts, Want::LayoutOpen>> {};

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

struct assign_operator : peg::sor<equals, peg::string<'+', '='>, peg::string<'-', '='>> {};
struct assignment : peg::seq<ws, assign_operator, gap, expect<expression, Want::AssignValue>> {};
/// `f(x)` alone, `f(x) += 1` or `x = 1`.
struct call_ahead : peg::at<peg::identifier, peg::star<peg::blank>, peg::one<'('>> {};
struct assign_or_call : peg::sor<peg::seq<call_ahead, reference, peg::opt<assignment>>,
                                 peg::seq<reference, expect<assignment, Want::AssignOperator>>> {};

struct statement : nested<peg::sor<let_stmt, if_stmt, try_stmt, return_stmt, stop_stmt, move_stmt,
                                   layout_stmt, pin_stmt, log_stmt, annotate_stmt, emit_stmt, reject_stmt,
                                   assign_or_call, peg::raise<wanted<Want::Statement>>>> {};

}  // namespace cbench::grammar
