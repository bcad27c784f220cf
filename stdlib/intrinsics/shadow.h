// Shadow: the host that generated code talks to. Actions are planned on a copy of the allocation, checked
// against the limits of the host, and handed out as decisions and changes after the call. Nothing here
// allocates once a run has begun.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stdlib/abi/abi.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/intrinsics/allocation.h"
#include "stdlib/intrinsics/cpu_choice.h"
#include "stdlib/intrinsics/layout.h"
#include "stdlib/intrinsics/text_arena.h"

namespace cbench {

class Shadow {
 public:
  /// Decisions of one call beyond this are counted and dropped.
  static constexpr size_t kMaxDecisions = 1024;

  /// `plan` and `facts` must outlive the shadow.
  Shadow(const Plan& plan, const HostFacts& facts);

  /// The pointer table for PolicyContext::call; its functions take a Shadow* as host.
  static const abi::Intrinsics& table();

  void begin_call(int64_t step, int64_t time_ns);
  /// After the native code returned: makes decisions() and changes(). With `fault`, what the call planned is
  /// undone.
  void end_call(bool fault);
  [[nodiscard]] const std::vector<Decision>& decisions() const { return decisions_; }
  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  [[nodiscard]] uint64_t dropped() const { return dropped_; }
  [[nodiscard]] bool rejected() const { return rejected_; }
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }

  [[nodiscard]] const Allocation& goal() const { return goal_; }
  /// As the host is: without what was planned since.
  [[nodiscard]] const Allocation& real() const { return real_; }
  void set_placement(int32_t slot, const CpuSet& cpus, double quota);
  void set_running(int32_t slot, bool running);
  void applied(const Change& change) { copy(goal_, real_, change); }
  /// The host refused a change of the last call, with its reason: the goal is what is real again, and the
  /// policy is told at the next step. A decision of several changes is told once.
  void failed(const Change& change, const std::string& reason);
  struct Failure {
    uint64_t call = 0;
    uint32_t decision = 0;  ///< of that call
    Verb verb{};
    int32_t slot = -1;
    std::string action, reason;
  };
  /// What failed since they were taken last.
  std::vector<Failure> take_failures() { return std::exchange(failures_, {}); }
  /// What the texts of `on failed` are about from now on; null: nothing.
  void tell(const Failure* failure) { told_ = failure; }

  // --- what the intrinsics do (table.cpp binds them) ---
  [[nodiscard]] int32_t class_of(int32_t slot) const { return goal_.containers[slot].cls; }
  [[nodiscard]] bool cpu_in(int32_t slot, int32_t cpu) const;
  // Shares of a class are of one L3 domain, by its place; -1 stands for all: the least is read, each is
  // written.
  [[nodiscard]] int64_t ways(int32_t cls, int32_t domain) const;
  [[nodiscard]] double mb(int32_t cls, int32_t domain) const {
    return in_rate() ? 1.0 : least_mb(cls, domain);
  }
  [[nodiscard]] double mb_rate(int32_t cls, int32_t domain) const;
  [[nodiscard]] double quota(int32_t slot) const { return goal_.containers[slot].quota; }
  void fire(int32_t rule, int32_t slot);
  void why(int32_t label, std::string_view value);
  void try_begin();
  void try_end(bool refused);
  void trial_begin(int32_t trial);
  void trial_made(int32_t trial);
  void trial_revert(int32_t trial, int32_t line);
  int32_t move(int32_t slot, int32_t cls);
  void no_class(Verb verb, int32_t slot, int32_t name);
  void layout_clear() { parts_.clear(); }
  void layout_part(int32_t cls, int64_t n) { parts_.push_back({cls, n}); }
  int32_t layout();
  int32_t layout_l2();
  int32_t set_ways(int32_t cls, int32_t domain, int64_t n);
  int32_t set_mb(int32_t cls, int32_t domain, double ratio);
  int32_t set_mb_rate(int32_t cls, int32_t domain, double rate);
  int32_t set_quota(int32_t slot, double cores);
  [[nodiscard]] int64_t cores(int32_t slot) const { return static_cast<int64_t>(cpus_of(slot).count()); }
  int32_t set_cores(int32_t slot, int64_t n);
  [[nodiscard]] bool paused(int32_t slot) const { return goal_.containers[slot].paused; }
  int32_t set_paused(int32_t slot, bool paused);
  int32_t set_period(int32_t slot, int64_t ns);
  void cpus_clear();
  void cpus_add(int32_t cpu);
  void cpus_offer(int32_t cpu, double key) { offers_.push_back({cpu, key}); }
  void cpus_take(int64_t count, bool highest);
  int32_t pin(int32_t slot);
  void text_begin() { text_.begin(); }
  void text_append(std::string_view piece) { text_.append(piece); }
  void text_why() { text_.append(why_text()); }
  void text_reason() { text_.append(reason()); }
  void text_failure() { text_.append(told_ ? told_->reason : std::string_view()); }
  void text_failed() { text_.append(told_ ? told_->action : std::string_view()); }
  void say(Verb verb, int32_t slot, double value);
  void emit(int32_t name, double value);
  void reject(int32_t slot);
  void stop();
  [[nodiscard]] const Plan& plan() const { return plan_; }

