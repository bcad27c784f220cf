// Settlement: the decisions of one policy call on their way to the record. A live run settles them with what
// the host did, a replay with what the trace says that the host did.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "stdlib/abi/abi.h"
#include "stdlib/abi/decision.h"
#include "stdlib/abi/spec.h"
#include "stdlib/intrinsics/allocation.h"

namespace cbench {

/// Deadline misses in a row after which a policy is stopped.
inline constexpr int kMostDeadlineMisses = 3;
/// Changes in a row that the host refuses, after which it is.
inline constexpr int kMostFailures = 10;

/// The reason of a change that was undone because another of its decision failed; that one's is the
/// decision's.
inline constexpr const char* kTakenBack = "taken back, since another part of it was refused";

class Settlement {
 public:
  /// `mode` is Act or Advise. `stopped`: the policy faulted or stopped in this call, so nothing of it is
  /// carried out.
  Settlement(abi::Event event, Mode mode, bool stopped, std::vector<Decision> decisions,
             std::vector<Change> changes)
      : event_(event),
        mode_(mode),
        stopped_(stopped),
        decisions_(std::move(decisions)),
        changes_(std::move(changes)) {
    if (stopped_) changes_.clear();
  }

  [[nodiscard]] const std::vector<Change>& changes() const { return changes_; }
  /// A change was made (or, in advise, would be), so long after the sample that it was decided on; -1: not
  /// known. A decision fails when any of its changes does, and its latency is that of the last.
  void applied(size_t change, int64_t latency_ns = -1);
  void failed(size_t change, const std::string& reason);
  /// The decisions with their final outcomes.
  std::vector<Decision> finish();

 private:
  abi::Event event_;
  Mode mode_;
  bool stopped_;
  std::vector<Decision> decisions_;
  std::vector<Change> changes_;
};

}  // namespace cbench
