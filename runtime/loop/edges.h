// The edges of a run as the loop sees them. The real ones are adapters of collectors and actuators; tests put
// fakes here.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/actuators/actuator.h"
#include "runtime/collectors/collector.h"
#include "runtime/dataframe/frame.h"
#include "runtime/engines/engine.h"
#include "runtime/host/journal.h"
#include "runtime/trace/trace.h"
#include "stdlib/abi/decision.h"
#include "stdlib/intrinsics/allocation.h"

namespace cbench {

/// Where samples come from (runtime/collectors).
class SampleSource {
 public:
  virtual ~SampleSource() = default;
  virtual std::vector<std::string> attach(size_t slot, const Started& started) = 0;
  virtual void detach(size_t slot) = 0;
  virtual void collect(Frame& frame) = 0;
  /// From now on the container is sampled at this period, a multiple of the step; 0: as configured.
  virtual void set_period(size_t slot, int64_t period_ns) = 0;
  /// Now and then: tasks that have come to a container are counted with it.
  virtual void sync_tasks() = 0;
};

/// What a policy's actions change (runtime/actuators), and the way back. attach() may come from another
/// thread than the rest: it writes the journal to the disk, which no step should wait for.
class ControlledHost {
 public:
  virtual ~ControlledHost() = default;
  virtual Result<> attach(size_t slot, const Started& started, const Allocation& goal) = 0;
  virtual void detach(size_t slot) = 0;
  virtual Result<> apply(const Change& change, const Allocation& goal) = 0;
  virtual void sync_tasks() = 0;
  /// Puts everything back that was changed. Safe to call more than once. Returns what could not be put back.
  virtual std::vector<std::string> restore() = 0;
  /// What it does not answer, in words; empty as long as it answers. Then nothing more is asked of it but
  /// restore().
  [[nodiscard]] virtual std::string hung() { return ""; }
};

/// Where a run is written to beside its trace (runtime/exporters).
class RunSink {
 public:
  virtual ~RunSink() = default;
  virtual void sample(const Frame& frame) = 0;
  virtual void decision(const Decision& decision) = 0;
  virtual void event(const TraceEvent& event) = 0;
};

struct ContainerLife;

/// What who watches is told. Called on the loop's thread between two steps, so none of it may wait; what is
/// referred to is good for the call.
class RunObserver {
 public:
  virtual ~RunObserver() = default;

  /// How far the run is.
  struct Progress {
    int64_t elapsed_ns = 0, total_ns = 0;
    size_t waiting = 0, running = 0, ended = 0;
    int64_t steps = 0, missed_steps = 0;
    const std::vector<ContainerLife>* lives = nullptr;  ///< [slot]
    const Allocation* real = nullptr;                   ///< as the host is; null when no policy acts
  };
  enum class Level : uint8_t { Debug, Info, Warn, Error };

  /// Before the begin: what is done for a container, "pulling busybox:latest", and how much of it (negative:
  /// unknown).
  virtual void preparing(size_t /*slot*/, const std::string& /*what*/, double /*fraction*/) {}
  virtual void prepared(size_t /*slot*/) {}
  /// Everything that the trace records, as it does.
  virtual void sample(const Frame& /*frame*/) {}
  virtual void decision(const Decision& /*decision*/) {}
  virtual void event(const TraceEvent& /*event*/) {}
  /// Ten times a second while it is measured, and whenever something happens at the end.
  virtual void progress(const Progress& progress) = 0;
  virtual void log(Level level, const std::string& text) = 0;
};

class SamplerSource final : public SampleSource {
 public:
  explicit SamplerSource(Sampler& sampler) : sampler_(sampler) {}
  std::vector<std::string> attach(size_t slot, const Started& started) override {
    return sampler_.attach(slot, started);
  }
  void detach(size_t slot) override { sampler_.detach(slot); }
  void collect(Frame& frame) override { sampler_.collect(frame); }
  void set_period(size_t slot, int64_t period_ns) override { sampler_.set_period(slot, period_ns); }
  void sync_tasks() override { sampler_.sync_tasks(); }

 private:
  Sampler& sampler_;
};

/// Actuators with the journal that undoes what they did.
class JournaledHost final : public ControlledHost {
 public:
  JournaledHost(Actuators& actuators, Journal& journal) : actuators_(actuators), journal_(journal) {}
  Result<> attach(size_t slot, const Started& started, const Allocation& goal) override {
    const std::lock_guard lock(mutex_);
    return actuators_.attach(slot, started, goal);
  }
  void detach(size_t slot) override {
    const std::lock_guard lock(mutex_);
    actuators_.detach(slot);
  }
  Result<> apply(const Change& change, const Allocation& goal) override {
    const std::lock_guard lock(mutex_);
    return actuators_.apply(change, goal);
  }
  void sync_tasks() override {
    if (const std::unique_lock lock(mutex_, std::try_to_lock); lock.owns_lock()) actuators_.sync_tasks();
  }
  std::vector<std::string> restore() override {
    // A change that hangs holds the mutex. The journal has a lock of its own.
    const std::unique_lock lock(mutex_, kPatience);
    return journal_.restore();
  }

 private:
  static constexpr std::chrono::milliseconds kPatience{1000};
  std::timed_mutex mutex_;
  Actuators& actuators_;
  Journal& journal_;
};

}  // namespace cbench
