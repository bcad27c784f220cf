// Faults that a test asks the simulation for: an operation on a file fails, is slow, or hangs.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/resctrl_sim/schemata.h"

namespace cbench::sim {

class Faults {
 public:
  /// A line `OP PATTERN N WHAT`: OP is read, write, mkdir or rmdir; PATTERN a shell pattern for the path
  /// below the root; N the how-manieth such call from now on, `*`: each; WHAT an errno's name, `hang` or
  /// `slow=MS`. `clear` or an empty line forgets them all and lets go what hangs.
  Outcome add(std::string_view line);
  /// The lines, and how often each has struck.
  std::string show();
  /// What strikes this call: 0 or an errno. A hang returns EINTR when `interrupted` says so, or 0 once it is
  /// cleared; other calls go on meanwhile.
  int strike(std::string_view op, const std::string& path, const std::function<bool()>& interrupted);

 private:
  struct Fault {
    std::string op, pattern, what;
    uint64_t nth = 0;  ///< 0: each
    int error = 0;
    int64_t slow_ms = 0;
    bool hangs = false;
    uint64_t seen = 0, struck = 0;
  };
  std::mutex mutex_;
  std::condition_variable cleared_;
  uint64_t generation_ = 0;  ///< counts clearings
  std::list<Fault> faults_;
};

}  // namespace cbench::sim
