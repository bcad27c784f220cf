// One run of a benchmark, from the host's preparation to its restoration.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/pipeline/pipeline.h"
#include "runtime/driver/console.h"
#include "runtime/exporters/exporter.h"
#include "runtime/loop/run.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// What is settled before the first container starts; the same for all repetitions.
struct RunPlan {
  const RunSpec& spec;
  const HostFacts& facts;
  Mode mode = Mode::Observe;
  bool degraded = false;
  const CompiledPolicy* policy = nullptr;  ///< null without one
  std::string policy_path, policy_text;
  std::vector<std::pair<std::string, std::string>> params;  ///< as set, for the trace
  std::string trace_path;                                   ///< of -o; empty: in the run's folder
  std::string folder_prefix = {};  ///< of a run of an experiment: its folder, before the run's id
  std::string export_path;         ///< of --export-lp; empty: none
  bool send = true;                ///< to the benchmark's InfluxDB, where one is configured
  bool json = false;               ///< what happens goes to standard output as well, one JSON object a line
};

struct SessionResult {
  RunOutcome outcome;
  std::string run_id, trace_path;
  int64_t start_wall_ns = 0;
  std::optional<ExportReport> exported;
  /// A call of the host's never came back: the process must end with _exit, and run nothing more.
  bool hung = false;
};

/// Errors: what kept the run from beginning. Whatever happens, nothing of it is left on the host.
Result<SessionResult> run_session(const RunPlan& plan, Console& console);

/// Undoes what dead runs left: their host changes by their journals, and their containers.
void recover_dead_runs(Console& console);

}  // namespace cbench
