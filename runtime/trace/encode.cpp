#include "runtime/trace/encode.h"

#include <span>

#include <fmt/format.h>

#include "runtime/trace/arrow_generated.h"
#include "runtime/trace/crc32c.h"

namespace cbench::trace {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr uint32_t kContinuation = 0xFFFFFFFF;

constexpr size_t aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

void append_u32(uint32_t value, Bytes& out) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

Offset<arrow::KeyValue> pair(FlatBufferBuilder& builder, const std::string& key, const std::string& value) {
  const auto key_text = builder.CreateString(key), value_text = builder.CreateString(value);
  return arrow::CreateKeyValue(builder, key_text, value_text);
}

Offset<flatbuffers::Vector<Offset<arrow::KeyValue>>> pairs(FlatBufferBuilder& builder,
                                                           const Metadata& metadata) {
  std::vector<Offset<arrow::KeyValue>> items;
  for (const auto& [key, value] : metadata) items.push_back(pair(builder, key, value));
  return builder.CreateVector(items);
}

// Appends the prefix and the finished message, padded so that the body starts aligned. Returns where the
// message starts.
size_t append_message(const FlatBufferBuilder& builder, Bytes& out) {
  const size_t padded = aligned(8 + builder.GetSize()) - 8;
  append_u32(kContinuation, out);
  append_u32(static_cast<uint32_t>(padded), out);
  const size_t start = out.size();
  out.insert(out.end(), builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  out.resize(start + padded, 0);
  return start;
}

std::pair<arrow::Type, Offset<void>> type_of(FlatBufferBuilder& builder, Type type) {
  switch (type) {
    case Type::U8:
      return {arrow::Type::Int, arrow::CreateInt(builder, 8, false).Union()};
    case Type::I32:
      return {arrow::Type::Int, arrow::CreateInt(builder, 32, true).Union()};
    case Type::U32:
      return {arrow::Type::Int, arrow::CreateInt(builder, 32, false).Union()};
    case Type::I64:
      return {arrow::Type::Int, arrow::CreateInt(builder, 64, true).Union()};
    case Type::F64:
      return {arrow::Type::FloatingPoint,
              arrow::CreateFloatingPoint(builder, arrow::Precision::DOUBLE).Union()};
    case Type::Timestamp: {
      const auto zone = builder.CreateString("UTC");
      return {arrow::Type::Timestamp,
              arrow::CreateTimestamp(builder, arrow::TimeUnit::NANOSECOND, zone).Union()};
    }
    case Type::Utf8:
    case Type::Dictionary:
      return {arrow::Type::Utf8, arrow::CreateUtf8(builder).Union()};
  }
  return {arrow::Type::NONE, 0};
}

// One buffer of a body and what it is filled from.
struct Part {
  const ColumnBuffer* column;
  enum { Validity, Offsets, Data } what;
};

size_t size_of(const Part& part) {
  switch (part.what) {
    case Part::Validity:
      return part.column->nullable() ? (part.column->rows() + 7) / 8 : 0;
    case Part::Offsets:
      return part.column->offsets().size() * sizeof(int32_t);
    case Part::Data:
      return part.column->data().size();
  }
  return 0;
}

// Bytes of 0 or 1 to bits, lowest first. Eight at a time: the product gathers the bytes' low bits in its top
// byte.
void pack(const std::vector<uint8_t>& flags, uint8_t* bits) {
  size_t i = 0;
  for (; i + 8 <= flags.size(); i += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, flags.data() + i, sizeof eight);
    bits[i / 8] = static_cast<uint8_t>((eight * 0x0102040810204080ULL) >> 56);
  }
  for (; i < flags.size(); ++i) bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | (flags[i] << (i % 8)));
}

void fill(const Part& part, uint8_t* to) {
  const size_t size = size_of(part);
  if (size == 0) return;
  switch (part.what) {
    case Part::Validity:
      pack(part.column->valid(), to);
      break;
    case Part::Offsets:
      std::memcpy(to, part.column->offsets().data(), size);
      break;
    case Part::Data:
      std::memcpy(to, part.column->data().data(), size);
      break;
  }
}

int64_t nulls(const ColumnBuffer& column) {
  if (!column.nullable()) return 0;
  int64_t count = 0;
  for (const uint8_t valid : column.valid()) count += 1 - valid;
  return count;
}

