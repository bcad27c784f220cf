// LiveExporter: sends a run's lines to InfluxDB while it runs, on a thread of its own, so that no server can
// delay a step.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "runtime/exporters/exporter.h"

namespace cbench {

class LiveExporter {
 public:
  /// `queue_bytes` bounds the lines that wait in memory.
  explicit LiveExporter(const InfluxTarget& target, size_t queue_bytes = 4 << 20,
                        const SendLimits& limits = {});
  ~LiveExporter();  ///< breaks off what is still under way
  LiveExporter(const LiveExporter&) = delete;
  LiveExporter& operator=(const LiveExporter&) = delete;

  /// Queues whole lines. Never waits for the server: lines that do not fit into the queue are counted as
  /// unsent (the trace holds them, `cbench export` sends them later).
  void push(std::string lines);
  /// Sends what is queued, for at most `timeout`, and ends the thread. Lines pushed afterwards count as
  /// unsent.
  ExportReport finish(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbench
