// Exporters: frames and decisions as InfluxDB line protocol, to a file or to a server.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "runtime/dataframe/frame.h"
#include "runtime/trace/trace.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// Appends line protocol (InfluxDB 2.7, write-data/line-protocol) for one run. No I/O. A metric without a
/// value is left out; a point without fields is not written. Called in the order in which things happen (that
/// of the trace), a live run and the export of its trace give the same bytes.
class LineProtocol {
 public:
  LineProtocol(const RunSpec& spec, const TraceHeader& header, const HostFacts& facts);
  ~LineProtocol();
  LineProtocol(LineProtocol&&) noexcept;
  LineProtocol& operator=(LineProtocol&&) noexcept;

  /// Takes the CPU list of a container's first Start as its tag container_core. Other events are not
  /// exported.
  void event(const TraceEvent& event);
  /// benchmark_metrics: a point per running container, and one for the host's row without container tags.
  void sample(const Frame& frame, std::string& out);
  /// benchmark_actions. Its time is that of the step's sample plus the ordinal in ns, moved on where two
  /// would be the same; of a decision outside of the last sample's step, the run's begin plus `time_ns`.
  void decision(const Decision& decision, std::string& out);
  /// benchmark_meta, one point a run, at the run's begin, so that a second export replaces it.
  void meta(const TraceEnd& end, std::string& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Figures of a finished export.
struct ExportReport {
  uint64_t stored = 0, refused = 0, unsent = 0;  ///< lines
  std::string problem;  ///< why lines were refused or not sent; empty when all were stored
};

/// How hard an InfluxSender tries.
struct SendLimits {
  size_t request_lines = 5000;
  size_t request_bytes = 2 << 20;                    ///< before compression
  std::chrono::milliseconds first_pause{250};        ///< doubled with each failure in a row
  std::chrono::milliseconds longest_pause{30'000};   ///< also the most that a Retry-After is given
  std::chrono::milliseconds give_up_after{120'000};  ///< of failures without a success between them
  std::chrono::milliseconds connect_timeout{5'000}, request_timeout{30'000};
};

/// Sends lines to `POST /api/v2/write` (or /write when org is ""), gzip, at most 5000 a request: 204 is
/// stored; 400 isolates the bad line; 401/403/404 stop; 413 halves; 422 counts; 429/503 honour Retry-After;
/// 5xx and network errors retry with backoff. After it has given up once, it tries at most once every
/// `longest_pause` until a request succeeds again.
class InfluxSender {
 public:
  explicit InfluxSender(const InfluxTarget& target, const SendLimits& limits = {});
  ~InfluxSender();
  /// Blocks until the lines are stored, refused, or given up.
  void send(std::string_view lines);
  /// What is not stored by then is unsent; also breaks off a pause or a request. May be called from another
  /// thread.
  void stop_at(std::chrono::steady_clock::time_point time);
  [[nodiscard]] ExportReport report() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Exports a recorded trace, as it would have been exported live, to a server or (with an empty
/// `target.host`) as lines to `path`, "-" for standard output. A trace that was cut off or is damaged later
/// on gives what can be read. Errors: trace damaged before its first row or of other containers than `spec`
/// (Invalid), path not writable (ExportPartial).
Result<ExportReport> export_trace(TraceReader& trace, const RunSpec& spec, const HostFacts& facts,
                                  const InfluxTarget& target, const std::string& path);

}  // namespace cbench
