// Shadow::Reason: why an action is refused, for the files that make refusals.
#pragma once

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "stdlib/intrinsics/shadow.h"

namespace cbench {

/// Writes the reason of a refusal into the shadow's buffer.
class Shadow::Reason {
 public:
  template <class... A>
  Reason(Shadow& shadow, fmt::format_string<A...> format, A&&... arguments) {
    const auto result =
        fmt::format_to_n(shadow.reason_, sizeof shadow.reason_, format, std::forward<A>(arguments)...);
    shadow.reason_length_ = std::min(sizeof shadow.reason_, result.size);
  }
};

}  // namespace cbench
