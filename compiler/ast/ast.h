// The syntax tree of a policy: what was written, with spans, nothing resolved.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stdlib/abi/span.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench::ast {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Name {
  std::string text;
  Span span;
};

/// A text with interpolations: "jailed #{jailed(c)}: {why}". A part is a literal or an expression. `{{` and `}}` are
/// braces.
struct Text {
  std::vector<std::variant<std::string, ExprPtr>> parts;
  Span span;
};

// --- expressions ---

struct BoolLiteral { bool value = false; };
/// A number with the unit glued to it: 15mpki, 80%, 1.5, 500ms, 100MiB/s. `is_integer` is how it was written.
struct NumberLiteral {
  double value = 0;
  int64_t integer = 0;
  bool is_integer = false;
  Unit unit = Unit::None;
};
struct TextLiteral { Text text; };
struct Ref { Name name; };                       ///< hi, c, noisy
struct Field { ExprPtr base; Name name; };       ///< base.name
struct Index { ExprPtr base; ExprPtr at; };      ///< curve(c)[i]
/// One argument: `label: value`, `value over window`, or `min value` (label "min").
struct Argument {
  std::optional<Name> label;
  ExprPtr value;
  ExprPtr over;  ///< null without `over`
};
/// `callee` is one word, or two for a function of a module: control.pid.
struct Call { Name callee; std::vector<Argument> arguments; };
/// `x in set where condition: body`, as an argument of sum, any, argmax …, or (without body) as a set. `i in 1..4: body`
/// has the ints from `set` to `to`.
struct Comprehension {
  Name variable;
  ExprPtr set;
  ExprPtr to;     ///< null for a set
  ExprPtr where;  ///< null without
  ExprPtr body;   ///< null without
};
/// perf.llc_mpki, of no container.
struct MetricName { Name group, name; Span span; };
struct Has { MetricName metric; };  ///< has(perf.llc_mpki)
struct CpuSetLiteral { std::vector<std::pair<ExprPtr, ExprPtr>> ranges; };  ///< {0, 2..3}; second null for one CPU

enum class UnaryOp : uint8_t { Negate, Not };
enum class BinaryOp : uint8_t { Or, And, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, Default, Add, Subtract, Multiply, Divide, Modulo };
struct Unary { UnaryOp op; ExprPtr operand; };
struct Binary { BinaryOp op; ExprPtr left, right; Span op_span; };

struct Expr {
  Span span;
  std::variant<BoolLiteral, NumberLiteral, TextLiteral, Ref, Field, Index, Call, Comprehension, CpuSetLiteral, Has, Unary, Binary> node;
};

// --- statements ---

struct Stmt;
using Block = std::vector<Stmt>;

struct Let { Name name; ExprPtr value; };
/// `if cond`, or `if let name = value` (then `condition` is the value).
struct If {
  std::optional<Name> binding;
  ExprPtr condition;
  std::unique_ptr<Block> then, otherwise;  ///< otherwise null without else; `else if` is a block of one If
};
enum class AssignOp : uint8_t { Set, Add, Subtract };
struct Assign { ExprPtr target; AssignOp op; ExprPtr value; };
struct ExprStmt { ExprPtr value; };  ///< a call of a `-> plan` function
struct Try { std::unique_ptr<Block> body; std::unique_ptr<Block> otherwise; };
struct Return { ExprPtr value; };  ///< null without value
struct Stop { Text reason; };
/// shared, or own(c); container null without parentheses.
struct ClassUse { Name name; ExprPtr container; Span span; };
struct Move { ExprPtr container; ClassUse cls; };
struct Layout {
  Name resource;  ///< l3
  struct Part { Name cls; ExprPtr ways; };  ///< ways null for `rest`
  std::vector<Part> parts;
};
struct Pin { ExprPtr container; ExprPtr cpus; };
enum class LogLevel : uint8_t { Debug, Info, Warn, Error };
struct Log { LogLevel level; Text text; };
struct Annotate { ExprPtr container; Text text; };  ///< container null: a remark on the run
struct Emit { Name name; ExprPtr value; };
struct Reject { ExprPtr container; Text reason; };
struct Pause { ExprPtr container; bool paused; };  ///< pause c, resume c
struct Sample { ExprPtr container; NumberLiteral period; Span period_span; };  ///< sample c every 10ms
/// `match x { A -> …; B, C -> …; else -> … }`
struct Match {
  struct Case { std::vector<Name> values; Span span; std::unique_ptr<Block> body; };  ///< no values: `else`
  ExprPtr subject;
  std::vector<Case> cases;
};
/// `to` null for a set; with `second` over pairs.
struct For { Name variable; std::optional<Name> second; ExprPtr from, to, where; std::unique_ptr<Block> body; };
struct Repeat { ExprPtr most, condition; std::unique_ptr<Block> body; };
struct Loop { std::unique_ptr<Block> body; };
struct Wait { ExprPtr length, until, timeout; };  ///< length, or until and perhaps timeout
/// `trial plan or other for length vote vote else keep|revert { … }`
struct Trial {
  std::unique_ptr<Block> plan, other;  ///< other null without `or`
  ExprPtr length, vote;
  bool revert = false;
  std::unique_ptr<Block> otherwise;  ///< null without a block
};