 private:
  struct Record {
    int32_t rule = -1;
    Verb verb{};
    int32_t slot = -1, cls = -1, domain = -1;
    double value = 0;
    Outcome outcome{};
    TextRef detail, reason, why;
  };
  struct Part {
    int32_t cls;
    int64_t ways;  ///< kRest: the rest
  };
  using Layouts = std::vector<std::vector<Part>>;  ///< [domain]
  /// Domains by their places, from `first` to before `end`.
  struct Domains {
    size_t first, end;
    int32_t id;  ///< of a single one as the kernel numbers it, -1: all
  };
  /// What an action says of ways: of one class, or of all (-1).
  struct Asked {
    Verb verb;
    int32_t cls;
    double value;
    TextRef detail;
  };
  struct Offer {
    int32_t cpu;
    double key;
  };
  /// Who wrote a target last. One that only gave way (a neighbour in the cache) was written, but not asked
  /// for.
  struct Writer {
    int64_t step = INT64_MIN;  ///< of any write: may a trial still take its own back?
    uint32_t firing = 0;
    bool follows = false;            ///< Change::follows, of the last step that wrote it
    int64_t asked_step = INT64_MIN;  ///< for conflicts and dwell
    uint32_t asked_firing = 0;
    int32_t rule = -1;
    uint32_t decision = 0;  ///< behind the change, of that call
    uint64_t call = 0;
  };
  struct Undo {
    Target target{};
    int32_t index = 0;
    Allocation::Class cls;
    Allocation::Container container;
    Writer writer;
    bool counted = false;  ///< the first write of its decision: gives its place in the budget back
  };
  struct Try {
    size_t undo, records;
  };
  /// What a trial changed: a target as it was before, and when the trial wrote it.
  struct Before {
    Target target{};
    int32_t index = 0;
    Allocation::Class cls;
    Allocation::Container container;
    int64_t step = 0;
    uint32_t firing = 0;
  };
  struct Trial {
    size_t undo = 0;  ///< mark, while it is being planned
    std::vector<Before> before;
    Layouts layout;  ///< in force before
  };
  class Reason;

