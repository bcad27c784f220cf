// RunWatch: takes what the loop tells of a run to a thread of its own, where it is shown. The loop's thread
// copies, and waits for nobody: not for a terminal, not for a pipe, and not for the other thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/driver/run_news.h"

namespace cbench {

class RunWatch final : public RunObserver {
 public:
  /// `faces` take everything in this order. Without faces there is no thread. The thread has the CPUs of the
  /// one that makes it, and gives way to everybody there. `all`: also decisions that did nothing to the host.
  RunWatch(const RunFacts& facts, std::vector<std::unique_ptr<RunFace>> faces, bool all);
  /// Waits until the faces have ended.
  ~RunWatch() override;
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  void preparing(size_t slot, const std::string& what, double fraction) override;
  void prepared(size_t slot) override { tell(Prepared{slot}); }
  void sample(const Frame& frame) override {
    if (!faces_.empty()) tap_.take(frame);
  }
  void decision(const Decision& decision) override;
  void event(const TraceEvent& event) override;
  void progress(const Progress& progress) override;
  void log(Level level, const std::string& text) override { tell(Said{level, text}); }

  /// The run is over: the faces end. Waits for that no longer than `patience`.
  void end(std::chrono::milliseconds patience);

 private:
  /// What is handed over at a time, and waits for it; beyond that news are left out.
  static constexpr size_t kMostNews = 1 << 16;

  void tell(News news);
  /// While it is measured only if that needs no waiting; what is left goes with the next.
  void hand_over();
  void show();

  std::vector<std::unique_ptr<RunFace>> faces_;
  bool all_;

  // The loop's thread.
  FigureTap tap_;
  LiveFigures figures_;
  std::vector<News> news_;
  int64_t omitted_ = 0;
  bool measuring_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  LiveFigures handed_figures_;
  std::vector<News> handed_news_;
  bool over_ = false, ended_ = false;
  std::thread thread_;
};

}  // namespace cbench
