// What InfluxDB's answer to a write means for the lines of that write. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "stdlib/abi/spec.h"

namespace cbench {

/// One answer, or the failure to get one.
struct WriteAnswer {
  int status = 0;           ///< 0: no answer
  std::string failure;      ///< of the network, when status is 0
  std::string retry_after;  ///< header, as sent; empty when absent
  std::string body;
};

enum class Verdict {
  Stored,
  Isolate,  ///< some line is bad: try halves, a single one is refused
  Halve,    ///< too large: as Isolate, for another reason
  Refuse,   ///< counted, never sent again
  Retry,    ///< later, the same lines
  Stop,     ///< no further write can succeed
};
Verdict verdict(const WriteAnswer& answer);

/// The pause that a Retry-After asks for (seconds or an HTTP date, RFC 9110 section 10.2.3); nullopt when it
/// is absent or neither. Never negative.
std::optional<std::chrono::milliseconds> retry_after(std::string_view header,
                                                     std::chrono::system_clock::time_point now);

/// InfluxDB's own words: `message` (2.x) or `error` (1.x) of a JSON body, else the body's first line; at most
/// 200 bytes.
std::string server_words(const WriteAnswer& answer);

/// One sentence on an answer that ends the export, with the remedy. `where` is the server as shown to the
/// user.
std::string stop_words(const WriteAnswer& answer, const InfluxTarget& target, std::string_view where);

}  // namespace cbench
