// Numbers as a policy's texts show them: {x} and {why}.
#pragma once

#include <cstdint>
#include <string_view>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// A short decimal with its unit: 83.1%, 15.2mpki, 512KiB, 340ms. `value` is in canonical units. Writes at
/// most `size` bytes and returns what it wrote; no allocation.
std::string_view format_value(double value, Unit unit, char* buffer, size_t size);
/// The same for integers; times are ns.
std::string_view format_value(int64_t value, Unit unit, char* buffer, size_t size);

}  // namespace cbench
