// Blanks, comments, words, numbers and texts.
#pragma once

#include "grammar/input.h"
#include "grammar/words.h"

namespace cbench::grammar {

/// Blanks; inside brackets newlines and comments too. Always matches.
struct ws {
  using rule_t = ws;
  using subs_t = peg::empty_list;
  static bool match(Input& in) {
    in.bump_in_this_line(skip_blanks(in.current(), in.end(), in.newlines == Newlines::Blank) - in.current());
    return true;
  }
  /// The first place from `at` that is no blank.
  static const char* skip_blanks(const char* at, const char* end, bool newlines);
};

/// Blanks after something that goes on: newlines and comments too, other than in a text. Always matches.
struct gap {
  using rule_t = gap;
  using subs_t = peg::empty_list;
  static bool match(Input& in) {
    in.bump_in_this_line(ws::skip_blanks(in.current(), in.end(), in.newlines != Newlines::Close) -
                         in.current());
    return true;
  }
};

inline const char* ws::skip_blanks(const char* at, const char* end, bool newlines) {
  for (; at != end; ++at) {
    if (*at == ' ' || *at == '\t') continue;
    if (!newlines) break;
    if (*at == '#')
      while (at + 1 != end && at[1] != '\n') ++at;
    else if (*at != '\n' && *at != '\r')
      break;
  }
  return at;
}

struct comment : peg::seq<peg::one<'#'>, peg::star<peg::not_one<'\n'>>> {};

/// Letters, digits and `_`, not beginning with a digit.
struct word : peg::identifier {};

/// A word that is not reserved.
struct name {
  using rule_t = name;
  using subs_t = peg::empty_list;
  static bool match(Input& in) {
    const char* at = in.current();
    if (at == in.end() || !starts_word(*at)) return false;
    while (at != in.end() && in_word(*at)) ++at;
    const auto length = static_cast<size_t>(at - in.current());
    if (is_reserved({in.current(), length})) return false;
    in.bump_in_this_line(length);
    return true;
  }
};

// clang-format off
struct kw_use : TAO_PEGTL_KEYWORD("use") {};
struct kw_policy : TAO_PEGTL_KEYWORD("policy") {};
struct kw_param : TAO_PEGTL_KEYWORD("param") {};
struct kw_class : TAO_PEGTL_KEYWORD("class") {};
struct kw_group : TAO_PEGTL_KEYWORD("group") {};
struct kw_enum : TAO_PEGTL_KEYWORD("enum") {};
struct kw_state : TAO_PEGTL_KEYWORD("state") {};
struct kw_stream : TAO_PEGTL_KEYWORD("stream") {};
struct kw_fn : TAO_PEGTL_KEYWORD("fn") {};
struct kw_when : TAO_PEGTL_KEYWORD("when") {};
struct kw_on : TAO_PEGTL_KEYWORD("on") {};
struct kw_every : TAO_PEGTL_KEYWORD("every") {};
struct kw_for : TAO_PEGTL_KEYWORD("for") {};
struct kw_each : TAO_PEGTL_KEYWORD("each") {};
struct kw_in : TAO_PEGTL_KEYWORD("in") {};
struct kw_where : TAO_PEGTL_KEYWORD("where") {};
struct kw_cooldown : TAO_PEGTL_KEYWORD("cooldown") {};
struct kw_over : TAO_PEGTL_KEYWORD("over") {};
struct kw_if : TAO_PEGTL_KEYWORD("if") {};
struct kw_else : TAO_PEGTL_KEYWORD("else") {};
struct kw_let : TAO_PEGTL_KEYWORD("let") {};
struct kw_try : TAO_PEGTL_KEYWORD("try") {};
struct kw_return : TAO_PEGTL_KEYWORD("return") {};
struct kw_stop : TAO_PEGTL_KEYWORD("stop") {};
struct kw_move : TAO_PEGTL_KEYWORD("move") {};
struct kw_layout : TAO_PEGTL_KEYWORD("layout") {};
struct kw_pin : TAO_PEGTL_KEYWORD("pin") {};
struct kw_to : TAO_PEGTL_KEYWORD("to") {};
struct kw_log : TAO_PEGTL_KEYWORD("log") {};
struct kw_annotate : TAO_PEGTL_KEYWORD("annotate") {};
struct kw_emit : TAO_PEGTL_KEYWORD("emit") {};
struct kw_reject : TAO_PEGTL_KEYWORD("reject") {};
struct kw_pause : TAO_PEGTL_KEYWORD("pause") {};
struct kw_resume : TAO_PEGTL_KEYWORD("resume") {};
struct kw_sample : TAO_PEGTL_KEYWORD("sample") {};
struct kw_match : TAO_PEGTL_KEYWORD("match") {};
struct kw_repeat : TAO_PEGTL_KEYWORD("repeat") {};
struct kw_task : TAO_PEGTL_KEYWORD("task") {};
struct kw_needs : TAO_PEGTL_KEYWORD("needs") {};
struct kw_optional : TAO_PEGTL_KEYWORD("optional") {};
struct kw_acts : TAO_PEGTL_KEYWORD("acts") {};
struct kw_has : TAO_PEGTL_KEYWORD("has") {};
struct kw_loop : TAO_PEGTL_KEYWORD("loop") {};
struct kw_wait : TAO_PEGTL_KEYWORD("wait") {};
struct kw_until : TAO_PEGTL_KEYWORD("until") {};
struct kw_timeout : TAO_PEGTL_KEYWORD("timeout") {};
struct kw_trial : TAO_PEGTL_KEYWORD("trial") {};
struct kw_vote : TAO_PEGTL_KEYWORD("vote") {};
struct kw_keep : TAO_PEGTL_KEYWORD("keep") {};
struct kw_revert : TAO_PEGTL_KEYWORD("revert") {};
struct kw_and : TAO_PEGTL_KEYWORD("and") {};
struct kw_or : TAO_PEGTL_KEYWORD("or") {};
struct kw_not : TAO_PEGTL_KEYWORD("not") {};
struct kw_true : TAO_PEGTL_KEYWORD("true") {};
struct kw_false : TAO_PEGTL_KEYWORD("false") {};
// Words that mean something in one place only and are names elsewhere.
struct kw_default : TAO_PEGTL_KEYWORD("default") {};
struct kw_begin : TAO_PEGTL_KEYWORD("begin") {};
struct kw_end : TAO_PEGTL_KEYWORD("end") {};
struct kw_admit : TAO_PEGTL_KEYWORD("admit") {};
struct kw_start : TAO_PEGTL_KEYWORD("start") {};
struct kw_failed : TAO_PEGTL_KEYWORD("failed") {};
struct kw_of : TAO_PEGTL_KEYWORD("of") {};
struct kw_min : TAO_PEGTL_KEYWORD("min") {};
struct kw_while : TAO_PEGTL_KEYWORD("while") {};
struct kw_rest : TAO_PEGTL_KEYWORD("rest") {};
struct log_level : peg::sor<TAO_PEGTL_KEYWORD("debug"), TAO_PEGTL_KEYWORD("info"), TAO_PEGTL_KEYWORD("warn"), TAO_PEGTL_KEYWORD("error")> {};
// clang-format on

struct colon : peg::one<':'> {};
struct comma : peg::one<','> {};
struct equals : peg::seq<peg::one<'='>, peg::not_at<peg::one<'='>>> {};
struct arrow : peg::string<'-', '>'> {};
struct dots : peg::string<'.', '.'> {};

/// 1, 1.5, 1_000, and glued to it a unit: 15mpki, 80%, 100MiB/s. Which units there are is not the grammar's
/// business; it only has to know that `B/s` and `/s` are units and that `10ms/s` is a division.
struct digits : peg::seq<peg::digit, peg::star<peg::opt<peg::one<'_'>>, peg::digit>> {};
struct byte_rate
    : peg::seq<peg::opt<peg::one<'k', 'K', 'm', 'M', 'g', 'G', 't', 'T'>>, peg::opt<peg::one<'i'>>,
               peg::one<'b', 'B'>, peg::string<'/', 's'>, peg::not_at<peg::identifier_other>> {};
struct per_second : peg::seq<peg::string<'/', 's'>, peg::not_at<peg::identifier_other>> {};
struct unit : peg::sor<peg::one<'%'>, byte_rate, per_second, word> {};
struct number : peg::seq<digits, peg::opt<peg::one<'.'>, digits>, peg::opt<unit>> {};

struct expression;

/// "jailed #{jailed(c)}: {why}"
struct text_run : peg::plus<peg::not_one<'"', '\\', '{', '}', '\n', '\r'>> {};
struct text_escape : peg::seq<peg::one<'\\'>, expect<peg::one<'"', '\\', 'n', 't'>, Want::Escape>> {};
struct text_brace : peg::sor<peg::string<'{', '{'>, peg::string<'}', '}'>> {};
struct text_value : peg::seq<peg::one<'{'>, ws, expect<expression, Want::Interpolated>, ws,
                             expect<peg::one<'}'>, Want::InterpolationClose>> {};
struct text_single_brace : peg::seq<peg::at<peg::one<'}'>>, peg::raise<wanted<Want::DoubledBrace>>> {};
struct text : quoted<peg::one<'"'>,
                     peg::star<peg::sor<text_run, text_escape, text_brace, text_value, text_single_brace>>,
                     expect<peg::one<'"'>, Want::TextClose>> {};

}  // namespace cbench::grammar

namespace tao::pegtl {
template <class Name>
struct analyze_traits<Name, cbench::grammar::ws> : analyze_opt_traits<> {};
template <class Name>
struct analyze_traits<Name, cbench::grammar::gap> : analyze_opt_traits<> {};
template <class Name>
struct analyze_traits<Name, cbench::grammar::name> : analyze_any_traits<> {};
}  // namespace tao::pegtl
