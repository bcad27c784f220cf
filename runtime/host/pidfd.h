// A process held by a descriptor: its number may come to mean another process, the descriptor does not.
#pragma once

#include <cstdint>

namespace cbench {

class Pidfd {
 public:
  /// Nobody's: has ended.
  Pidfd() = default;
  /// Of a process in our pid namespace.
  explicit Pidfd(int64_t pid);
  ~Pidfd() { close(); }
  Pidfd(Pidfd&& other) noexcept;
  Pidfd& operator=(Pidfd&& other) noexcept;
  Pidfd(const Pidfd&) = delete;
  Pidfd& operator=(const Pidfd&) = delete;

  /// Has the process ended, whether its parent has waited for it or not? False where nobody can tell: a
  /// kernel before 5.3, no descriptor left. Allocates nothing.
  [[nodiscard]] bool has_ended() const;

 private:
  void close();

  int fd_ = -1;
  bool ended_ = true;  ///< without a descriptor
};

}  // namespace cbench
