// The queue of what an engine has to tell, exits and interferences, and the descriptor that says that there
// is something.
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
  void push(Interference interference);
  /// All of the kind so far. The descriptor is no longer readable when nothing of either kind is left.
  std::vector<ExitNotice> take();
  std::vector<Interference> take_interferences();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  template <class T>
  void add(std::vector<T>& queue, T what);
  template <class T>
  std::vector<T> all_of(std::vector<T>& queue);

  int fd_;
  std::mutex mutex_;
  std::vector<ExitNotice> notices_;
  std::vector<Interference> interferences_;
};

}  // namespace cbench
