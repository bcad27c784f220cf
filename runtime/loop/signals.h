// SignalWatch: SIGINT, SIGTERM and SIGHUP as a descriptor, for as long as it lives.
#pragma once

#include <csignal>

namespace cbench {

class SignalWatch {
 public:
  /// Blocks the signals in this thread and those it makes. An engine resets the mask in the processes that it
  /// starts.
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// The next signal that came; 0 when there is none.
  int take();

 private:
  sigset_t before_{};
  int fd_ = -1;
};

}  // namespace cbench
