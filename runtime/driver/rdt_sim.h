// A simulated resctrl for one run: `cbench-resctrl-sim` is started, mounted in a folder of its own, and ended
// with the run (docs/resctrl-sim.md).
#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "compiler/base/result.h"
#include "runtime/host/journal_folder.h"

namespace cbench {

class RdtSimulator {
 public:
  /// Starts it and waits until it is mounted. Errors (HostLacks): the program is not installed, no /dev/fuse;
  /// (Usage): there is no such profile. They are the simulator's own words.
  static Result<std::unique_ptr<RdtSimulator>> start(const std::string& profile);
  /// Unmounts. The simulator also ends by itself when this process does, however that dies.
  ~RdtSimulator();
  RdtSimulator(const RdtSimulator&) = delete;
  RdtSimulator& operator=(const RdtSimulator&) = delete;

  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  RdtSimulator() = default;
  Result<> spawn(const std::string& profile);

  std::string root_;
  pid_t pid_ = -1;
  Descriptor alive_;  ///< the write end of a pipe whose closing tells the simulator that we are gone
};

}  // namespace cbench
