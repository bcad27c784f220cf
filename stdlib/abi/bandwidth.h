// Which of the two ways to allocate memory bandwidth a host has.
#pragma once

#include <string_view>

#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"

namespace cbench {

/// Why the host cannot do a Mb or MbRate because it counts in the other's unit; empty for any other reason or
/// action.
constexpr std::string_view why_not_mb(Verb verb, const RdtFacts& facts) {
  if (verb == Verb::Mb && facts.mb_kind() == MbKind::Rate)
    return "`mb` is a percentage, and this host allocates memory bandwidth in bytes a second";
  if (verb == Verb::MbRate && facts.mb_kind() == MbKind::Percent)
    return "`mb_rate` is in bytes a second, and this host allocates memory bandwidth in percent";
  return "";
}
inline constexpr std::string_view kMbRemedy =
    "a policy that does both asks first: `if host.mb_kind == percent { mb(…) = … } else { mb_rate(…) = … }`";

}  // namespace cbench
