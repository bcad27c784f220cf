// The trace: one Arrow IPC stream that holds a run's metadata, samples, decisions and events, in the order in which they
// happened (docs/trace.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/dataframe/frame.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

inline constexpr int kTraceVersion = 1;

/// The schema's metadata: everything that a replay needs.
struct TraceHeader {
  std::string run_id;       ///< UUIDv7
  std::string cbench_version;
  std::string config_path, config_text;  ///< secrets masked
  std::vector<std::pair<std::string, std::string>> variables;  ///< of the configuration, secrets left out
  std::vector<ImportedText> imports;     ///< files that the configuration reads, secrets masked
  std::optional<uint64_t> seed;          ///< of generated containers
  double time_scale = 1;                 ///< the configuration's times were divided by it
  std::string policy_path, policy_text;  ///< empty without a policy
  std::vector<std::pair<std::string, std::string>> params;     ///< as set on the command line or in the YAML
  std::string host_json;    ///< HostFacts
  std::string mode, engine;
  std::string observer;     ///< how the sampling thread ran: "CPUs 3, memory locked"
  bool degraded = false;    ///< rules whose metrics the host lacks stay silent
  int64_t start_wall_ns = 0;
  int64_t step_ns = 0;
  std::vector<Metric> columns;
  std::vector<std::string> container_names;  ///< by slot
  Plan plan;                ///< names, classes, params, rules, needs and acts of the policy; not its code
};

/// What happened beside samples and decisions. Frozen names: they are stored in traces.
enum class EventKind : uint8_t { Begin, Admit, Start, Stop, Exit, ApplyFailed, PolicyFault, PolicyStop, DeadlineMiss, MissedSteps, RuleSilent, Signal, End, Interference, Image };
inline constexpr std::string_view kEventNames[] = {"begin", "admit", "start", "stop", "exit", "apply_failed", "policy_fault", "policy_stop", "deadline_miss", "missed_steps", "rule_silent", "signal", "end", "interference", "image"};

struct TraceEvent {
  EventKind kind{};
  int64_t step = 0, time_ns = 0, wall_ns = 0;
  int32_t slot = -1;
  int64_t code = 0;     ///< exit code, number of missed steps, index of the failed decision …
  std::string text;     ///< Admit and Start: the CPU list in force; Image: its id and, after a blank, its digest; otherwise words
};

/// How the run ended; the last row of a complete trace.
struct TraceEnd {
  int64_t step = 0, time_ns = 0, wall_ns = 0;
  std::string outcome;  ///< ok, failed, interrupted
  std::string text;     ///< why
  int64_t samples = 0, missed_steps = 0;
};

/// Writes record batches of at most a second; every batch that was flushed survives a kill -9.
class TraceWriter {
 public:
  /// Creates the file (it must not exist) and writes the schema. Errors: path not writable (RunFailed).
  static Result<std::unique_ptr<TraceWriter>> create(const std::string& path, const TraceHeader& header);
  ~TraceWriter();

  /// A row per running container, and one for the host. The frame has the header's columns and containers.
  void sample(const Frame& frame);
  void decision(const Decision& decision, int64_t wall_ns);
  void event(const TraceEvent& event);
  /// Writes the rows collected so far as one batch, all or nothing. Errors (RunFailed): disk full and the like; rows then stay for
  /// the next try. Beyond 32 MiB further rows are dropped; a MissedSteps event then says how many samples are gone.
  Result<> flush();
  /// Writes the end row and the stream's end mark, and compacts the batches into larger ones (by a temporary file and rename). After
  /// an error it may be called again. A trace that cannot be compacted is complete as it is, which is no error.
  Result<> close(const TraceEnd& end);
  [[nodiscard]] int64_t rows() const;
  /// What waits for the next flush: its cost grows with it.
  [[nodiscard]] size_t pending_bytes() const;

 private:
  struct Impl;
  explicit TraceWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One step's sample has been read into the reader's frame.
struct SampleMark {};
using TraceItem = std::variant<SampleMark, Decision, TraceEvent, TraceEnd>;

/// Reads a trace in order. A truncated file gives its readable prefix.
class TraceReader {
 public:
  /// Errors (Invalid): not a trace, a newer version, a damaged schema.
  static Result<std::unique_ptr<TraceReader>> open(const std::string& path);
  ~TraceReader();

  [[nodiscard]] const TraceHeader& header() const;
  /// Of the last SampleMark. Cells of containers that did not run are Stopped.
  [[nodiscard]] const Frame& frame() const;
  /// The next item; nullopt at the end. Errors (Invalid): a damaged batch, with the byte offset; nothing is read after it.
  Result<std::optional<TraceItem>> next();
  /// True after the last item when there was no `end` row: the run was cut off.
  [[nodiscard]] bool truncated() const;

 private:
  struct Impl;
  explicit TraceReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbench
