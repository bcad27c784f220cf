// SHA-256 of a text, so that a recorded policy can be compared with a file by sha256sum(1).
#pragma once

#include <string>
#include <string_view>

namespace cbench {

/// 64 lower-case hexadecimal digits (FIPS 180-4).
std::string sha256_hex(std::string_view text);

}  // namespace cbench
