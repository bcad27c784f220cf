// The checker's working state, shared by the files of this folder (one a language area); not for other
// folders.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/check/check.h"
#include "compiler/check/scope.h"

namespace cbench::check {

/// Levels to which expressions and blocks may nest, together with those of the functions and groups that they
/// use and, where a use stands before its declaration, of streams: so that nobody who walks them exhausts the
/// stack.
inline constexpr uint32_t kMaxChain = 600;

class Checker {
  /// One level down.
  class Deeper {
   public:
    explicit Deeper(Checker& checker) : checker_(checker) {
      ++checker_.depth_;
      checker_.used(0);
    }
    ~Deeper() { --checker_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Checker& checker_;
  };
  /// A declaration is checked in a context, a scope and with uses of its own, wherever it was first needed.
  class Inside {
   public:
    Inside(Checker& checker, Uses& uses)
        : checker_(checker),
          uses_(std::exchange(checker.uses_, &uses)),
          base_(std::exchange(checker.base_, checker.depth_)),
          height_(std::exchange(checker.height_, 0)),
          deeper_(checker) {
      swap();
    }
    ~Inside() {
      swap();
      checker_.base_ = base_;
      checker_.height_ = height_;
      checker_.uses_ = uses_;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    void swap() {
      std::swap(checker_.scope_, scope_);
      std::swap(checker_.at_, at_);
    }
    Checker& checker_;
    std::vector<std::pair<std::string, Symbol>> scope_;
    Context at_;
    Uses* uses_;
    uint32_t base_, height_;
    Deeper deeper_;
  };

 public:
  Checker(const ast::Policy& policy, const SourceSet& sources, Diagnostics& diagnostics)
      : policy_(policy), sources_(sources), diagnostics_(diagnostics) {}
  std::optional<Program> run();

 private:
  // declarations (check.cpp)
  void declare_all();
  void declare(const ast::Name& name, SymbolKind kind, uint32_t index);
  void declare_param(const ast::Param& decl);
  void check_param(const ast::Param& decl, uint32_t first);
  std::vector<const ast::Expr*> values_of(const ast::Param& decl, uint32_t first);
  std::optional<double> param_value(const ast::Expr& e, const Type& type, const std::string& place);
  void check_state(const ast::State& decl, uint32_t index);
  void check_group(uint32_t index);
  void check_stream(uint32_t index, bool by_prev = false);
  void check_when(const ast::When& when);
  void check_on(const ast::On& on);
  std::optional<Verb> action_named(const ast::Name& name);
  void check_every(const ast::Every& every);
  void check_task(const ast::Task& task);
  void check_classes();

  // needs, optional and acts (needs.cpp)
  void declare_needs(const ast::Needs& needs, Span span);
  std::optional<Metric> declared_here(const ast::Needs::Item& item);
  void declare_acts(const ast::Acts& acts, Span span);
  void check_needs();
  NodeId has(const ast::Has& h, Span span);
  void check_tally(const ast::When& when, Rule& rule);
  void declare_stream_type(const ast::Stream& decl, uint32_t index);
  bool circle(uint32_t stream, const ast::Name& use);

  // functions and modules (function.cpp)
  void declare_functions();
  void unknown_module(const ast::Name& name);
  uint32_t instance(uint32_t declared, const std::string& kinds, const std::vector<Given>& given, Span call);
  NodeId function_call(const ast::Call& c, const Symbol& symbol, Span span);
  bool given_for(const ast::Call& c, size_t i, const FunctionDecl& declared, Given& given, std::string& kinds,
                 std::vector<NodeId>& kids);
  bool given_class(const ast::Expr& written, Given& given, std::string& kinds, std::vector<NodeId>& kids);
  bool given_array(const ast::Expr& written, const ast::Fn::Parameter& parameter, const std::string& place,
                   Given& given, std::string& kinds, std::vector<NodeId>& kids);
  void check_own_functions();
  void check_calls();
  void must_be_new(const ast::Name& name);

  // arrays and tables (array.cpp)
  std::optional<ArrayUse> array_named(const ast::Expr& e);
  [[nodiscard]] Type element_type(const ArrayUse& array) const;
  [[nodiscard]] int64_t size_of(const ArrayUse& array) const;
  NodeId element(const ast::Index& i, Span span);
  NodeId length(const ast::Call& c, Span span);

