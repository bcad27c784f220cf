// Terminal: lines that are redrawn in place at the end of what a terminal shows, while others scroll by above
// them. It is never waited for.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/driver/view_text.h"

namespace cbench {

/// Does the environment ask for colours (NO_COLOR, TERM) on a terminal?
bool wants_colour();

class Terminal {
 public:
  /// The terminal behind `fd`, by a description of its own, whose writes do not wait; `fd` itself, which
  /// other programs share, stays as it is. Null when there is none, when it cannot move its cursor
  /// (TERM=dumb), or when we are in its background.
  static std::unique_ptr<Terminal> open(int fd);
  /// Leaves the cursor visible.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// As it is now: it may have been resized.
  [[nodiscard]] Screen screen() const;
  /// Does it take a frame now? Not while it is stopped (ctrl-S), has not taken the last one, or is another
  /// job's.
  bool ready();
  /// When ready: `above` scrolls by (whole lines), `frame` stands below it in place of the last frame.
  void show(const std::vector<ViewLine>& frame, std::string_view above);
  /// Takes the frame away and lets `above` stand in its place. Waits so long for the terminal, and is to be
  /// called again when that was too short (false).
  bool clear(std::string_view above, std::chrono::milliseconds patience);

 private:
  explicit Terminal(int fd);
  /// Rows that the last frame takes on a terminal that has become `columns` wide.
  [[nodiscard]] size_t rows_taken(size_t columns) const;
  void go_to_top(std::string& out, size_t columns);
  /// Writes what waits as far as the terminal takes it. Is nothing left?
  bool write_out();

  int fd_;
  Screen kind_;
  std::vector<size_t> widths_;  ///< of the lines of the frame that it shows
  std::string waiting_;
};

}  // namespace cbench
