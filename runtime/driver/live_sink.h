// LiveSink: writes a run as line protocol while it runs, to a file, to InfluxDB, or to both.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/live_exporter.h"
#include "runtime/loop/edges.h"

namespace cbench {

class LiveSink final : public RunSink {
 public:
  /// `path`: file for the lines, empty for none. `target`: server, null for none. Errors: path not writable
  /// (ExportPartial).
  static Result<std::unique_ptr<LiveSink>> open(LineProtocol lines, const std::string& path,
                                                const InfluxTarget* target);
  ~LiveSink() override;
  LiveSink(const LiveSink&) = delete;
  LiveSink& operator=(const LiveSink&) = delete;

  void sample(const Frame& frame) override;
  void decision(const Decision& decision) override;
  void event(const TraceEvent& event) override { lines_.event(event); }

  /// Writes the run's own point and waits a while for the server. `problem` of the report says what was not
  /// stored.
  ExportReport finish(const TraceEnd& end);

 private:
  explicit LiveSink(LineProtocol lines) : lines_(std::move(lines)) {}
  void hand_over();

  LineProtocol lines_;
  std::string pending_;
  int64_t handed_over_ns_ = 0;
  std::FILE* file_ = nullptr;
  std::string path_, file_problem_;
  std::optional<LiveExporter> server_;
};

}  // namespace cbench