  /// Of a class in a domain the index is that of Allocation::classes, here and in what follows.
  Writer& writer(Target target, int32_t index);
  static void copy(const Allocation& from, Allocation& to, const Change& change);
  static void copy(const Allocation& from, Allocation& to, Target target, int32_t index);
  static bool same(const Allocation& a, const Allocation& b, Target target, int32_t index);
  void undo_to(size_t mark);
  std::string_view reason() const { return {reason_, reason_length_}; }
  std::string_view why_text() const { return {why_, why_length_}; }
  TextRef keep(std::string_view text);
  TextRef cpu_words(const CpuSet& cpus);
  TextRef keep_why();
  Record& record(Verb verb, int32_t slot, int32_t cls, double value, TextRef detail);
  int32_t refuse(Verb verb, int32_t slot, int32_t cls, double value, TextRef detail);
  int32_t refused(Record& record);
  int32_t no_change(Verb verb, int32_t slot, int32_t cls, double value, TextRef detail);
  /// May this firing write the target now? Writes the reason when not.
  bool may_write(Target target, int32_t index);
  /// Remembers the target for undoing and marks the writer; then the caller changes goal_.
  void writes(Target target, int32_t index, bool first, bool asked = true);
  [[nodiscard]] CpuSet cpus_of(int32_t slot) const;
  void put_back(const Before& before);
  /// False, with the reason, when the class is for a container that does not run.
  bool exists(int32_t cls);
  /// A class for one container is as new.
  void forget(int32_t cls);
  [[nodiscard]] uint64_t all_ways() const;
  /// False, with the reason, when the container does not run.
  bool runs(int32_t slot);
  bool has_rdt(bool available, const char* what);
  bool has_mb(Verb verb);
  [[nodiscard]] bool in_rate() const { return facts_.rdt.mb_kind() == MbKind::Rate; }
  /// A class that nothing was asked for.
  [[nodiscard]] Allocation::Class fresh_class() const;
  [[nodiscard]] size_t domains() const { return goal_.domains; }
  [[nodiscard]] Domains domains(int32_t domain) const;
  [[nodiscard]] int32_t place(int32_t cls, size_t domain) const {
    return cls * static_cast<int32_t>(domains()) + static_cast<int32_t>(domain);
  }
  [[nodiscard]] double least_mb(int32_t cls, int32_t domain) const;
  Record& record_share(Verb verb, int32_t cls, const Domains& in, double value, TextRef detail = {});
  int32_t refuse_share(Verb verb, int32_t cls, const Domains& in, double value);
  int32_t put_mb(Verb verb, int32_t cls, const Domains& in, double value);
  /// Do the parts fit so many ways? Counts those that are named in `used`, and writes the reason when not.
  bool fits(const std::vector<Part>& parts, int64_t all, int64_t least, int64_t& used);
  /// The collected parts in words; refuses one with less than a way (then `bad`).
  TextRef layout_words(bool& bad);
  /// "jail:2": what a class has of the L2.
  TextRef l2_words(int32_t cls);
  bool solve(size_t domain);
  bool may_divide(size_t domain, int32_t asked, bool& differs);
  /// Puts `wanted_` in force.
  int32_t apply_layout(const Asked& asked, const Domains& in);

  const Plan& plan_;
  const HostFacts& facts_;
  Allocation goal_, real_;
  std::vector<Writer> container_writers_[kContainerTargets], class_writers_[kClassTargets];
  std::vector<Part> parts_;                   ///< being collected
  Layouts layout_, wanted_;                   ///< in force; being tried
  std::vector<Layouts> saved_;                ///< layout_ at the begin of the call and of each open `try`
  std::vector<LayoutPart> placed_;            ///< wanted_, with what each has now
  std::vector<std::vector<uint64_t>> masks_;  ///< [domain] of wanted_
  CpuChoice choice_;
  LayoutSolver solver_, l2_solver_;
  std::vector<uint64_t> l2_masks_;
  std::vector<Offer> offers_;
  CpuSet cpus_;
  bool cpus_bad_ = false, cpus_short_ = false;
  std::vector<Record> records_;
  std::vector<Undo> undo_;
  std::vector<Try> tries_;
  std::vector<Trial> trials_;
  TextArena text_;
  char reason_[512];
  size_t reason_length_ = 0;
  char why_[1024];
  size_t why_length_ = 0;
  TextRef why_kept_;
  bool why_is_kept_ = false;
  int64_t step_ = 0, time_ns_ = 0;
  int32_t rule_ = -1;
  uint32_t firing_ = 0, budget_used_ = 0;
  uint64_t call_ = 0;
  uint64_t dropped_ = 0;
  bool rejected_ = false;
  std::string stop_reason_;
  std::vector<Decision> decisions_;
  std::vector<Change> changes_;
  Record overflow_;
  std::vector<Failure> failures_;
  const Failure* told_ = nullptr;
};

}  // namespace cbench
