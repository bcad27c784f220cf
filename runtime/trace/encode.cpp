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
constexpr size_t kDigits = 8;  // of a checksum

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

// The message's own metadata, with a place for the checksum, which stands before what it is the sum of.
struct Seal {
  Offset<flatbuffers::String> digits;
  Offset<flatbuffers::Vector<Offset<arrow::KeyValue>>> metadata;
};

Seal make_seal(FlatBufferBuilder& builder) {
  const auto digits = builder.CreateString(std::string(kDigits, '0'));
  const auto key = builder.CreateString(kChecksumKey);
  const std::vector<Offset<arrow::KeyValue>> items = {arrow::CreateKeyValue(builder, key, digits)};
  return {digits, builder.CreateVector(items)};
}

// Appends the prefix and the finished message, padded so that its body starts aligned, and room for the body.
// `fill_body` writes that; the checksum is then put in its place.
template <class FillBody>
void append_message(const FlatBufferBuilder& builder, const Seal& seal, size_t body_size, Bytes& out,
                    FillBody fill_body) {
  const size_t size = builder.GetSize(), padded = aligned(8 + size) - 8;
  append_u32(kContinuation, out);
  append_u32(static_cast<uint32_t>(padded), out);
  const size_t start = out.size();
  out.insert(out.end(), builder.GetBufferPointer(), builder.GetBufferPointer() + size);
  out.resize(start + padded + body_size, 0);
  const std::span<uint8_t> metadata(out.data() + start, padded), body(out.data() + start + padded, body_size);
  fill_body(body);
  const size_t digits = size - seal.digits.o + sizeof(flatbuffers::uoffset_t);
  std::memcpy(metadata.data() + digits, checksum(metadata, digits, body).data(), kDigits);
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
  const Seal seal = make_seal(builder);
  const auto node_vector = builder.CreateVectorOfStructs(nodes);
  const auto buffer_vector = builder.CreateVectorOfStructs(buffers);
  const auto batch =
      arrow::CreateRecordBatch(builder, static_cast<int64_t>(rows), node_vector, buffer_vector);
  const bool dictionary = id >= 0;
  const Offset<void> header =
      dictionary ? arrow::CreateDictionaryBatch(builder, id, batch).Union() : batch.Union();
  const auto kind = dictionary ? arrow::MessageHeader::DictionaryBatch : arrow::MessageHeader::RecordBatch;
  builder.Finish(arrow::CreateMessage(builder, arrow::MetadataVersion::V5, kind, header,
                                      static_cast<int64_t>(body), seal.metadata));
  append_message(builder, seal, body, out, [&](std::span<uint8_t> to) {
    for (size_t i = 0; i < parts.size(); ++i) fill(parts[i], to.data() + buffers[i].offset());
  });
}

}  // namespace

std::string checksum(std::span<const uint8_t> metadata, size_t digits, std::span<const uint8_t> body) {
  uint32_t crc = crc32c(metadata.data(), digits);
  crc = crc32c("00000000", kDigits, crc);
  crc = crc32c(metadata.data() + digits + kDigits, metadata.size() - digits - kDigits, crc);
  return fmt::format("{:08x}", crc32c(body.data(), body.size(), crc));
}

void append_schema(const std::vector<Field>& fields, const Metadata& metadata, Bytes& out) {
  FlatBufferBuilder builder(1U << 16U);
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
  const auto metadata_vector = pairs(builder, metadata);
  const auto schema =
      arrow::CreateSchema(builder, arrow::Endianness::Little, item_vector, metadata_vector).Union();
  const Seal seal = make_seal(builder);
  builder.Finish(arrow::CreateMessage(builder, arrow::MetadataVersion::V5, arrow::MessageHeader::Schema,
                                      schema, 0, seal.metadata));
  append_message(builder, seal, 0, out, [](std::span<uint8_t>) {});
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
