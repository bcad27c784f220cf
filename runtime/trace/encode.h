// Arrow IPC messages, written: schema, dictionary and record batches, each appended to a buffer of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/trace/column.h"

namespace cbench::trace {

/// Messages, their bodies and the buffers in them begin at multiples of this (the format's recommendation).
inline constexpr size_t kAlignment = 64;
/// Key of the checksum in a message's metadata (of its body) and in the schema's (of the pairs before it): 8
/// hex digits.
inline constexpr const char* kChecksumKey = "cbench.crc32c";

using Bytes = std::vector<uint8_t>;
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// `crc` as 8 hex digits.
std::string checksum_text(uint32_t crc);
/// Checksum of the pairs of the schema's metadata.
uint32_t checksum(const Metadata& metadata);

/// Appends the schema message; dictionary columns get the ids 0, 1, 2 …
void append_schema(const std::vector<Field>& fields, const Metadata& metadata, Bytes& out);
/// Appends a whole dictionary. The first with an id defines it, a later one replaces it.
void append_dictionary(int64_t id, const ColumnBuffer& strings, Bytes& out);
/// Appends a record batch; all columns have `rows` rows.
void append_batch(const std::vector<ColumnBuffer>& columns, size_t rows, Bytes& out);
/// Appends the mark that ends a stream.
void append_end(Bytes& out);

}  // namespace cbench::trace
