// Declarations and the file as a whole.
#pragma once

#include "grammar/tests.h"

namespace cbench::grammar {

/// mpki, container, bytes/s, class
struct type : peg::seq<peg::sor<name, kw_class>, peg::opt<peg::seq<peg::one<'/'>, peg::identifier>>> {};

/// `[20]` after the type of a state or parameter: an array.
struct array_size : peg::seq<peg::one<'['>, ws, expect<number, Want::ArraySize>, ws,
                             expect<peg::one<']'>, Want::IndexClose>> {};

struct header : peg::seq<kw_policy, ws, expect<name, Want::PolicyName>, ws, expect<number, Want::Edition>, ws,
                         expect<text, Want::PolicyDoc>> {};

struct param_bounds : peg::seq<kw_in, gap, expect<arithmetic, Want::ParamLow>, ws,
                               expect<dots, Want::ParamDots>, ws, expect<arithmetic, Want::ParamHigh>> {};
struct param : peg::seq<kw_param, ws, expect<name, Want::ParamName>, ws, expect<colon, Want::ParamColon>, ws,
                        expect<type, Want::Type>, peg::opt<array_size>, ws, expect<equals, Want::ParamEquals>,
                        gap, expect<arithmetic, Want::ParamDefault>, peg::opt<peg::seq<ws, param_bounds>>,
                        peg::opt<peg::seq<ws, text>>> {};

/// The `(c)` of a class, state or stream per container.
struct subject_name : name {};
struct subject : peg::seq<peg::one<'('>, ws, expect<subject_name, Want::SubjectName>, ws,
                          expect<close_paren, Want::SubjectClose>> {};

/// The `(c)` of a state, or `(d: domain)`.
struct subject_type : peg::seq<colon, ws, expect<type, Want::Type>> {};
struct state_subject
    : peg::seq<peg::one<'('>, ws, expect<subject_name, Want::SubjectName>, ws,
               peg::opt<peg::seq<subject_type, ws>>, expect<close_paren, Want::SubjectClose>> {};

struct default_mark : kw_default {};
/// `own(c) for c in lc`: a class for each container of a set.
struct class_set : peg::seq<kw_for, ws, expect<set_of, Want::ClassSet>> {};
struct class_item : peg::seq<name, peg::opt<peg::seq<ws, subject, ws, expect<class_set, Want::ClassFor>>>,
                             peg::opt<peg::seq<ws, default_mark>>> {};
struct class_decl : peg::seq<kw_class, ws, expect<class_item, Want::ClassName>,
                             peg::star<peg::seq<ws, comma, gap, expect<class_item, Want::ClassName>>>> {};

struct group : peg::seq<kw_group, ws, expect<name, Want::GroupName>, ws, expect<equals, Want::GroupEquals>,
                        gap, expect<peg::sor<set_of, expression>, Want::GroupSet>> {};

struct enum_values
    : bracketed<open_brace, ws, expect<comma_list<name, close_brace, Want::EnumValue>, Want::EnumValue>, ws,
                expect<close_brace, Want::EnumClose>> {};
struct enum_decl
    : peg::seq<kw_enum, ws, expect<name, Want::EnumName>, ws, expect<enum_values, Want::EnumOpen>> {};

struct state
    : peg::seq<kw_state, ws, expect<name, Want::StateName>, peg::opt<peg::seq<ws, state_subject>>, ws,
               expect<colon, Want::StateColon>, ws, expect<type, Want::Type>, peg::opt<array_size>, ws,
               expect<equals, Want::StateEquals>, gap, expect<expression, Want::StateInitial>> {};
struct stream_type : peg::seq<colon, ws, expect<type, Want::Type>> {};
struct stream : peg::seq<kw_stream, ws, expect<name, Want::StreamName>, peg::opt<peg::seq<ws, subject>>,
                         peg::opt<peg::seq<ws, stream_type>>, ws, expect<equals, Want::StreamEquals>, gap,
                         expect<expression, Want::StreamValue>> {};

/// `[]` after the type of a function's parameter: an array of any size.
struct array_mark : peg::seq<peg::one<'['>, ws, peg::one<']'>> {};
struct fn_parameter : peg::seq<name, ws, expect<colon, Want::FnParameterColon>, ws, expect<type, Want::Type>,
                               peg::opt<array_mark>> {};
struct fn_parameters
    : bracketed<
          peg::one<'('>, ws,
          peg::sor<close_paren, peg::seq<expect<comma_list<fn_parameter, close_paren, Want::FnParameter>,
                                                Want::FnParameter>,
                                         ws, expect<close_paren, Want::FnClose>>>> {};
struct fn_head : peg::seq<kw_fn, ws, expect<name, Want::FnName>, ws, expect<fn_parameters, Want::FnOpen>, ws,
                          expect<arrow, Want::FnArrow>, ws, expect<type, Want::Type>> {};
struct fn_decl : peg::seq<peg::at<kw_fn>, head_of<fn_head, Want::FnBody>, gap, block> {};

/// `for 500ms`, or `for 3 of 5`.
struct tally : peg::seq<kw_of, ws, expect<condition, Want::WhenTally>> {};
struct hold : peg::seq<kw_for, gap, expect<condition, Want::WhenHold>, peg::opt<peg::seq<ws, tally>>> {};
struct each_in : peg::seq<kw_in, gap, expect<arithmetic, Want::EachSet>> {};
struct each_where : peg::seq<kw_where, gap, expect<condition, Want::EachWhere>> {};
struct each : peg::seq<kw_each, ws, expect<name, Want::EachName>, ws, expect<each_in, Want::EachIn>,
                       peg::opt<peg::seq<gap, each_where>>> {};
struct cooldown : peg::seq<kw_cooldown, gap, expect<condition, Want::Cooldown>> {};
struct when_head
    : peg::seq<kw_when, gap, expect<condition, Want::WhenCondition>, peg::opt<peg::seq<gap, hold>>,
               peg::opt<peg::seq<gap, each>>, peg::opt<peg::seq<gap, cooldown>>> {};
struct when_decl : peg::seq<peg::at<kw_when>, head_of<when_head, Want::WhenBody>, gap, block> {};

struct plain_event : peg::sor<kw_begin, kw_end> {};
struct container_event : peg::sor<kw_admit, kw_start, kw_stop> {};
/// failed, failed(ways), failed(move c)
struct failed_word : kw_failed {};
struct failed_verb : peg::identifier {};
struct failed_what : peg::seq<peg::one<'('>, ws, expect<failed_verb, Want::FailedVerb>, ws,
                              peg::opt<peg::seq<subject_name, ws>>, expect<close_paren, Want::SubjectClose>> {
};
struct failed_event : peg::seq<failed_word, peg::opt<peg::seq<ws, failed_what>>> {};
struct event
    : peg::sor<plain_event, peg::seq<container_event, ws, expect<subject, Want::EventOpen>>, failed_event> {};
struct on_head : peg::seq<kw_on, ws, expect<event, Want::Event>> {};
struct on_decl : peg::seq<peg::at<kw_on>, head_of<on_head, Want::OnBody>, gap, block> {};

struct every_head : peg::seq<kw_every, gap, expect<condition, Want::EveryPeriod>> {};
struct every_decl : peg::seq<peg::at<kw_every>, head_of<every_head, Want::EveryBody>, gap, block> {};

struct task_head : peg::seq<kw_task, ws, expect<name, Want::TaskName>> {};
struct task_decl : peg::seq<peg::at<kw_task>, head_of<task_head, Want::TaskBody>, gap, block> {};

template <class Keyword, class Item, Want W>
struct listing
    : peg::seq<Keyword, ws, expect<Item, W>, peg::star<peg::seq<ws, comma, gap, expect<Item, W>>>> {};
/// perf.llc_mpki, or app.queue: count for a metric that is named in bench.yml
struct metric_type : peg::seq<colon, ws, expect<type, Want::Type>> {};
struct needed_metric : peg::seq<metric_name, peg::opt<peg::seq<ws, metric_type>>> {};
struct needs_decl : listing<kw_needs, needed_metric, Want::MetricName> {};
struct optional_decl : listing<kw_optional, needed_metric, Want::MetricName> {};
/// use std.control, std.curve
struct module_name : peg::seq<peg::identifier, peg::one<'.'>, peg::identifier> {};
struct use_decl : listing<kw_use, module_name, Want::ModuleName> {};
struct act_name : peg::identifier {};
struct acts_decl : listing<kw_acts, act_name, Want::ActName> {};

struct declaration : peg::sor<param, class_decl, group, enum_decl, state, stream, fn_decl, when_decl, on_decl,
                              every_decl, task_decl, test_decl, needs_decl, optional_decl, acts_decl,
                              use_decl, peg::raise<wanted<Want::Declaration>>> {};
struct declaration_item
    : peg::sor<attempt<declaration, expect<line_end, Want::DeclarationEnd>>, skip_declaration> {};

struct header_line : peg::sor<attempt<expect<header, Want::Header>, expect<line_end, Want::DeclarationEnd>>,
                              peg::seq<peg::not_at<kw_policy>, declaration_line>, skip_declaration> {};

/// A policy file.
struct file : peg::seq<peg::opt<peg::utf8::bom>, gap, header_line, gap,
                       peg::star<peg::not_at<peg::eof>, peg::sor<peg::one<';'>, declaration_item>, gap>,
                       expect<peg::eof, Want::Declaration>> {};

}  // namespace cbench::grammar
