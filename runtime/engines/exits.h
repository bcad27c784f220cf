// The queue of exit notices of an engine and the descriptor that tells of them.
#pragma once

#include <mutex>
#include <vector>

#include "runtime/engines/engine.h"

namespace cbench {

/// Filled by an engine's threads, emptied by the step loop.
class ExitQueue {
 public:
  ExitQueue();
  ~ExitQueue();
  ExitQueue(const ExitQueue&) = delete;
  ExitQueue& operator=(const ExitQueue&) = delete;

  void push(ExitNotice notice);
  /// All notices so far; the descriptor is no longer readable then.
  std::vector<ExitNotice> take();
  /// Readable when take() has something.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  std::mutex mutex_;
  std::vector<ExitNotice> notices_;
};

}  // namespace cbench
