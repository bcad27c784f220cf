// Exporters: frames and decisions as InfluxDB line protocol, to a file or to a server.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "compiler/base/result.h"
#include "runtime/dataframe/frame.h"
#include "runtime/trace/trace.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// Appends line protocol (InfluxDB 2.7, write-data/line-protocol) for one run. Pure: no I/O. A metric without a value is left out;
/// a point without fields is not written.
class LineProtocol {
 public:
  LineProtocol(const RunSpec& spec, const TraceHeader& header, const HostFacts& facts);
  /// benchmark_metrics: a point per running container, and one for the host's row with tag container_name absent.
  void sample(const Frame& frame, std::string& out) const;
  /// benchmark_actions.
  void decision(const Decision& decision, int64_t wall_ns, std::string& out) const;
  /// benchmark_meta, one point a run.
  void meta(const TraceEnd& end, std::string& out) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// Figures of a finished export.
struct ExportReport {
  uint64_t stored = 0, refused = 0, unsent = 0;  ///< lines
  std::string problem;                           ///< why lines were refused or not sent; empty when all were stored
};

/// Sends lines to `POST /api/v2/write` (or /write when org is ""), gzip, at most 5000 a request, by DESIGN's rules: 400 isolates the
/// bad line; 401/403/404 stop; 413 halves; 422 counts; 429/503 honour Retry-After; 5xx and network errors retry with backoff.
class InfluxSender {
 public:
  explicit InfluxSender(const InfluxTarget& target);
  ~InfluxSender();
  /// Blocks until the lines are stored, refused, or given up.
  void send(std::string_view lines);
  [[nodiscard]] ExportReport report() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Exports a recorded trace, as it would have been exported live, to a server or (with an empty `target.host`) as lines to
/// `path`, "-" for standard output. Errors: trace damaged before its first row, path not writable.
Result<ExportReport> export_trace(TraceReader& trace, const RunSpec& spec, const HostFacts& facts, const InfluxTarget& target,
                                  const std::string& path);

}  // namespace cbench
