// The state of lowering one module, shared by the files of this folder (one a language area); not for other
// folders.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/lower/function_builder.h"
#include "compiler/lower/lower.h"

namespace cbench::lower {

class Lowering {
 public:
  Lowering(const check::Program& program, const plan::CodeLayout& layout, const SourceSet& sources,
           llvm::Module& module)
      : layout_(layout), p_(program), sources_(sources), module_(module) {}
  void run();
  std::vector<std::string> texts;
  std::vector<PlanFault> faults;

 private:
  /// Where `return` goes: out of a rule's element, or out of an inlined function.
  struct Exit {
    llvm::BasicBlock* to = nullptr;
    llvm::AllocaInst* value = nullptr;  ///< of a function's result
    llvm::AllocaInst* ok = nullptr;
    size_t tries = 0;  ///< open `try`s when it was entered
  };

  // rules and events (rules.cpp)
  llvm::Function* reset_function();
  llvm::Function* rule_function(uint32_t id);
  void when_element(uint32_t id, llvm::Value* index, llvm::BasicBlock* next);
  void every(uint32_t id);
  void fire(uint32_t id, llvm::Value* slot);
  void show_leaf(check::NodeId leaf);
  [[nodiscard]] uint32_t own_stream(const check::Rule& rule) const;
  llvm::Value* leaves_due(const check::Rule& rule, llvm::Value* slot);
  llvm::Value* held_for(uint32_t id, llvm::Value* index, llvm::Value* now1);
  llvm::Value* held_often(uint32_t id, llvm::Value* index, llvm::Value* now1, llvm::Value* truth);
  void entry_function(llvm::Function* streams, llvm::Function* reset,
                      const std::vector<llvm::Function*>& rules);
  void initial_state(size_t state, llvm::Value* first, uint32_t elements);

  // streams and temporal operators (temporal.cpp)
  llvm::Function* streams_function();
  [[nodiscard]] bool looks_at_its_own(uint32_t id) const;
  void stream(uint32_t id, llvm::Value* slot);
  Val stream_value(uint32_t id, llvm::Value* slot);
  llvm::Value* stream_cause(uint32_t id, llvm::Value* slot);
  Val stream_before(uint32_t id, llvm::Value* slot);
  Val stored(check::Base base, llvm::Value* address, llvm::Value* ok);
  Val temporal(const check::Node& n);
  Val edge(const check::Node& n);
  Val ewma(const check::Node& n, const Val& x);
  Val previous(const check::Node& n, const Val& x);
  Val schmitt(const check::Node& n);

  // windows (window.cpp)
  /// The samples of a window, for the element of the stream being evaluated.
  struct Ring {
    uint64_t samples;  ///< their place
    llvm::Value *base, *capacity, *next, *filled;
    llvm::Value* clock;   ///< time or tick of this evaluation
    llvm::Value* cutoff;  ///< the window holds what came after
  };
  struct Gathered;
  Ring push(const check::Node& n, const Val& x);
  llvm::Value* sample(const Ring& r, llvm::Value* index);
  void each_sample(const Ring& r, llvm::Value* skip,
                   const std::function<void(llvm::Value*, llvm::Value*, llvm::BasicBlock*)>& body);
  Gathered gather(const Ring& r);
  Val window(const check::Node& n, const Val& x);
  Val held(const check::Node& n, const Ring& r);
  Val rate(const check::Temporal& t, const Gathered& g);
  Val deviation(const Ring& r, const Gathered& g);
  Val slope(const Ring& r, const Gathered& g);

  // expressions (expr.cpp)
  Val expr(check::NodeId id);
  Val metric(const check::Node& n);
  llvm::Value* cause(const check::Node& read);
  Val static_field(const check::Node& n);
  Val host_fact(const check::Node& n);
  Val logic(const check::Node& n);
  Val compare(const check::Node& n);
  Val arithmetic(const check::Node& n);
  llvm::Value* quotient(llvm::Value* x, llvm::Value* y, llvm::Value* ok);
  Val checked(llvm::Intrinsic::ID op, llvm::Value* a, llvm::Value* b, llvm::Value* ok, Span span);
  Val round(const check::Node& n);
  Val inlined(const check::Node& n);
  llvm::Type* type_of(const check::Type& t);
  [[nodiscard]] int column_of(Metric metric) const;
  [[nodiscard]] bool is_finite(check::NodeId id) const;

