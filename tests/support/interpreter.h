// A plain interpreter of checked programs: the semantics of docs/language.md once more, without a line of the
// code generator, so that the two can be compared.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/source.h"
#include "compiler/check/program.h"
#include "compiler/plan/plan.h"
#include "runtime/dataframe/frame.h"
#include "runtime/policy/policy.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench::test {

/// Of any type of the language: `f` of a float, `i` of everything else.
struct Value {
  bool present = true;
  int64_t i = 0;
  double f = 0;
};

/// Runs a program as PolicyInstance runs its code.
class Interpreter {
 public:
  /// All must outlive the interpreter.
  Interpreter(const plan::Planned& planned, const SourceSet& sources, const HostFacts& facts);

  using Verdict = PolicyInstance::Verdict;
  Verdict call(abi::Event event, const Frame& frame, int32_t slot = -1);
  /// Allocation, decisions and changes.
  Shadow& shadow() { return *shadow_; }
  void set_running(int32_t slot, bool running);
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  using Node = check::Node;
  using NodeId = check::NodeId;
  /// How a statement ends.
  enum class Flow : uint8_t { Next, Return, Refused, Stop };
  struct Fault {
    std::string what;
    Span span;
  };
  struct Sample {
    int64_t at;  ///< a time, or a tick
    Value value;
  };
  /// What an operator remembers of one element.
  struct Memory {
    std::deque<Sample> samples;
    int64_t ticks = 0;
    std::optional<Sample> last;
    bool latch = false;
  };
  struct StreamCell {
    Value value{false}, before{false};
    std::optional<int64_t> updated;
    bool ticked = false;
  };
  struct RuleCell {
    std::optional<int64_t> first, seen, fired;
    std::deque<bool> ticks;  ///< the newest last
  };
  /// Where a task goes on: the blocks that it is in, the innermost last, and what it waits for.
  struct TaskCell {
    struct Place {
      const check::Block* block;
      size_t next;
      bool again;  ///< of a loop
    };
    std::vector<Place> places;
    bool begun = false;
    const check::Wait* waits = nullptr;
    const check::Trial* watches = nullptr;
    Span span;          ///< of the trial
    int64_t until = 0;  ///< time or step at which the wait or trial ends
    int64_t asked = 0, yes = 0;
  };

  // events, streams and rules (interpreter.cpp)
  void begin();
  void start(int32_t slot);
  void streams();
  void stream(uint32_t id, int32_t slot);
  [[nodiscard]] bool due(uint32_t id, int32_t slot) const;
  Flow rules(check::Rule::Kind kind, ast::OnEvent event, int32_t slot);
  Flow when(uint32_t id);
  Flow element(uint32_t id, int32_t index);
  bool held_for(const check::Rule& rule, RuleCell& cell, int64_t period_ns);
  bool held_often(const check::Rule& rule, RuleCell& cell, int64_t period_ns, bool truth);
  [[nodiscard]] bool leaf_due(const check::Rule& rule, int32_t slot) const;
  Flow every(uint32_t id);
  Flow on(uint32_t id, int32_t slot);
  Flow fire(uint32_t id, int32_t slot);
  void show(NodeId leaf);

  // expressions (interpreter_expr.cpp)
  Value expr(NodeId id);
  Cause cause(const Node& read);
  Value metric(const Node& n);
  Value static_field(const Node& n);
  Value logic(const Node& n);
  Value compare(const Node& n);
  Value arithmetic(const Node& n);
  Value float_arithmetic(const Node& n, double x, double y);
  Value int_arithmetic(const Node& n, int64_t x, int64_t y);
  Value round(const Node& n);
  Value called(const Node& n, Flow* flow);
  int64_t sum(int64_t x, int64_t y, Span span);
  int64_t difference(int64_t x, int64_t y, Span span);

