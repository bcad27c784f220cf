// How the sampling thread runs beside what it measures: on which CPUs, with which priority, with its pages in
// memory.
#pragma once

#include <optional>
#include <string>

#include <sched.h>

#include "compiler/base/result.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// The CPUs that cbench keeps to: those of `benchmark.observer.core`, otherwise usable ones that no container
/// needs, the last ones first come. Empty where there is no reason to keep to any: nothing is left, or the
/// policy (`plan`, null without one) moves containers between CPUs.
CpuSet observer_cpus(const RunSpec& spec, const HostFacts& facts, const Plan* plan);

/// A warning that cbench runs on the CPUs of containers, with the remedy; "" when it does not. `own` is what
/// observer_cpus gave.
std::string shared_cpus(const RunSpec& spec, const HostFacts& facts, const CpuSet& own);

/// Changes the calling thread for as long as it lives. Threads that are made meanwhile have its CPUs, but not
/// its priority (SCHED_RESET_ON_FORK).
class ObserverThread {
 public:
  /// Errors (HostLacks): the CPUs or the priority are refused.
  static Result<ObserverThread> begin(const ObserverSpec& spec, const CpuSet& own);
  ~ObserverThread();
  ObserverThread(ObserverThread&& other) noexcept;
  ObserverThread& operator=(ObserverThread&&) = delete;

  /// "CPUs 3, SCHED_FIFO 10, memory locked", for the trace and for -v.
  [[nodiscard]] const std::string& words() const { return words_; }

 private:
  ObserverThread() = default;

  std::optional<cpu_set_t> before_;
  bool fifo_ = false, locked_ = false;
  std::string words_;
};

}  // namespace cbench