  // expressions (expr.cpp, binary.cpp, target.cpp)
  NodeId expr(const ast::Expr& e);
  NodeId number(const ast::NumberLiteral& n, Span span);
  NodeId reference(const ast::Name& name, Span span);
  NodeId field(const ast::Field& f, Span span);
  NodeId whole(NodeId read, Span span);
  NodeId metric(const ast::Expr& container, const ast::Name& group, const ast::Name& name, Span span);
  NodeId host_field(const ast::Name& name, Span span);
  [[nodiscard]] HostKinds hosts_where(NodeId condition, bool truth) const;
  uint16_t own_enum(OwnEnum which);
  std::optional<NodeId> own_value(OwnEnum of, const ast::Name& name);
  NodeId cause(const ast::Call& c, Span span);
  NodeId operand(const ast::Expr& e, const ast::Expr& beside);
  NodeId target(const ast::Expr& container, const ast::Name& name, Span span);
  NodeId unary(const ast::Unary& u, Span span);
  NodeId binary(const ast::Binary& b, Span span);
  NodeId logic(Op op, NodeId left, NodeId right, Span span);
  NodeId comparison(Op op, NodeId left, NodeId right, const ast::Binary& b, Span span);
  NodeId arithmetic(Op op, NodeId left, NodeId right, Span span);
  NodeId default_value(NodeId value, NodeId fallback, Span span);
  NodeId membership(const ast::Binary& b, Span span);
  bool units_agree(NodeId left, NodeId right, Span span, const char* verb);
  [[nodiscard]] bool nonzero(NodeId id) const;
  /// Is it known to be above zero, or not below?
  [[nodiscard]] bool positive(NodeId id, bool or_zero) const;

  // calls (call.cpp, temporal.cpp, window.cpp, hoist.cpp, previous.cpp)
  NodeId call(const ast::Call& c, Span span);
  NodeId scalar_builtin(const ast::Call& c, Span span);
  NodeId power(const ast::Call& c, Span span);
  NodeId user_call(const ast::Call& c, const Symbol& symbol, Span span);
  NodeId subject_read(const ast::Call& c, const Symbol& symbol, Span span);
  NodeId subject_of(const ast::Call& c, const Symbol& symbol, Base of, Span span);
  NodeId of_which(const ast::Name& name, const Symbol& symbol, Span span);
  NodeId reduce(const ast::Call& c, Reduction reduction, Span span);
  [[nodiscard]] bool names_a_set(const ast::Expr& e) const;
  NodeId temporal(const ast::Call& c, Span span);
  NodeId remember(const ast::Call& c, Span span);
  NodeId hoist(const ast::Call& c, Span span, const std::vector<std::pair<LocalId, Span>>& of);
  void locals_in(const ast::Expr& e, std::vector<std::pair<LocalId, Span>>& out) const;
  void locals_in(const ast::Call& c, std::vector<std::pair<LocalId, Span>>& out) const;
  NodeId edge(const ast::Call& c, Span span);
  NodeId previous(const ast::Call& c, Span span);
  bool type_is_known(uint32_t stream, const ast::Name& use);
  void want_type(uint32_t stream, const ast::Name& use);
  std::optional<NodeId> beginning(const ast::Binary& b);
  void settle_type(uint32_t index, NodeId value);
  void settle_uses();
  void order_streams();
  NodeId window(const ast::Call& c, WindowOp op, Span span);
  NodeId latch(const ast::Call& c, Span span);
  NodeId half_life(const ast::Call& c, Span span);
  uint32_t add_temporal(Temporal t);
  NodeId window_length(const ast::Expr& e, bool& by_steps);
  bool arity(const ast::Call& c, size_t least, size_t most, Span span);

  // sets (set.cpp)
  uint32_t set(const ast::Expr& e);
  uint32_t cpus_of(const ast::Expr& whose, Span span);
  uint32_t set_with(const ast::Name& variable, const ast::Expr& from, const ast::Expr* where, Span span);
  uint32_t cpu_list(const ast::CpuSetLiteral& list, Span span);
  uint32_t ordered(const ast::Call& c, Span span);
  uint32_t range_with(const ast::Comprehension& c, Span span);
  /// Reports a set that has an order where none may stand.
  bool unordered(uint32_t set, const char* place);
  uint32_t add_set(Set s);