  // sets (sets.cpp)
  Val reduce(const check::Node& n);
  llvm::Value* member(uint32_t set, llvm::Value* element);
  void for_each(uint32_t set, const std::function<void(llvm::Value*, llvm::BasicBlock*)>& body);
  llvm::Value* cpu_of(const check::Set& s, llvm::Value* cpu);
  void in_order(uint32_t set, const std::function<void(llvm::Value*, llvm::BasicBlock*)>& body);
  llvm::Value* sortable(llvm::Value* key, bool falling);

  // statements (stmt.cpp)
  void block(const check::Block& b);
  void statement(const check::Stmt& s);
  void attempt(const check::Try& t);
  void try_plan(const check::Block& plan, llvm::BasicBlock* made);
  void action(llvm::Value* refused);
  llvm::Value* class_id(uint32_t cls, check::NodeId container);
  llvm::Value* domain_of(const check::ClassRef& share);
  void on_class(check::ClassRef cls, Verb verb, const std::function<llvm::Value*(llvm::Value*)>& plan);
  void layout(const check::Layout& l);
  void text(const check::TextParts& t);
  void text_value(check::NodeId id);
  void pin(const check::Pin& p);
  void assign(const check::AssignState& a, Span span);
  llvm::Value* state_at(uint32_t state, check::NodeId container, check::NodeId index, Span span);
  llvm::Value* changed(check::NodeId value, ast::AssignOp op, llvm::Value* old, const check::Type& type,
                       Span span);
  void leave(const Exit& exit);

  // choices, loops and tasks (choice.cpp, task.cpp)
  void match(const check::Match& m);
  llvm::Value* rounds(llvm::Value* from, llvm::Value* to, Span span);
  void for_statement(const check::For& f, Span span);
  void repeat(const check::Repeat& r);
  llvm::Value* text_of_value(const check::Type& type, llvm::Value* value);
  void task(uint32_t id);
  void loop(const check::Loop& l);
  void wait(const check::Wait& w);
  void trial(const check::Trial& t, Span span);
  void suspend();
  llvm::Value* until(check::NodeId length);
  llvm::Value* reached(check::NodeId length, llvm::Value* deadline);
  void bind(check::LocalId local, const Val& x);
  Val local(const check::Node& n);

  uint32_t text_id(const std::string& s);
  uint32_t fault_site(const char* what, Span span);
  FunctionBuilder& b() { return *builder_; }
  [[nodiscard]] const check::Node& node(check::NodeId id) const { return p_.nodes[id]; }
  [[nodiscard]] bool is_local(check::NodeId id, check::LocalId local) const {
    return node(id).op == check::Op::Local && node(id).ref == local;
  }

  const plan::CodeLayout& layout_;
  const check::Program& p_;
  const SourceSet& sources_;
  llvm::Module& module_;
  FunctionBuilder* builder_ = nullptr;
  std::vector<Val> locals_;
  std::vector<Exit> exits_;
  Span called_;                           ///< where the policy called the function that is being inlined
  std::vector<llvm::BasicBlock*> tries_;  ///< where a refusal inside each open `try` goes
  std::map<std::string, uint32_t> text_ids_;
  llvm::Value* stream_slot_ = nullptr;  ///< element of the stream being evaluated
  /// A stream of a container that was evaluated in this step.
  struct {
    uint32_t stream = check::kNone;
    llvm::Value* slot = nullptr;
  } ticked_;
  const plan::RulePlace* task_ = nullptr;   ///< of the task being lowered
  std::vector<llvm::BasicBlock*> resumes_;  ///< where a task goes on, from state 1
};

}  // namespace cbench::lower
