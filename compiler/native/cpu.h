// What this CPU is and can do, as far as a code generator asks.
#pragma once

#include <string>

namespace cbench {

/// The same on machines for which the same code is generated. Not for reading.
std::string cpu_identity();

}  // namespace cbench