  // statements (stmt.cpp, action.cpp)
  Block block(const ast::Block& statements);
  void statement(const ast::Stmt& s, Block& out);
  void assign(const ast::Assign& a, Span span, Block& out);
  void conditional(const ast::If& i, Span span, Block& out);
  void attempt(const ast::Try& t, Span span, Block& out);
  void give_back(const ast::Return& r, Span span, Block& out);
  void pin(const ast::Pin& p, Span span, Block& out);
  void sample(const ast::Sample& s, Span span, Block& out);
  void layout(const ast::Layout& l, Span span, Block& out);

  // choices, loops and tasks (choice.cpp, task.cpp)
  void match(const ast::Match& m, Span span, Block& out);
  void for_each(const ast::For& f, Span span, Block& out);
  void for_pairs(const ast::For& f, Span span, Block& out);
  void repeat(const ast::Repeat& r, Span span, Block& out);
  void loop(const ast::Loop& l, Span span, Block& out);
  void wait(const ast::Wait& w, Span span, Block& out);
  void trial(const ast::Trial& t, Span span, Block& out);
  bool in_task(Span span, const char* what);
  NodeId time_or_steps(const ast::Expr& e, const char* place);
  /// Containers bound so far may have stopped when the task goes on.
  void waited();
  /// Of branches of which one is taken: a wait in one is none in the next, and one after them all.
  class Branches {
   public:
    explicit Branches(Checker& checker) : scope_(checker.scope_), depth_(scope_.size()) {
      for (const auto& [name, symbol] : scope_) before_.push_back(symbol.stale);
      after_ = before_;
    }
    ~Branches() {
      next();
      for (size_t i = 0; i < depth_; ++i) scope_[i].second.stale = after_[i];
    }
    Branches(const Branches&) = delete;
    Branches& operator=(const Branches&) = delete;
    /// A branch is checked, and its names are unbound.
    void next() {
      for (size_t i = 0; i < depth_; ++i) {
        after_[i] = after_[i] || scope_[i].second.stale;
        scope_[i].second.stale = before_[i];
      }
    }

   private:
    std::vector<std::pair<std::string, Symbol>>& scope_;
    size_t depth_;
    std::vector<bool> before_, after_;
  };
  /// The body of something that cannot be left and entered again: no wait may stand in it.
  Block uninterrupted(const ast::Block& statements);
  void bounded(NodeId id, const char* what);
  void enumeration(const ast::Enumeration& decl);
  NodeId next_value(const ast::Call& c, Span span);
  std::optional<Type> type_written(const ast::TypeName& written) const;
  void unknown_type(const ast::Name& name);
  [[nodiscard]] std::vector<std::string> types_known() const;
  [[nodiscard]] std::string words(Type type) const;  ///< to_string, with the names of enums

  struct ToldHere {
    Told what;
    std::string why_not;  ///< empty: it is there
  };
  [[nodiscard]] std::optional<ToldHere> told_of(std::string_view name) const;
  TextParts text(const ast::Text& t);
  bool may_act(Verb verb, Span span);
  bool effects_allowed(Span span, const char* what);

