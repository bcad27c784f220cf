// Run ids: UUIDs of version 7 (RFC 9562), unique across hosts with no server asked, and in the order of time.
#pragma once

#include <string>

namespace cbench {

std::string new_run_id();

}  // namespace cbench
