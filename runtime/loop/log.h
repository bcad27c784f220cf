// RunLog: what the parts of a run share: its begin, its newest sample, and the two places where everything is
// recorded.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/loop/run.h"

namespace cbench {

class RunLog {
 public:
  explicit RunLog(const RunInputs& inputs) : in_(inputs) {}

  /// The run begins now: times count from here.
  void begin() { t0_ = in_.clock.monotonic_ns(); }
  [[nodiscard]] int64_t t0() const { return t0_; }
  /// Since the begin; 0 before it.
  [[nodiscard]] int64_t now() const { return t0_ < 0 ? 0 : in_.clock.monotonic_ns() - t0_; }

  void event(EventKind kind, int32_t slot = -1, int64_t code = 0, std::string text = "") {
    const TraceEvent event{.kind = kind,
                           .step = in_.frame.step,
                           .time_ns = now(),
                           .wall_ns = in_.clock.wall_ns(),
                           .slot = slot,
                           .code = code,
                           .text = std::move(text)};
    in_.trace.event(event);
    in_.observer.event(event);
    if (in_.sink != nullptr) in_.sink->event(event);
  }
  void sample() {
    in_.trace.sample(in_.frame);
    in_.observer.sample(in_.frame);
    if (in_.sink != nullptr) in_.sink->sample(in_.frame);
  }
  void decision(const Decision& decision, int64_t wall_ns) {
    in_.trace.decision(decision, wall_ns);
    in_.observer.decision(decision);
    if (in_.sink != nullptr) in_.sink->decision(decision);
  }
  /// Something that makes the run fail.
  void problem(std::string text) {
    in_.observer.log(RunObserver::Level::Error, text);
    problems_.push_back(std::move(text));
  }
  void say(RunObserver::Level level, const std::string& text) { in_.observer.log(level, text); }
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

 private:
  const RunInputs& in_;
  int64_t t0_ = -1;
  std::vector<std::string> problems_;
};

/// "message: hint", or the message alone.
inline std::string in_words(const Error& error) {
  return error.hint.empty() ? error.message : error.message + ": " + error.hint;
}

}  // namespace cbench
