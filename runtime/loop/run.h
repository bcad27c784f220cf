// The run: one loop that starts and stops containers on time, samples them, asks the policy, acts, and
// records.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/loop/clock.h"
#include "runtime/loop/edges.h"
#include "runtime/loop/signals.h"
#include "stdlib/abi/abi.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// What a run works on and with. Everything must outlive the run.
struct RunInputs {
  const RunSpec& spec;
  const HostFacts& facts;
  Mode mode = Mode::Observe;
  Engine& engine;
  SampleSource& sampler;
  ControlledHost* host = nullptr;  ///< null unless the mode is act
  Frame& frame;
  TraceWriter& trace;
  RunSink* sink = nullptr;  ///< null: recorded in the trace only
  RunObserver& observer;
  Clock& clock;
  SignalWatch& signals;        ///< made before any thread of the engine, the sampler or the exporter
  const Plan* plan = nullptr;  ///< null without a policy
  abi::EntryFn entry = nullptr;
  CpuSet own_cpus = {};   ///< CPUs that cbench keeps to; containers get them last
  std::string logs;       ///< folder of the containers' output, for messages
  unsigned workers = 64;  ///< most engine calls at once; 0: one after another, inside the loop
  std::chrono::milliseconds stop_grace{10'000};  ///< between SIGTERM and SIGKILL of a container
  std::chrono::milliseconds patience{2'000};     ///< with engine calls whose containers were killed
};

enum class ContainerState : uint8_t { Waiting, Starting, Running, Stopping, Ended, Rejected, Failed };

/// A container's life in the run. Times are nanoseconds since the run's begin, -1: never.
struct ContainerLife {
  ContainerState state = ContainerState::Waiting;
  CpuSet cpus;
  int64_t requested_ns = -1;  ///< our start request left
  int64_t started_ns = -1;    ///< the engine said that it runs
  int64_t stop_requested_ns = -1;
  int64_t ended_ns = -1;
  int64_t samples = 0;
  std::optional<ExitNotice> exit;
};

struct RunOutcome {
  std::vector<std::string> problems;  ///< why the run failed; empty when it did not
  Exit exit = Exit::RunFailed;        ///< of a run with problems
  int signal = 0;                     ///< that ended it; 0: none
  std::vector<ContainerLife> containers;
  int64_t steps = 0, samples = 0, missed_steps = 0;
  TraceEnd end;                ///< as the trace has it
  std::string policy_stopped;  ///< why the policy was stopped; empty when it was not
  /// Engine calls are still under way on other threads after a forced end: the process must end with _exit.
  bool abandoned = false;

  [[nodiscard]] std::string name() const {
    return signal != 0 ? "interrupted" : problems.empty() ? "ok" : "failed";
  }
};

/// Prepares all containers, runs to the end, and whatever happens stops and removes the containers, restores
/// the host and closes the trace. SIGINT, SIGTERM and SIGHUP end it in order; a second one kills what does
/// not stop.
RunOutcome run(const RunInputs& inputs);

}  // namespace cbench