  // tasks (interpreter_task.cpp)
  Flow tasks();
  Flow task(TaskCell& t);
  /// Does what the task waited for; false: not yet.
  bool wait_is_over(TaskCell& t);
  Flow judge(TaskCell& t, bool& over);
  Flow advance(TaskCell& t, const check::Stmt& s);
  Flow begin_trial(TaskCell& t, const check::Trial& trial, Span span);
  int64_t end_of(NodeId length);
  [[nodiscard]] bool reached(NodeId length, int64_t end) const;

  // sets (interpreter_set.cpp)
  bool member(uint32_t set, int64_t element);
  /// The elements that may be in the set, ascending.
  std::vector<int64_t> candidates(uint32_t set);
  std::vector<int64_t> ordered(uint32_t set);
  bool bind_member(uint32_t set, int64_t element);
  Value reduce(const Node& n);

  // streams and operators with a memory (interpreter_temporal.cpp)
  Value stream_value(uint32_t id, int32_t slot);
  Value stream_before(uint32_t id, int32_t slot);
  Value temporal(const Node& n);
  Value window(const Node& n, const Value& x, Memory& m);
  Value ewma(const Node& n, const Value& x, Memory& m);
  Value previous(const Node& n, const Value& x, Memory& m);
  Value schmitt(const Node& n, Memory& m);

  // statements (interpreter_stmt.cpp)
  Flow block(const check::Block& statements);
  Flow statement(const check::Stmt& s);
  const check::Block& branch(const check::If& n);
  const check::Block& branch(const check::Match& n);
  Flow all_or_nothing(const check::Block& plan);
  Flow for_statement(const check::For& n, Span span);
  Flow set_share(const check::ClassRef& cls, ast::AssignOp op, NodeId value, Verb verb, Span span);
  Flow move(const check::Move& m);
  Flow layout(const check::Layout& l);
  Flow pin(const check::Pin& p);
  void assign(const check::AssignState& a, Span span);
  Value& state_at(uint32_t state, NodeId container, NodeId index, Span span);
  Value changed(NodeId value, ast::AssignOp op, const Value& old, check::Base base, Span span);
  int32_t class_id(uint32_t cls, NodeId container);
  Flow answer(int32_t refused) const { return refused != 0 && tries_ > 0 ? Flow::Refused : Flow::Next; }
  Flow no_class(const check::ClassRef& cls, Verb verb);
  void text(const check::TextParts& t);
  void text_value(NodeId id);
  int32_t text_id(const std::string& s);

  [[nodiscard]] const Node& node(NodeId id) const { return p_.nodes[id]; }
  [[nodiscard]] bool is_float(NodeId id) const { return node(id).type.base == check::Base::Float; }
  [[nodiscard]] bool running(int32_t slot) const { return running_[static_cast<size_t>(slot)]; }
  int32_t slot_of(NodeId id) { return static_cast<int32_t>(expr(id).i); }
  abi::host host() { return shadow_.get(); }

  const check::Program& p_;
  const plan::CodeLayout& layout_;
  const SourceSet& sources_;
  Plan plan_;  ///< with texts of its own
  std::unique_ptr<Shadow> shadow_;
  const abi::Intrinsics& do_ = Shadow::table();
  const Frame* frame_ = nullptr;
  std::vector<bool> running_;
  std::vector<Value> locals_;
  std::vector<std::vector<Value>> states_;      ///< [state][element × size]
  std::vector<std::vector<StreamCell>> cells_;  ///< [stream][element]
  std::vector<std::vector<Memory>> memories_;   ///< [temporal][element]
  std::vector<std::vector<RuleCell>> rules_;    ///< [rule][element]
  std::vector<TaskCell> tasks_;                 ///< [rule]
  size_t element_ = 0;                          ///< of the stream being evaluated
  size_t tries_ = 0;                            ///< open ones
  Value result_;                                ///< of the function that returned last
  uint32_t failed_ = 0;                         ///< verb that `on failed` is called for
  std::string message_;
};

}  // namespace cbench::test
