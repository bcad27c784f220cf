// What the docker engine makes of the daemon's event stream (GET /events). No I/O: bytes in, events and words
// out; any bytes are survived.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/engines/docker_json.h"

namespace cbench {

/// What was done to a container, as the end of a sentence that begins with its name: "was paused by somebody
/// else". Empty for an event that disturbs no measurement, or that another one tells as well.
std::string act_in_words(const DaemonEvent& event);

/// Cuts streams into events. One stream may follow another that broke: it is asked for what happened since
/// since_ns(), which is inclusive, and what has been given already is not given again.
class EventLines {
 public:
  /// `since_ns`: wall clock; nothing before it is of interest.
  explicit EventLines(int64_t since_ns = 0) : since_ns_(since_ns) {}

  /// The events that `bytes` complete. A line that is no event of a container, or is longer than a megabyte,
  /// is left out.
  std::vector<DaemonEvent> feed(std::string_view bytes);
  /// A new stream begins: half a line of the old one is dropped.
  void begin();
  [[nodiscard]] int64_t since_ns() const { return since_ns_; }

 private:
  [[nodiscard]] bool is_new(const std::string& line, int64_t time_ns);

  std::string line_;
  bool too_long_ = false;
  int64_t since_ns_;                 ///< of the newest event
  std::vector<std::string> newest_;  ///< the lines of that time
};

}  // namespace cbench
