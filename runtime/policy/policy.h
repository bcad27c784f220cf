// PolicyInstance: one run's policy. Owns its state, parameters and shadow allocation, calls the native code
// and hands back what it decided. The same in a live run and in a replay.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/dataframe/frame.h"
#include "stdlib/abi/abi.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/intrinsics/allocation.h"

namespace cbench {

class PolicyInstance {
 public:
  /// `plan` must outlive the instance.
  PolicyInstance(const Plan& plan, abi::EntryFn entry, const HostFacts& facts);
  ~PolicyInstance();

  enum class Verdict : uint8_t { Go, Fault, Stop };
  /// Calls the policy for one event. `frame` is the newest sample (its times and step count also for the
  /// other events). After Fault or Stop the policy must not be called again; `message()` says why. No
  /// allocation and no system call happen inside the native code; decisions are copied out afterwards.
  Verdict call(abi::Event event, const Frame& frame, int32_t slot = -1);

  /// Of the last call, in order.
  [[nodiscard]] const std::vector<Decision>& decisions() const;
  /// What has to be made real after the last call. Empty for Admit: the start itself makes it real.
  [[nodiscard]] const std::vector<Change>& changes() const;
  /// The allocation as planned.
  [[nodiscard]] const Allocation& goal() const;
  /// As the host is, as far as it was told by applied() and failed().
  [[nodiscard]] const Allocation& real() const;
  [[nodiscard]] const std::string& message() const;
  /// Did the last Admit call reject its container? Then message() says why.
  [[nodiscard]] bool rejected() const;

  /// Before Admit: the CPUs that the container would get. Before Start: the CPUs and quota that it did get.
  void set_placement(int32_t slot, const CpuSet& cpus, double quota);
  /// A container runs (before Start is called) or has stopped (after Stop was called).
  void set_running(int32_t slot, bool running);
  /// A change of the last call was made real; the same in advise and dry-run, where `members` follow the
  /// shadow.
  void applied(const Change& change);
  /// A change could not be made: the shadow goes back to what is real, and `on failed` hears of it in the
  /// next Step call, before the streams.
  void failed(const Change& change, const std::string& reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbench
