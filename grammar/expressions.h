// Expressions. The grammar reads a flat row of operands and operators; what binds tighter is a table
// (README.md), by which compiler/parse builds the tree. One rule a level instead of ten keeps the parser's
// stack small.
#pragma once

#include "grammar/tokens.h"

namespace cbench::grammar {

struct arithmetic;

/// Item, and more of them after commas; a last comma before Close is allowed.
template <class Item, class Close, Want W>
struct comma_list : peg::seq<Item, peg::star<peg::seq<ws, comma, ws, peg::not_at<Close>, expect<Item, W>>>,
                             peg::opt<peg::seq<ws, comma>>> {};

// --- arguments and elements of sets ---

/// `c in all where c.critical`; as an argument it may have a value: `c in lc where P: key`.
struct element_name : name {};
struct element_where : peg::seq<kw_where, gap, expect<expression, Want::ElementWhere>> {};
struct element_body : peg::seq<colon, gap, expect<expression, Want::ElementBody>> {};
struct element_to : peg::seq<dots, ws, expect<arithmetic, Want::ForHigh>> {};
struct set_head : peg::seq<peg::at<peg::identifier, ws, kw_in>, expect<element_name, Want::ElementName>, ws,
                           kw_in, gap, expect<arithmetic, Want::ElementSet>,
                           peg::opt<peg::seq<ws, element_to>>, peg::opt<peg::seq<ws, element_where>>> {};
struct set_of : peg::seq<set_head> {};
struct comprehension : peg::seq<set_head, peg::opt<peg::seq<ws, element_body>>> {};

struct label : peg::identifier {};
struct labelled : peg::seq<peg::at<peg::identifier, ws, colon>, label, ws, colon, gap,
                           expect<expression, Want::LabelValue>> {};
struct min_label : kw_min {};
struct name_ahead : name {};
struct min_samples : peg::seq<peg::at<kw_min, ws, peg::sor<peg::digit, name_ahead>>, min_label, ws,
                              expect<arithmetic, Want::MinSamples>> {};
struct over : peg::seq<kw_over, gap, expect<arithmetic, Want::OverWindow>> {};
struct plain_argument : peg::seq<expression, peg::opt<peg::seq<ws, over>>> {};
struct argument : peg::sor<comprehension, labelled, min_samples, plain_argument> {};
struct close_paren : peg::one<')'> {};
struct arguments
    : bracketed<peg::one<'('>, ws,
                peg::sor<close_paren,
                         peg::seq<expect<comma_list<argument, close_paren, Want::Argument>, Want::Argument>,
                                  ws, expect<close_paren, Want::ArgumentsClose>>>> {};

// --- operands ---

struct paren : bracketed<peg::one<'('>, ws, expect<expression, Want::ParenValue>, ws,
                         expect<close_paren, Want::ParenClose>> {};
/// control.pid, before its arguments.
struct dotted : peg::seq<peg::identifier, peg::one<'.'>, peg::identifier> {};
struct module_function : peg::seq<dotted> {};
struct module_call : peg::seq<peg::at<dotted, peg::one<'('>>, module_function, arguments> {};
/// A name, or the call of one.
struct use : peg::sor<module_call, peg::seq<name, peg::opt<peg::seq<peg::star<peg::blank>, arguments>>>> {};
struct field_name : peg::identifier {};  // a metric that a workload reports may have any name
struct field : peg::seq<peg::one<'.'>, peg::not_at<peg::one<'.'>>, expect<field_name, Want::FieldName>> {};
/// The `[i]` after an array.
struct index : bracketed<peg::one<'['>, ws, expect<expression, Want::IndexValue>, ws,
                         expect<peg::one<']'>, Want::IndexClose>> {};
/// c, c.perf.cycles, f(x), curve(c)[i], (a + b)
struct postfix : peg::seq<peg::sor<paren, use>, peg::star<peg::sor<field, index>>> {};
/// What can be assigned or acted on: no parentheses.
struct reference : peg::seq<use, peg::star<peg::sor<field, index>>> {};

struct cpu_range : peg::seq<arithmetic, peg::opt<peg::seq<ws, dots, ws, expect<arithmetic, Want::CpuHigh>>>> {
};
struct close_brace : peg::one<'}'> {};
struct cpu_set
    : bracketed<peg::one<'{'>, ws, expect<comma_list<cpu_range, close_brace, Want::Cpu>, Want::Cpu>, ws,
                expect<close_brace, Want::CpuSetClose>> {};
struct boolean : peg::sor<kw_true, kw_false> {};
/// perf.llc_mpki
struct metric_group : peg::identifier {};
struct metric_word : peg::identifier {};
struct metric_name : peg::seq<metric_group, expect<peg::seq<peg::one<'.'>, metric_word>, Want::MetricField>> {
};
struct has_metric : bracketed<peg::one<'('>, ws, expect<metric_name, Want::MetricName>, ws,
                              expect<close_paren, Want::ParenClose>> {};
struct has : peg::seq<kw_has, ws, expect<has_metric, Want::HasOpen>> {};
struct primary : peg::sor<number, text, boolean, has, postfix, cpu_set> {};

struct prefix : peg::sor<kw_not, peg::seq<peg::one<'-'>, peg::not_at<peg::one<'>'>>>> {};
struct operand : peg::sor<peg::seq<peg::plus<prefix, gap>, expect<primary, Want::Operand>>, primary> {};

// --- rows of operands and operators ---

struct arithmetic_operator
    : peg::sor<peg::string<'?', '?'>,
               peg::seq<peg::one<'+', '-', '*', '/', '%'>, peg::not_at<peg::one<'=', '>'>>>> {};
struct binary_operator
    : peg::sor<arithmetic_operator, peg::string<'=', '='>, peg::string<'!', '='>, peg::string<'<', '='>,
               peg::string<'>', '='>, peg::one<'<', '>'>, kw_in, kw_and, kw_or> {};
struct sum_operator : arithmetic_operator {};
struct expression
    : nested<operand, peg::star<peg::seq<ws, binary_operator, gap, expect<operand, Want::Operand>>>> {};
/// Without comparisons and logic, where `in`, `for` or `..` follow.
struct arithmetic
    : nested<operand, peg::star<peg::seq<ws, sum_operator, gap, expect<operand, Want::Operand>>>> {};

}  // namespace cbench::grammar
