// WriteRequest: one kept-open HTTP connection to InfluxDB's write endpoint.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/write_rules.h"

namespace cbench {

class WriteRequest {
 public:
  WriteRequest(const InfluxTarget& target, const SendLimits& limits);
  ~WriteRequest();
  WriteRequest(const WriteRequest&) = delete;
  WriteRequest& operator=(const WriteRequest&) = delete;

  /// Why nothing can be sent to this target; empty when it can.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// The server's address as shown to users: no credentials, no query.
  [[nodiscard]] const std::string& where() const { return where_; }
  /// Compresses and posts the lines. Is broken off at `stop_ns` (of the steady clock). The answer's texts
  /// hold no secret of ours.
  WriteAnswer post(std::string_view lines, const std::atomic<int64_t>& stop_ns);

 private:
  struct Curl;
  std::string mask(std::string text) const;

  InfluxTarget target_;
  std::string problem_, where_, body_;
  std::unique_ptr<Curl> curl_;
};

}  // namespace cbench
