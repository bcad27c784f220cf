// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of a batch's body and of the header.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cbench::trace {

/// Checksum of `size` bytes; `seed` is the checksum of what came before them.
uint32_t crc32c(const void* data, size_t size, uint32_t seed = 0);

}  // namespace cbench::trace
