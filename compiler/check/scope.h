// What names stand for while a policy is checked, and what a place in it allows; shared by the files of this
// folder.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compiler/check/program.h"

namespace cbench::check {

enum class SymbolKind : uint8_t {
  Param,
  Table,
  Class,
  Group,
  State,
  Stream,
  Function,
  Local,
  Enum,
  EnumValue,
  Task
};
struct Symbol {
  SymbolKind kind{};
  uint32_t index = 0;
  Span span;
  uint16_t enumeration = 0;  ///< of an EnumValue
  bool stale = false;        ///< a container that was bound before a wait: it may have stopped
  LocalId of = kNone;        ///< of a function's parameter that stands for a class or array: its container
};

/// Enums of the language's own.
enum class OwnEnum : uint8_t { MbKind, Cause };

/// A function as declared. It is checked for each kind of argument that it is called with: a `number` has the
/// argument's type, an array or class is the argument's.
struct FunctionDecl {
  const ast::Fn* fn = nullptr;
  std::string module;  ///< empty for one of the policy's own
  bool generic = false;
  bool running = false;
  bool called = false;
  bool failed = false;  ///< one of its instances has errors, which need not be told again
  std::map<std::string, uint32_t> instances;  ///< by kinds of arguments: function of the program
};
/// What a call gives for a parameter: a value of a type, or an array or class that the parameter stands for.
struct Given {
  Type type;
  std::optional<Symbol> symbol;
};
/// An array that an expression names.
struct ArrayUse {
  bool table = false;
  uint32_t ref = kNone;  ///< state, or first parameter of the table
  NodeId container = kNone;
};

/// Names that a policy cannot declare, because the language has given them a meaning.
bool is_builtin(std::string_view name);
const std::vector<std::string>& builtin_names();

/// Where an expression or statement stands, and so what it may do.
struct Context {
  uint32_t stream = kNone;           ///< in the definition of this stream: temporal operators are allowed
  bool head = false;                 ///< in the head of a `when`: they are allowed as well
  bool element = false;              ///< evaluated for each element of a set
  uint32_t function = kNone;         ///< in this function's body
  bool constant = false;             ///< only literals and parameters are allowed
  bool differences = false;          ///< in the operand of rate or delta: a cumulative metric may be read
  bool effects = false;              ///< actions and assignments are allowed
  bool task = false;                 ///< in a task, where a wait may stand
  bool admit = false;                ///< in `on admit`: the container does not run yet
  bool reason = false, why = false;  ///< may a text name {reason}, {why}?
  HostKinds on = kEveryHost;         ///< hosts on which this is reached
  bool failed = false;               ///< in `on failed`: {reason} and {action} are of what failed
  bool any_result = false;           ///< the function's first `return` says what it returns
  std::string module;                ///< names are of this module
};

}  // namespace cbench::check
