// Decider: the policy in a live run. Calls it, carries out what it decided, and records both in the order
// that a replay needs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/loop/host_guard.h"
#include "runtime/loop/log.h"
#include "runtime/policy/policy.h"
#include "stdlib/abi/cpu_set.h"

namespace cbench {

class Decider {
 public:
  Decider(const RunInputs& inputs, RunLog& log);

  /// Each of these records its event, also when there is no policy, so that a policy can be replayed on the
  /// trace later.
  void begin();
  void end();
  struct Admission {
    bool rejected = false;
    std::string why;
    CpuSet
        shown;  ///< CPUs that the policy takes the container to have (in mode advise those that it asked for)
    CpuSet cpus;  ///< CPUs to start it on
    /// What the host is to be like when it takes the container in; nothing when no policy acts.
    std::optional<Allocation> goal;
  };
  /// Asks whether the container may start on `proposed` CPUs.
  Admission admit(size_t slot, const CpuSet& proposed, double quota);
  /// The container runs as admitted; `attached` is what the host said when it took it in. Errors of the host
  /// end the policy.
  void start(size_t slot, const Admission& admission, double quota, const Result<>& attached);
  void stop(size_t slot);
  void step();
  /// Tasks that appeared since go where their container is.
  void sync_tasks();
  /// Restores the host. Safe at any time and more than once.
  void restore();

  /// The CPUs that a container is on which was started on `started_on`: where the policy has moved it since.
  [[nodiscard]] CpuSet cpus(size_t slot, const CpuSet& started_on) const;

  [[nodiscard]] bool active() const { return policy_ != nullptr; }
  [[nodiscard]] bool acts() const { return active() && in_.mode == Mode::Act && in_.host != nullptr; }
  /// Time of the policy in the newest step.
  [[nodiscard]] int64_t policy_time_ns() const { return policy_time_ns_; }
  /// What the policy has made of the host; null when none acts.
  [[nodiscard]] const Allocation* real() const { return acts() ? &policy_->real() : nullptr; }
  [[nodiscard]] const std::string& stopped_because() const { return stopped_because_; }

 private:
  /// What became of a change.
  struct Made {
    Result<> result = Done{};
    int64_t at_ns = -1;  ///< when the host had it; -1: never
  };
  void call(abi::Event event, int32_t slot = -1);
  /// Carries out the call's changes and records its decisions. `since_ns`: when what it decided on was so.
  void settle(abi::Event event, PolicyInstance::Verdict verdict, int64_t wall_ns, int64_t since_ns);
  /// Makes the changes in their order, each decision's all or none. Returns what became of each.
  std::vector<Made> make_real(const std::vector<Change>& changes);
  Result<> carry_out(const Change& change, const Allocation& as);
  /// "`quota a = 50%`, asked for at line 7": the decision behind a change.
  [[nodiscard]] std::string asked_for(const Change& change) const;
  /// Takes back what was made of a decision whose change `failed` was refused.
  void take_back(const std::vector<Change>& changes, std::vector<Made>& made, size_t failed);
  void record(const Decision& decision, int64_t wall_ns);
  void watch_deadline(int64_t took_ns);
  /// Ends the policy, puts the host back, and marks the run.
  void halt(EventKind kind, std::string why);

  const RunInputs& in_;
  RunLog& log_;
  std::unique_ptr<PolicyInstance> policy_;
  std::optional<HostGuard> guard_;
  int late_calls_ = 0, failures_ = 0;
  std::string last_failure_, last_asked_;  ///< why, and what
  std::string stuck_;                      ///< a change that could neither be made nor taken back
  int64_t policy_time_ns_ = 0;
  std::string stopped_because_;
};

}  // namespace cbench
