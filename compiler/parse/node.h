// The parse tree: what the grammar matched, as nodes that the builder turns into the syntax tree.
#pragma once

#include <cstdint>
#include <vector>

namespace cbench::parsing {

enum class NodeKind : uint8_t {
  None,
  // tokens
  Word,
  Label,
  MinLabel,
  DefaultMark,
  Level,
  Event,
  FailedVerb,
  Number,
  Text,
  TextRun,
  TextEscape,
  TextBrace,
  Boolean,
  Prefix,
  Operator,
  AssignOperator,
  Type,
  // expressions
  Row,
  Paren,
  Use,
  Arguments,
  Labelled,
  MinSamples,
  PlainArgument,
  Over,
  Comprehension,
  Where,
  Body,
  Field,
  Index,
  ArraySize,
  Postfix,
  CpuSet,
  CpuRange,
  // statements
  Block,
  Let,
  If,
  IfLet,
  Try,
  Return,
  Stop,
  Move,
  Layout,
  LayoutPart,
  LayoutRest,
  Pin,
  Log,
  Annotate,
  Emit,
  Reject,
  Pause,
  Resume,
  Match,
  MatchCase,
  MatchElse,
  For,
  ForHead,
  ForRange,
  Repeat,
  RepeatHead,
  Loop,
  Wait,
  WaitUntil,
  WaitTimeout,
  Trial,
  TrialWrite,
  TrialOther,
  TrialLength,
  TrialVote,
  TrialElse,
  TrialFate,
  AssignOrCall,
  Statement,
  // declarations
  Header,
  Declaration,
  Param,
  Bounds,
  Class,
  ClassItem,
  ClassUse,
  Group,
  Enum,
  State,
  Stream,
  Subject,
  Fn,
  FnParameter,
  FnHead,
  When,
  WhenHead,
  Hold,
  Tally,
  Each,
  Cooldown,
  On,
  OnHead,
  Every,
  EveryHead,
  Task,
  MetricName,
  Has,
  Needs,
  Optional,
  Acts,
  TaskHead,
  // tests
  Test,
  TestBody,
  TestHost,
  TestFact,
  TestContainer,
  TestMark,
  TestRole,
  TestImage,
  TestTargets,
  TestFeed,
  TestCells,
  TestCell,
  TestLives,
  TestLife,
  TestExpect,
  TestNo,
  TestAction,
  TestTarget,
  TestGoal,
  TestMissing,
  TestWithin,
  TestAfter,
};

/// Bytes [begin, end) of the source and the nodes within.
struct Node {
  NodeKind kind = NodeKind::None;
  uint32_t begin = 0, end = 0;
  std::vector<Node> children;

  /// The first child of a kind; null when there is none.
  [[nodiscard]] const Node* find(NodeKind wanted) const {
    for (const Node& child : children)
      if (child.kind == wanted) return &child;
    return nullptr;
  }
};

}  // namespace cbench::parsing
