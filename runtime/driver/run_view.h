// What a person sees of a run: plain data in, lines of a terminal out. No terminal, no clock and no thread is
// here.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "runtime/driver/view_text.h"
#include "runtime/loop/run.h"
#include "stdlib/abi/decision.h"

namespace cbench {

/// The newest CPU figures of a container, oldest first.
class Sparks {
 public:
  static constexpr size_t kMost = 30;
  void push(double value) {
    if (size_ == kMost) std::move(values_.begin() + 1, values_.end(), values_.begin());
    if (size_ < kMost) ++size_;
    values_[size_ - 1] = static_cast<float>(value);
  }
  [[nodiscard]] std::span<const float> last(size_t count) const {
    const size_t shown = std::min(count, size_);
    return {values_.data() + size_ - shown, shown};
  }

 private:
  std::array<float, kMost> values_{};
  size_t size_ = 0;
};

struct RunView {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  struct Row {
    std::string name;
    bool important = false;  ///< `critical` or `priority`: kept where not all rows fit
    // While it is prepared.
    std::string doing{};
    double fraction = -1;  ///< of what is done; negative: not known
    bool prepared = false;
    // While it runs.
    ContainerState state = ContainerState::Waiting;
    bool paused = false;
    bool sampled = false;  ///< figures have come, or are known not to
    double cpu_percent = kNone, ipc = kNone, memory_bytes = kNone;  ///< NaN: not measured
    std::string cls{}, cores{};
    std::optional<ExitNotice> exit{};
    Sparks sparks{};
  };
  struct Action {
    int64_t time_ns = 0;
    std::string what;
    Outcome outcome{};
    std::string reason{};
    int64_t times = 1;  ///< that it came in a row
  };
  enum class Phase : uint8_t { Preparing, Measuring, Ending };

  std::string name, policy, mode;  ///< `policy` is empty without one
  Phase phase = Phase::Preparing;
  int64_t elapsed_ns = 0, total_ns = 0, steps = 0, missed_steps = 0;
  std::vector<std::string> classes{};  ///< empty: no column for them
  std::vector<Row> rows{};
  std::vector<Action> actions{};  ///< the newest last
};

/// At most so many lines as the screen has rows but one, none wider than it has columns but one.
std::vector<ViewLine> draw(const RunView& view, const Screen& screen);

}  // namespace cbench
