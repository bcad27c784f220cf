// Lifecycle: brings every container of a run from preparation to its end, by engine calls that leave on time
// and run beside the loop.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "runtime/loop/decider.h"
#include "runtime/loop/log.h"
#include "runtime/loop/worker_pool.h"

namespace cbench {

class Lifecycle {
 public:
  Lifecycle(const RunInputs& inputs, RunLog& log, Decider& decider);

  void prepare_all();
  [[nodiscard]] bool preparing() const { return unprepared_ > 0; }

  /// Time since the begin at which act() has something to do; kNever when that is up to others.
  [[nodiscard]] int64_t next_due() const;
  /// Starts and stops what is due at `now_ns`.
  void act(int64_t now_ns);
  void take_exits();
  /// Records what others did to our containers.
  void take_interferences();
  /// From now on no container is started; those whose start is later than now never are.
  void close_admission() { admitting_ = false; }
  /// Asks all containers to stop, and the policy no more after that.
  void stop_all();

  /// Has every container that will ever run ended, with no engine call under way?
  [[nodiscard]] bool settled() const;
  /// A container could not be prepared or started: it would be another experiment.
  [[nodiscard]] bool broken() const { return broken_; }
  /// What a broken run's exit code is: what this host lacks is no failure of an experiment.
  [[nodiscard]] Exit broken_exit() const { return broken_exit_; }

  /// Says what has not been started for want of CPUs.
  void tell_unstarted();

  /// Sets the frame's running flags and counts the samples.
  void mark_running(Frame& frame);
  void count(RunObserver::Progress& progress) const;
  [[nodiscard]] const std::vector<ContainerLife>& lives() const { return lives_; }
  [[nodiscard]] WorkerPool& pool() { return pool_; }

 private:
  [[nodiscard]] const ContainerSpec& spec(size_t slot) const { return in_.spec.containers[slot]; }
  [[nodiscard]] int64_t stop_time(size_t slot) const;
  /// When it will end at the latest, if it starts at `now_ns`.
  [[nodiscard]] int64_t planned_end(size_t slot, int64_t now_ns) const;
  [[nodiscard]] bool may_start(size_t slot) const;
  /// Is it on CPUs in this moment?
  [[nodiscard]] bool holds_cpus(size_t slot) const;
  /// Does it start only when CPUs are free?
  [[nodiscard]] bool queues(size_t slot) const;
  /// Calls `visit` with the CPUs that each other container has, and with those that one names which starts
  /// until `until_ns`: they are promised to it.
  template <class Visit>
  void each_claim(int64_t until_ns, const Visit& visit) const;
  /// CPUs that are another's until `slot`, if it starts at `now_ns`, has ended.
  [[nodiscard]] CpuSet taken_cpus(size_t slot, int64_t now_ns) const;
  [[nodiscard]] CpuSet propose_cpus(size_t slot, int64_t now_ns) const;
  /// Starts what is due and, if it has to wait for CPUs, has its turn.
  void start_due(int64_t now_ns);
  void request_start(size_t slot, int64_t now_ns);
  void request_stop(size_t slot);
  void submit_stop(size_t slot);
  void breaks(size_t slot, const char* what, const Error& error);
  void on_prepared(size_t slot, const Result<>& result);
  void on_started(size_t slot, const Result<Started>& result, const Decider::Admission& admission,
                  double quota, const Result<>& attached);
  void on_stopped(size_t slot, const Result<>& result);
  void on_exit(const ExitNotice& notice);
  /// The container is measured and controlled no more.
  void leave(size_t slot);
  void judge(size_t slot, const ExitNotice& notice);

  const RunInputs& in_;
  RunLog& log_;
  Decider& decider_;
  std::vector<ContainerLife> lives_;
  std::vector<size_t> by_start_;       ///< slots in the order of their times
  int64_t acted_ns_ = -1;              ///< whose start is not later and has not come waits for CPUs
  std::vector<int64_t> stop_done_ns_;  ///< when the engine's stop returned; -1: not yet
  std::set<std::string> said_;         ///< warnings, each said once
  size_t unprepared_ = 0;
  bool admitting_ = true, stopping_ = false, broken_ = false;
  Exit broken_exit_ = Exit::RunFailed;
  WorkerPool pool_;  ///< last: its threads end before what their jobs refer to
};

}  // namespace cbench
