#include "runtime/driver/live_sink.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

namespace cbench {
namespace {

constexpr size_t kHandOverBytes = 64 << 10;
constexpr int64_t kHandOverNs = 1'000'000'000;
/// How long a run's end waits for the server; what is not stored by then `cbench export` sends.
constexpr std::chrono::seconds kFinishPatience{30};

}  // namespace

Result<std::unique_ptr<LiveSink>> LiveSink::open(LineProtocol lines, const std::string& path,
                                                 const InfluxTarget* target) {
  std::unique_ptr<LiveSink> sink(new LiveSink(std::move(lines)));
  if (!path.empty()) {
    sink->path_ = path;
    sink->file_ = std::fopen(path.c_str(), "we");
    if (sink->file_ == nullptr)
      return Error{Exit::ExportPartial, fmt::format("cannot write {}: {}", path, std::strerror(errno)), ""};
  }
  if (target != nullptr) sink->server_.emplace(*target);
  return sink;
}

LiveSink::~LiveSink() {
  if (file_ != nullptr) std::fclose(file_);
}

void LiveSink::sample(const Frame& frame) {
  lines_.sample(frame, pending_);
  if (pending_.size() < kHandOverBytes && frame.now_ns - handed_over_ns_ < kHandOverNs) return;
  handed_over_ns_ = frame.now_ns;
  hand_over();
}

void LiveSink::decision(const Decision& decision) { lines_.decision(decision, pending_); }

void LiveSink::hand_over() {
  if (pending_.empty()) return;
  if (file_ != nullptr && file_problem_.empty() &&
      (std::fwrite(pending_.data(), 1, pending_.size(), file_) != pending_.size() || std::fflush(file_) != 0))
    file_problem_ = fmt::format("cannot write {}: {}", path_, std::strerror(errno));
  if (server_) server_->push(std::move(pending_));
  pending_.clear();
}

ExportReport LiveSink::finish(const TraceEnd& end) {
  lines_.meta(end, pending_);
  hand_over();
  ExportReport report;
  if (server_) report = server_->finish(kFinishPatience);
  if (file_ != nullptr && std::fclose(std::exchange(file_, nullptr)) != 0 && file_problem_.empty())
    file_problem_ = fmt::format("cannot write {}: {}", path_, std::strerror(errno));
  if (!file_problem_.empty()) report.problem += (report.problem.empty() ? "" : "; ") + file_problem_;
  return report;
}

}  // namespace cbench