struct Stmt {
  Span span;
  std::variant<Let, If, Assign, ExprStmt, Try, Return, Stop, Move, Layout, Pin, Log, Annotate, Emit, Reject, Pause, Sample, Match, For,
               Repeat,               Loop, Wait, Trial>
      node;
};

// --- declarations ---

/// A type as written: bool, int, float, time, container, cpu, or a unit's name (mpki, ratio, bytes, way …).
struct TypeName { Name name; };

/// `size` of a table (param grant: way[3] = {2way, 3way, 4way}), otherwise null; lo and hi null without `in`.
struct Param { Name name; TypeName type; ExprPtr size, value, lo, hi; std::string doc; };
/// class shared default, own(c) for c in lc
struct ClassDecl {
  struct Item { Name name; bool is_default = false; std::optional<Name> subject; ExprPtr set; };  ///< set null for a single class
  std::vector<Item> items;
};
struct Group { Name name; ExprPtr set; };      ///< group lc = c in all where c.critical
struct Enumeration { Name name; std::vector<Name> values; };
/// state n(c): int = 0; `size` of an array (state curve(c): mpki[20] = 0mpki), null otherwise.
/// `of` is absent for a container.
struct State { Name name; std::optional<Name> subject; std::optional<TypeName> of; TypeName type; ExprPtr size, initial; };
/// stream s(c) = …; with `: TYPE` when it is written.
struct Stream { Name name; std::optional<Name> subject; std::optional<TypeName> type; ExprPtr value; };
struct Fn {
  struct Parameter { Name name; TypeName type; bool array = false; };
  Name name;
  std::vector<Parameter> parameters;
  std::optional<TypeName> result;  ///< absent for `-> plan`
  bool is_plan = false;
  Block body;
};
/// `when condition for D each x in S where P cooldown D { }`; `head` spans from `when` to before the brace. In
/// `for N of M`, `hold` is N and `of` is M.
struct When {
  Span head;
  ExprPtr condition, hold;          ///< hold null without `for`
  ExprPtr of;                       ///< null in a `for` of a time
  std::optional<Name> variable;     ///< of `each`
  ExprPtr set, where;               ///< null without `each`, `where`
  ExprPtr cooldown;                 ///< null without
  Block body;
};
enum class OnEvent : uint8_t { Begin, End, Admit, Start, Stop, Failed };
/// `variable` for admit, start, stop and failed(move c); `action` for failed(…).
struct On { Span head; OnEvent event; std::optional<Name> variable, action; Block body; };
struct Every { Span head; ExprPtr period; Block body; };
struct Task { Span head; Name name; Block body; };

/// needs perf.cycles, perf.instructions; with `optional` those that may be absent.
struct Needs {
  /// app.queue: count declares a metric that is named in bench.yml.
  struct Item { MetricName metric; std::optional<TypeName> type; };
  bool optional;
  std::vector<Item> metrics;
};
struct Acts { std::vector<Name> actions; };  ///< acts move, layout
struct Use { std::vector<Name> modules; };   ///< use std.control

// --- tests: `test "name" { … }` ---

struct TestNumber { NumberLiteral literal; Span span; };
/// host { num_cpus: 4, mb_kind: rate }
struct TestHost {
  std::vector<std::pair<Name, TestNumber>> facts;
  std::vector<std::pair<Name, Name>> words;
};
/// container A critical role "db" on {0, 1} target {latency_p95: 5ms}
struct TestContainer {
  Name name;
  bool critical = false, priority = false;
  std::string role, image;
  ExprPtr cpus;
  std::vector<std::pair<Name, TestNumber>> targets;
};
struct TestCell { Name container, group, metric; std::optional<TestNumber> value; };  ///< without value: missing
/// feed 20 steps { A.perf.llc_mpki = 30mpki }, or feed "frames.csv"
struct TestFeed { std::optional<TestNumber> steps; std::vector<TestCell> cells; std::string file; };
struct TestLife { bool start = false; Name container; };  ///< start A, stop A
/// expect no move A -> jail within 8 steps. What is absent may be anything.
struct TestExpect {
  bool no = false, unlimited = false;
  Name action;
  std::optional<Name> target, goal;
  std::optional<TestNumber> domain, value;
  ExprPtr cpus;
  std::optional<std::string> text;
  std::optional<TestNumber> within, after;
};
struct TestItem { Span span; std::variant<TestHost, TestContainer, TestFeed, TestLife, TestExpect> node; };
struct Test { std::string name; Span name_span; std::vector<TestItem> items; };

struct Decl {
  Span span;
  std::variant<Param, ClassDecl, Group, Enumeration, State, Stream, Fn, When, On, Every, Task, Needs, Acts, Use, Test> node;
};

/// A whole policy file, in source order.
struct Policy {
  Name name;
  Located<int64_t> edition;
  std::string doc;
  std::vector<Decl> decls;
  std::vector<Policy> modules;  ///< that it uses
};

}  // namespace cbench::ast