// Appends a batch's message and body; as the data of dictionary `id` when that is not negative.
void append_columns(std::span<const ColumnBuffer> columns, size_t rows, int64_t id, Bytes& out) {
  std::vector<arrow::FieldNode> nodes;
  std::vector<arrow::Buffer> buffers;
  std::vector<Part> parts;
  size_t body = 0;
  for (const ColumnBuffer& column : columns) {
    nodes.emplace_back(static_cast<int64_t>(rows), nulls(column));
    for (const auto what : {Part::Validity, Part::Offsets, Part::Data}) {
      if (what == Part::Offsets && column.type() != Type::Utf8) continue;
      const Part part{&column, what};
      buffers.emplace_back(static_cast<int64_t>(body), static_cast<int64_t>(size_of(part)));
      parts.push_back(part);
      body += aligned(size_of(part));
    }
  }

  FlatBufferBuilder builder(1024 + columns.size() * 64);
  // The checksum stands before what it is the sum of, so its place is kept and filled in at the end.
  const auto sum = builder.CreateString(checksum_text(0));
  const auto key = builder.CreateString(kChecksumKey);
  const std::vector<Offset<arrow::KeyValue>> metadata = {arrow::CreateKeyValue(builder, key, sum)};
  const auto metadata_vector = builder.CreateVector(metadata);
  const auto node_vector = builder.CreateVectorOfStructs(nodes);
  const auto buffer_vector = builder.CreateVectorOfStructs(buffers);
  const auto batch =
      arrow::CreateRecordBatch(builder, static_cast<int64_t>(rows), node_vector, buffer_vector);
  const bool dictionary = id >= 0;
  const Offset<void> header =
      dictionary ? arrow::CreateDictionaryBatch(builder, id, batch).Union() : batch.Union();
  builder.Finish(arrow::CreateMessage(
      builder, arrow::MetadataVersion::V5,
      dictionary ? arrow::MessageHeader::DictionaryBatch : arrow::MessageHeader::RecordBatch, header,
      static_cast<int64_t>(body), metadata_vector));
  const size_t start = append_message(builder, out);
  const size_t sum_at = start + builder.GetSize() - sum.o + sizeof(flatbuffers::uoffset_t);

  const size_t body_at = out.size();
  out.resize(body_at + body, 0);
  for (size_t i = 0; i < parts.size(); ++i) fill(parts[i], out.data() + body_at + buffers[i].offset());
  const std::string text = checksum_text(crc32c(out.data() + body_at, body));
  std::memcpy(out.data() + sum_at, text.data(), text.size());
}

}  // namespace

std::string checksum_text(uint32_t crc) { return fmt::format("{:08x}", crc); }

uint32_t checksum(const Metadata& metadata) {
  uint32_t crc = 0;
  for (const auto& [key, value] : metadata) {
    crc = crc32c(key.c_str(), key.size() + 1, crc);
    crc = crc32c(value.c_str(), value.size() + 1, crc);
  }
  return crc;
}

void append_schema(const std::vector<Field>& fields, const Metadata& metadata, Bytes& out) {
  FlatBufferBuilder builder(64 * 1024);
  std::vector<Offset<arrow::Field>> items;
  int64_t next_id = 0;
  for (const Field& field : fields) {
    const auto name = builder.CreateString(field.name);
    const auto [type, type_offset] = type_of(builder, field.type);
    Offset<arrow::DictionaryEncoding> encoding;
    if (field.type == Type::Dictionary)
      encoding = arrow::CreateDictionaryEncoding(builder, next_id++, arrow::CreateInt(builder, 32, true));
    const auto children = builder.CreateVector(std::vector<Offset<arrow::Field>>{});
    const auto notes = pairs(builder, field.metadata);
    items.push_back(
        arrow::CreateField(builder, name, field.nullable, type, type_offset, encoding, children, notes));
  }
  const auto item_vector = builder.CreateVector(items);
  Metadata signed_metadata = metadata;
  signed_metadata.emplace_back(kChecksumKey, checksum_text(checksum(metadata)));
  const auto metadata_vector = pairs(builder, signed_metadata);
  const auto schema = arrow::CreateSchema(builder, arrow::Endianness::Little, item_vector, metadata_vector);
  builder.Finish(arrow::CreateMessage(builder, arrow::MetadataVersion::V5, arrow::MessageHeader::Schema,
                                      schema.Union(), 0));
  append_message(builder, out);
}

void append_dictionary(int64_t id, const ColumnBuffer& strings, Bytes& out) {
  append_columns({&strings, 1}, strings.rows(), id, out);
}

void append_batch(const std::vector<ColumnBuffer>& columns, size_t rows, Bytes& out) {
  append_columns(columns, rows, -1, out);
}

void append_end(Bytes& out) {
  append_u32(kContinuation, out);
  append_u32(0, out);
}

}  // namespace cbench::trace
