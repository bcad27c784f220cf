// Result<T>: a value, or the one Error that a command ends with. For compile-time mistakes, of which there are many at
// once, see diagnostic.h.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace cbench {

/// Exit codes of the command line (docs/cli.md).
enum class Exit : int {
  Ok = 0,
  RunFailed = 1,    ///< the run, a policy or a container failed
  Usage = 2,
  Invalid = 3,      ///< configuration or policy is invalid
  HostLacks = 4,    ///< the host lacks something
  ExportPartial = 5 ///< not everything could be exported
};

struct Error {
  Exit exit = Exit::RunFailed;
  std::string message;  ///< what happened, lower case, no full stop
  std::string hint;     ///< what the user can do; may be empty
};

/// The value of a Result with nothing to say.
struct Done {};

template <class T = Done>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  [[nodiscard]] Error& error() { return std::get<1>(state_); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace cbench
