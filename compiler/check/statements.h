// Statements of a checked program: as written, with names resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ast/ast.h"
#include "stdlib/abi/plan.h"

namespace cbench::check {

using NodeId = uint32_t;
using LocalId = uint32_t;
inline constexpr uint32_t kNone = UINT32_MAX;

struct Stmt;
using Block = std::vector<Stmt>;
struct Let {
  LocalId local;
  NodeId value;
};
struct If {
  LocalId binding;
  NodeId condition;
  Block then, otherwise;
};  ///< binding kNone for a plain if
struct AssignState {
  uint32_t state;
  NodeId container;
  NodeId index;  ///< kNone unless the state is an array
  ast::AssignOp op;
  NodeId value;
};
/// `container` kNone for a single class; `domain` kNone for all.
struct ClassRef {
  uint32_t cls;
  NodeId container;
  NodeId domain = kNone;
};
struct SetWays {
  ClassRef cls;
  ast::AssignOp op;
  NodeId value;
};
struct SetMb {
  ClassRef cls;
  ast::AssignOp op;
  NodeId value;
  Verb verb;  ///< Mb or MbRate
};
struct SetQuota {
  NodeId container;
  ast::AssignOp op;
  NodeId value;
};
struct SetCores {
  NodeId container;
  ast::AssignOp op;
  NodeId value;
};
struct CallPlan {
  NodeId call;
};
struct Try {
  Block body, otherwise;
};
struct Return {
  NodeId value;
};
struct TextParts {
  std::vector<std::variant<std::string, NodeId>> parts;
};
struct Stop {
  TextParts text;
};
struct Move {
  NodeId container;
  ClassRef cls;
};
/// kNone ways: the rest. A class for each container stands for the classes of those that run.
struct Layout {
  bool l2 = false;  ///< of the L2 caches, else of the L3
  std::vector<std::pair<uint32_t, NodeId>> parts;
};
/// `pin c to set`, or to the `count` best of it by `key`.
struct Pin {
  NodeId container;
  uint32_t set;
  NodeId count, key;
  bool highest;
};
struct Log {
  ast::LogLevel level;
  TextParts text;
};
struct Annotate {
  NodeId container;
  TextParts text;
};
struct Emit {
  std::string name;
  NodeId value;
};
struct Reject {
  NodeId container;
  TextParts text;
};
/// pause c, resume c
struct Pause {
  NodeId container;
  bool paused;
};
/// sample c every 10ms
struct Sample {
  NodeId container;
  int64_t period_ns;
};
/// Cases in source order; `otherwise` is what `else` does, for the values that no case names. Without it,
/// each has a case.
struct Match {
  struct Case {
    std::vector<int64_t> values;
    Block body;
  };
  NodeId subject;
  std::vector<Case> cases;
  std::optional<Block> otherwise;
};
/// Over a set (then `from` and `to` are kNone) or the ints from `from` to `to`.
struct For {
  LocalId variable;
  uint32_t set;
  NodeId from, to;
  Block body;
};
struct Repeat {
  NodeId most, condition;
  Block body;
};
struct Loop {
  Block body;
};
/// `length` is a time or a number of steps; kNone for `wait until`.
struct Wait {
  NodeId length, until, timeout;
};
struct Trial {
  uint32_t id;                ///< index among the program's trials
  Block plan, other;          ///< other empty without `or`
  std::vector<LocalId> held;  ///< containers that the plans name: the trial ends when one stops
  NodeId length, vote;
  bool revert;
  Block otherwise;
};
struct Stmt {
  Span span;
  std::variant<Let, If, AssignState, SetWays, SetMb, SetQuota, SetCores, CallPlan, Try, Return, Stop, Move,
               Layout, Pin, Log, Annotate, Emit, Reject, Pause, Sample, Match, For, Repeat, Loop, Wait, Trial>
      node;
};

}  // namespace cbench::check
