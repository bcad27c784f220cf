// Tests of a policy, in its own file: `test "name" { … }`.
#pragma once

#include "grammar/statements.h"

namespace cbench::grammar {

// clang-format off
struct kw_test : TAO_PEGTL_KEYWORD("test") {};
struct kw_feed : TAO_PEGTL_KEYWORD("feed") {};
struct kw_expect : TAO_PEGTL_KEYWORD("expect") {};
// Words that mean something in a test only.
struct kw_host : TAO_PEGTL_KEYWORD("host") {};
struct kw_container : TAO_PEGTL_KEYWORD("container") {};
struct kw_role : TAO_PEGTL_KEYWORD("role") {};
struct kw_image : TAO_PEGTL_KEYWORD("image") {};
struct kw_target : TAO_PEGTL_KEYWORD("target") {};
struct kw_within : TAO_PEGTL_KEYWORD("within") {};
struct kw_after : TAO_PEGTL_KEYWORD("after") {};
struct test_steps : peg::sor<TAO_PEGTL_KEYWORD("steps"), TAO_PEGTL_KEYWORD("step")> {};
struct test_no : TAO_PEGTL_KEYWORD("no") {};
struct test_mark : peg::sor<TAO_PEGTL_KEYWORD("critical"), TAO_PEGTL_KEYWORD("priority")> {};
struct test_missing : peg::sor<TAO_PEGTL_KEYWORD("missing"), TAO_PEGTL_KEYWORD("unlimited")> {};
struct test_life : peg::sor<kw_start, kw_stop> {};
struct test_on_target : peg::sor<TAO_PEGTL_KEYWORD("quota"), TAO_PEGTL_KEYWORD("ways"), TAO_PEGTL_KEYWORD("mb"), TAO_PEGTL_KEYWORD("mb_rate"),
                                  TAO_PEGTL_KEYWORD("cores")> {};
// clang-format on

struct test_name : name {};
struct test_target : name {};
/// A class: shared, or own(A)
struct test_goal : peg::seq<name, peg::opt<peg::seq<peg::one<'('>, ws, name, ws, peg::one<')'>>>> {};
struct test_value : number {};

struct test_word : name {};
struct test_fact : peg::seq<test_name, ws, expect<colon, Want::TestFactColon>, ws,
                            expect<peg::sor<test_value, test_word>, Want::TestFactValue>> {};
struct test_host
    : peg::seq<kw_host, ws,
               expect<bracketed<open_brace, ws,
                                expect<comma_list<test_fact, close_brace, Want::TestFact>, Want::TestFact>,
                                ws, expect<close_brace, Want::TestFactsClose>>,
                      Want::TestHostOpen>> {};

struct test_role : peg::seq<kw_role, ws, expect<text, Want::TestText>> {};
struct test_image : peg::seq<kw_image, ws, expect<text, Want::TestText>> {};
struct test_on : peg::seq<kw_on, ws, expect<cpu_set, Want::PinSet>> {};
/// latency_p95: 5ms
struct test_figure : peg::seq<test_name, ws, expect<colon, Want::TestTargetColon>, ws,
                              expect<test_value, Want::TestNumber>> {};
struct test_targets
    : peg::seq<kw_target, ws,
               expect<bracketed<open_brace, ws,
                                expect<comma_list<test_figure, close_brace, Want::TestTargetFigure>,
                                       Want::TestTargetFigure>,
                                ws, expect<close_brace, Want::TestTargetsClose>>,
                      Want::TestTargetOpen>> {};
struct test_container
    : peg::seq<kw_container, ws, expect<test_name, Want::TestContainer>,
               peg::star<peg::seq<ws, peg::sor<test_mark, test_role, test_image, test_on, test_targets>>>> {};

/// A.perf.llc_mpki = 30mpki
struct test_cell : peg::seq<test_name, expect<field, Want::TestMetric>, expect<field, Want::TestMetric>, ws,
                            expect<equals, Want::TestCellEquals>, ws,
                            expect<peg::sor<test_missing, test_value>, Want::TestNumber>> {};
struct test_cell_line : peg::sor<attempt<peg::sor<test_cell, peg::raise<wanted<Want::TestCell>>>,
                                         expect<statement_end, Want::StatementEnd>>,
                                 skip_statement> {};
struct test_cell_item : peg::seq<peg::not_at<peg::sor<close_brace, peg::eof, declaration_line>>,
                                 peg::sor<peg::one<';'>, test_cell_line>, gap> {};
struct test_cells
    : peg::seq<open_brace, gap, peg::star<test_cell_item>, expect<close_brace, Want::BlockClose>> {};
struct test_feed_steps : peg::seq<test_value, ws, expect<test_steps, Want::TestSteps>, gap,
                                  expect<test_cells, Want::TestCellsOpen>> {};
struct test_feed : peg::seq<kw_feed, ws, expect<peg::sor<text, test_feed_steps>, Want::TestFeed>> {};

struct test_lives : peg::seq<test_life, ws, expect<test_target, Want::TestContainer>> {};

struct test_action_word : peg::sor<kw_move, kw_pin, kw_layout, kw_reject, kw_annotate, kw_log, kw_stop,
                                   kw_emit, kw_pause, kw_resume, kw_sample, test_on_target> {};
struct moved_where : peg::seq<ws, arrow, ws, expect<test_goal, Want::MoveClass>> {};
struct pinned_where : peg::seq<ws, kw_to, ws, expect<cpu_set, Want::PinSet>> {};
struct sampled_every : peg::seq<ws, kw_every, ws, expect<test_value, Want::SamplePeriod>> {};
struct set_to : peg::seq<ws, equals, ws, expect<peg::sor<test_missing, test_value>, Want::TestNumber>> {};
struct test_of_target : test_goal {};
struct test_domain : number {};
struct test_of : peg::seq<peg::one<'('>, ws, expect<test_of_target, Want::TestTarget>, ws,
                          peg::opt<peg::seq<comma, ws, expect<test_domain, Want::TestDomain>, ws>>,
                          expect<close_paren, Want::SubjectClose>> {};
template <class Word>
struct action_is : peg::seq<peg::at<Word>, test_action_word> {};
struct limit_word : peg::sor<kw_within, kw_after> {};
struct optional_target : peg::opt<peg::seq<ws, peg::not_at<limit_word>, test_target>> {};
struct test_action
    : peg::sor<
          peg::seq<action_is<kw_move>, ws, expect<test_target, Want::MoveContainer>, peg::opt<moved_where>>,
          peg::seq<action_is<kw_pin>, ws, expect<test_target, Want::PinContainer>, peg::opt<pinned_where>>,
          peg::seq<action_is<kw_pause>, ws, expect<test_target, Want::PauseContainer>>,
          peg::seq<action_is<kw_resume>, ws, expect<test_target, Want::ResumeContainer>>,
          peg::seq<action_is<kw_sample>, ws, expect<test_target, Want::SampleContainer>,
                   peg::opt<sampled_every>>,
          peg::seq<action_is<test_on_target>, expect<test_of, Want::TestTarget>, peg::opt<set_to>>,
          peg::seq<action_is<kw_emit>, ws, expect<test_target, Want::EmitName>, peg::opt<set_to>>,
          peg::seq<action_is<peg::sor<kw_reject, kw_annotate>>, optional_target,
                   peg::opt<peg::seq<ws, text>>>,
          peg::seq<action_is<peg::sor<kw_log, kw_stop, kw_layout>>, peg::opt<peg::seq<ws, text>>>> {};
struct test_within : peg::seq<kw_within, ws, expect<test_value, Want::TestStepCount>, ws,
                              expect<test_steps, Want::TestSteps>> {};
struct test_after : peg::seq<kw_after, ws, expect<test_value, Want::TestStepCount>, ws,
                             expect<test_steps, Want::TestSteps>> {};
struct test_expect
    : peg::seq<kw_expect, ws, peg::opt<peg::seq<test_no, ws>>, expect<test_action, Want::TestAction>,
               peg::star<peg::seq<ws, peg::sor<test_within, test_after>>>> {};

struct test_item : peg::sor<test_host, test_container, test_feed, test_lives, test_expect,
                            peg::raise<wanted<Want::TestItem>>> {};
struct test_line : peg::sor<attempt<test_item, expect<statement_end, Want::StatementEnd>>, skip_statement> {};
struct test_body_item : peg::seq<peg::not_at<peg::sor<close_brace, peg::eof, declaration_line>>,
                                 peg::sor<peg::one<';'>, test_line>, gap> {};
struct test_body
    : peg::seq<open_brace, gap, peg::star<test_body_item>, expect<close_brace, Want::BlockClose>> {};
struct test_head : peg::seq<kw_test, ws, expect<text, Want::TestName>> {};
struct test_decl : peg::seq<peg::at<kw_test>, head_of<test_head, Want::TestBody>, gap, test_body> {};

}  // namespace cbench::grammar
