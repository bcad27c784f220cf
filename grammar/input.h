// The input of the grammar and the rules that depend on it: where newlines are blanks, and how deep brackets
// may nest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/analyze.hpp>

#include "grammar/messages.h"
#include "grammar/words.h"

namespace cbench::grammar {

namespace peg = tao::pegtl;

/// What a newline means where the parser stands.
enum class Newlines : uint8_t {
  End,    ///< it ends a statement
  Blank,  ///< it is a blank: inside brackets
  Close,  ///< it may not stand here: inside a text
};

/// A text in memory with the context that the rules below keep.
class Input : public peg::memory_input<peg::tracking_mode::lazy, peg::eol::lf_crlf, const char*> {
 public:
  Input(const char* begin, const char* end) : memory_input(begin, end, "") {}

  Newlines newlines = Newlines::End;
  uint32_t depth = 0;
  const char* text_begin = nullptr;  ///< opening quote of the innermost text
};

/// Thrown by Control::raise once an error is reported. Caught by `attempt`.
struct Failure {};

/// R, or the failure of the wish W. The input stands where R should have begun.
template <class R, Want W>
struct expect : peg::sor<R, peg::raise<wanted<W>>> {};

/// R..., or false after an error in them was reported; the input then stands where it did before.
template <class... R>
struct attempt : peg::try_catch_type<Failure, R...> {};

namespace internal {

/// Sets a member of the input for as long as a rule is matched.
template <class T>
class Restore {
 public:
  Restore(T& place, T value) : place_(place), before_(place) { place = value; }
  ~Restore() { place_ = before_; }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  T& place_;
  T before_;
};

}  // namespace internal

/// R... with newlines as blanks: the inside of brackets.
template <class... R>
struct bracketed {
  using rule_t = bracketed;
  using subs_t = peg::type_list<peg::seq<R...>>;

  template <peg::apply_mode A, peg::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class... States>
  static bool match(Input& in, States&&... states) {
    const Newlines inside = in.newlines == Newlines::Close ? Newlines::Close : Newlines::Blank;
    const internal::Restore newlines(in.newlines, inside);
    return Control<peg::seq<R...>>::template match<A, M, Action, Control>(in, states...);
  }
};

/// R... as a text, which ends on the line on which it begins.
template <class... R>
struct quoted {
  using rule_t = quoted;
  using subs_t = peg::type_list<peg::seq<R...>>;

  template <peg::apply_mode A, peg::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class... States>
  static bool match(Input& in, States&&... states) {
    const internal::Restore newlines(in.newlines, Newlines::Close);
    const internal::Restore begin(in.text_begin, in.current());
    return Control<peg::seq<R...>>::template match<A, M, Action, Control>(in, states...);
  }
};

/// R..., one level deeper; the failure Want::TooDeep below the deepest.
template <class... R>
struct nested {
  using rule_t = nested;
  using subs_t = peg::type_list<peg::seq<R...>>;

  template <peg::apply_mode A, peg::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class... States>
  static bool match(Input& in, States&&... states) {
    const internal::Restore depth(in.depth, in.depth + 1);
    if (in.depth > kMaxDepth) Control<wanted<Want::TooDeep>>::raise(static_cast<const Input&>(in), states...);
    return Control<peg::seq<R...>>::template match<A, M, Action, Control>(in, states...);
  }
};

}  // namespace cbench::grammar

namespace tao::pegtl {

template <class Name, class... R>
struct analyze_traits<Name, cbench::grammar::bracketed<R...>>
    : analyze_traits<Name, typename seq<R...>::rule_t> {};
template <class Name, class... R>
struct analyze_traits<Name, cbench::grammar::quoted<R...>>
    : analyze_traits<Name, typename seq<R...>::rule_t> {};
template <class Name, class... R>
struct analyze_traits<Name, cbench::grammar::nested<R...>>
    : analyze_traits<Name, typename seq<R...>::rule_t> {};

namespace internal {
template <class... R>
inline constexpr bool enable_control<cbench::grammar::bracketed<R...>> = false;
template <class... R>
inline constexpr bool enable_control<cbench::grammar::quoted<R...>> = false;
template <class... R>
inline constexpr bool enable_control<cbench::grammar::nested<R...>> = false;
template <class R, cbench::grammar::Want W>
inline constexpr bool enable_control<cbench::grammar::expect<R, W>> = false;
template <class... R>
inline constexpr bool enable_control<cbench::grammar::attempt<R...>> = false;
}  // namespace internal

}  // namespace tao::pegtl
