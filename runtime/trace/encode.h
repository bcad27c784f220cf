// Arrow IPC messages, written: schema, dictionary and record batches, each appended to a buffer of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/trace/column.h"

namespace cbench::trace {

/// Messages, their bodies and the buffers in them begin at multiples of this (the format's recommendation).
inline constexpr size_t kAlignment = 64;
/// Key of the checksum in a message's own metadata: 8 hex digits.
inline constexpr const char* kChecksumKey = "cbench.crc32c";

using Bytes = std::vector<uint8_t>;
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The checksum of a message: of its metadata, in which the digits at `digits` count as zeros, and of its
/// body after that.
std::string checksum(std::span<const uint8_t> metadata, size_t digits, std::span<const uint8_t> body);

/// Appends the schema message; dictionary columns get the ids 0, 1, 2 …
void append_schema(const std::vector<Field>& fields, const Metadata& metadata, Bytes& out);
/// Appends a whole dictionary. The first with an id defines it, a later one replaces it.
void append_dictionary(int64_t id, const ColumnBuffer& strings, Bytes& out);
/// Appends a record batch; all columns have `rows` rows.
void append_batch(const std::vector<ColumnBuffer>& columns, size_t rows, Bytes& out);
/// Appends the mark that ends a stream.
void append_end(Bytes& out);

}  // namespace cbench::trace
