#include "runtime/exporters/live_exporter.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "runtime/exporters/line_syntax.h"

namespace cbench {
namespace {

constexpr std::chrono::seconds kLinger{
    1};  // lines wait this long for others, so that a request is worth its round trip

}  // namespace

struct LiveExporter::Impl {
  Impl(const InfluxTarget& target, size_t bytes, const SendLimits& limits)
      : sender(target, limits),
        queue_bytes(bytes),
        request_bytes(std::min(limits.request_bytes, bytes / 2)) {}

  void run() {
    for (;;) {
      std::string lines;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return finishing || !queue.empty(); });
        wake.wait_for(lock, kLinger, [&] { return finishing || queued >= request_bytes; });
        if (queue.empty()) break;
        while (!queue.empty() && (lines.empty() || lines.size() + queue.front().size() <= request_bytes)) {
          lines += queue.front();
          queue.pop_front();
        }
        queued -= lines.size();
      }
      sender.send(lines);
    }
  }

  void end(std::chrono::steady_clock::time_point time) {
    {
      const std::lock_guard lock(mutex);
      finishing = true;
    }
    sender.stop_at(time);
    wake.notify_all();
    if (thread.joinable()) thread.join();
  }

  InfluxSender sender;
  const size_t queue_bytes, request_bytes;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::string> queue;
  size_t queued = 0;  ///< bytes in `queue`
  uint64_t dropped = 0;
  bool finishing = false;
  std::thread thread;
};

LiveExporter::LiveExporter(const InfluxTarget& target, size_t queue_bytes, const SendLimits& limits)
    : impl_(std::make_unique<Impl>(target, queue_bytes, limits)) {
  impl_->thread = std::thread([this] { impl_->run(); });
}

LiveExporter::~LiveExporter() { impl_->end(std::chrono::steady_clock::now()); }

void LiveExporter::push(std::string lines) {
  if (lines.empty()) return;
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->finishing && impl_->queued + lines.size() <= impl_->queue_bytes) {
      impl_->queued += lines.size();
      impl_->queue.push_back(std::move(lines));
      lines.clear();
    }
  }
  if (lines.empty()) {
    impl_->wake.notify_one();
    return;
  }
  const uint64_t count = count_points(lines);
  const std::lock_guard lock(impl_->mutex);
  impl_->dropped += count;
}

ExportReport LiveExporter::finish(std::chrono::milliseconds timeout) {
  impl_->end(std::chrono::steady_clock::now() + timeout);
  ExportReport report = impl_->sender.report();
  const std::lock_guard lock(impl_->mutex);
  if (impl_->dropped > 0) {
    report.unsent += impl_->dropped;
    if (!report.problem.empty()) report.problem += "; ";
    report.problem +=
        std::to_string(impl_->dropped) +
        " lines did not fit into the queue of the live export; the trace holds them: cbench export";
  }
  return report;
}

}  // namespace cbench