  // what they share (checker.cpp)
  NodeId add(Node node);
  NodeId error_node(Span span) { return add(make(Op::ConstBool, kError, span)); }
  [[nodiscard]] const Node& node(NodeId id) const { return p_.nodes[id]; }
  [[nodiscard]] const Type& type(NodeId id) const { return p_.nodes[id].type; }
  static Node make(Op op, Type type, Span span, std::vector<NodeId> kids = {}) {
    Node n;
    n.op = op;
    n.type = type;
    n.span = span;
    n.kids = std::move(kids);
    return n;
  }
  /// A container, socket or domain that is bound to a name.
  NodeId handle_node(LocalId local, Span span) {
    Node n = make(Op::Local, p_.locals[local].with(false), span);
    n.ref = local;
    return add(std::move(n));
  }
  NodeId to_float(NodeId id);
  /// The value as type `want`; reports when it is another. `place` completes "… wants".
  NodeId coerce(NodeId id, Type want, const std::string& place);
  /// As coerce, and the value must not be missing.
  NodeId total(NodeId id, Type want, const std::string& place);
  void must_be_present(NodeId id, const std::string& place);
  NodeId constant_expr(const ast::Expr& e);  ///< only literals and parameters may stand in it
  NodeId constant(const ast::Expr& e, Type want, const std::string& place);
  LocalId bind(const ast::Name& name, Type type);
  void unbind_to(size_t depth);
  const Symbol* find(std::string_view name) const;
  /// Reports the declaration of a name that the language uses.
  void not_builtin(const ast::Name& name);
  /// Was a name that the language uses declared? That is reported; what uses the name is not.
  [[nodiscard]] bool misnamed(std::string_view name) const { return is_builtin(name) && find(name); }
  void unknown_name(const ast::Name& name, const std::string& what);
  /// What is `height` levels high stands here.
  void used(uint32_t height) { height_ = std::max(height_, depth_ - base_ + height); }
  /// Is it too far down to go on? Reported.
  bool too_deep(Span span);
  /// The height of a declaration that is checked; 0 when it is too high, which is reported.
  uint32_t height_of(Span span);
  std::optional<uint32_t> class_named(const ast::Name& name);
  std::optional<uint32_t> whole_class(const ast::Name& name);

  // classes (classes.cpp)
  void declare_class(const ast::ClassDecl::Item& item);
  /// The containers of each class for each container; must be known before the run.
  void check_class_sets();
  [[nodiscard]] Span dynamic_part(uint32_t set) const;
  [[nodiscard]] Span dynamic_value(NodeId id) const;
  std::optional<ClassRef> class_of(const ast::Name& name, const ast::Expr* container, Span span);
  std::optional<ClassRef> class_argument(const ast::Call& c);
  std::optional<ClassRef> class_written(const ast::Expr& written, const std::string& place);
  void collect_leaves(NodeId id, bool streams_only, std::vector<NodeId>& out) const;
  void note_act(Verb verb, Span span);

  uint32_t depth_ = 0, base_ = 0,
           height_ = 0;  ///< of the declaration: where it began, and how far down it goes
  std::vector<uint32_t> function_height_, group_height_;
  const ast::Policy& policy_;
  const SourceSet& sources_;
  Diagnostics& diagnostics_;
  Program p_;
  Context at_;
  Uses* uses_ = nullptr;  ///< of the declaration that is being checked
  std::unordered_map<std::string, Symbol> symbols_;
  std::vector<std::pair<std::string, Symbol>> scope_;
  enum class Progress : uint8_t { Open, Running, Done };
  std::vector<Progress> stream_progress_, group_progress_;
  /// Streams that are being checked, innermost last, and whether each was reached by a `prev`.
  std::vector<std::pair<uint32_t, bool>> stream_path_;
  std::vector<std::pair<Metric, Span>> needs_written_;
  std::vector<std::pair<Verb, Span>> acts_written_;
  Span needs_span_, acts_span_;  ///< of the first of them
  std::vector<const ast::Stream*> stream_decls_;
  std::vector<FunctionDecl> function_decls_;
  std::vector<const ast::Group*> group_decls_;
  std::vector<const ast::ClassDecl::Item*> class_decls_;
  std::vector<LocalId>* frame_ = nullptr;  ///< of the task that is being checked
  std::vector<LocalId>* held_ = nullptr;   ///< of the trial whose plans are being checked
};

/// Does `holds` of each block that the statement chooses from? False for one that does not choose.
template <class Holds>
bool on_every_branch(const Stmt& s, Holds holds) {
  if (const auto* i = std::get_if<If>(&s.node)) return holds(i->then) && holds(i->otherwise);
  const auto* m = std::get_if<Match>(&s.node);
  return m &&
         std::all_of(m->cases.begin(), m->cases.end(), [&](const auto& each) { return holds(each.body); }) &&
         (!m->otherwise || holds(*m->otherwise));
}

/// sort, top, bottom
inline bool makes_an_order(std::string_view name) {
  return name == "sort" || name == "top" || name == "bottom";
}

/// The window operation of this name: avg, sd, p95 …
std::optional<WindowOp> window_named(std::string_view name);

}  // namespace cbench::check
