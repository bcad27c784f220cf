#include "runtime/trace/decode.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/trace/arrow_generated.h"

namespace cbench::trace {
namespace {

constexpr uint32_t kContinuation = 0xFFFFFFFF;

uint32_t load_u32(const Source& source, size_t offset) {
  uint32_t value = 0;
  std::memcpy(&value, source.bytes.data() + offset, sizeof value);
  return value;
}

std::optional<Type> int_type(const arrow::Int& type) {
  if (type.bit_width() == 8 && !type.is_signed()) return Type::U8;
  if (type.bit_width() == 32) return type.is_signed() ? Type::I32 : Type::U32;
  if (type.bit_width() == 64 && type.is_signed()) return Type::I64;
  return std::nullopt;
}

std::optional<Type> type_of(const arrow::Field& field) {
  if (field.children() != nullptr && field.children()->size() > 0) return std::nullopt;
  if (const arrow::DictionaryEncoding* encoding = field.dictionary()) {
    const bool plain = field.type_as_Utf8() != nullptr &&
                       (encoding->index_type() == nullptr || int_type(*encoding->index_type()) == Type::I32);
    return plain ? std::optional(Type::Dictionary) : std::nullopt;
  }
  if (const arrow::Int* type = field.type_as_Int()) return int_type(*type);
  if (const arrow::FloatingPoint* type = field.type_as_FloatingPoint())
    return type->precision() == arrow::Precision::DOUBLE ? std::optional(Type::F64) : std::nullopt;
  if (const arrow::Timestamp* type = field.type_as_Timestamp())
    return type->unit() == arrow::TimeUnit::NANOSECOND ? std::optional(Type::Timestamp) : std::nullopt;
  if (field.type_as_Utf8() != nullptr) return Type::Utf8;
  return std::nullopt;
}

// An element of a vector of structs. Copied, because the verifier does not look at the alignment of these.
template <class T>
T element(const flatbuffers::Vector<const T*>& vector, size_t index) {
  T copy;
  std::memcpy(&copy, vector.Data() + index * sizeof(T), sizeof(T));
  return copy;
}

// Hands out a batch's nodes and buffers in order, each checked against the body.
class BufferCursor {
 public:
  BufferCursor(const arrow::RecordBatch& batch, std::span<const uint8_t> body) : batch_(batch), body_(body) {}

  // The next buffer, of at least `size` bytes; null when it is absent, too short or outside of the body.
  const uint8_t* next(size_t size, size_t* actual = nullptr) {
    const auto* buffers = batch_.buffers();
    if (buffers == nullptr || index_ >= buffers->size()) return nullptr;
    const auto buffer = element<arrow::Buffer>(*buffers, index_++);
    const auto offset = static_cast<uint64_t>(buffer.offset()),
               length = static_cast<uint64_t>(buffer.length());
    if (offset > body_.size() || length > body_.size() - offset || length < size || offset % 8 != 0)
      return nullptr;
    if (actual != nullptr) *actual = length;
    return body_.data() + offset;
  }
  [[nodiscard]] bool done() const {
    return batch_.buffers() == nullptr || index_ == batch_.buffers()->size();
  }

 private:
  const arrow::RecordBatch& batch_;
  std::span<const uint8_t> body_;
  flatbuffers::uoffset_t index_ = 0;
};

bool offsets_ascend(const uint8_t* bytes, size_t rows, size_t data_size) {
  int32_t last = 0;
  for (size_t row = 0; row <= rows; ++row) {
    int32_t offset = 0;
    std::memcpy(&offset, bytes + row * sizeof offset, sizeof offset);
    if (offset < last) return false;
    last = offset;
  }
  return static_cast<size_t>(last) <= data_size;
}

std::optional<ColumnView> read_column(const Field& field, const arrow::FieldNode& node, size_t rows,
                                      BufferCursor& cursor) {
  if (node.length() != static_cast<int64_t>(rows) || node.null_count() < 0) return std::nullopt;
  if (node.null_count() > node.length() || (node.null_count() > 0 && !field.nullable)) return std::nullopt;
  ColumnView column;
  size_t size = 0;
  const uint8_t* validity = cursor.next(node.null_count() > 0 ? (rows + 7) / 8 : 0, &size);
  if (validity == nullptr) return std::nullopt;
  if (node.null_count() > 0) column.validity = validity;
  if (field.type != Type::Utf8) {
    column.values = cursor.next(rows * width(field.type));
    return column.values != nullptr ? std::optional(column) : std::nullopt;
  }
  const uint8_t* offsets = cursor.next((rows + 1) * sizeof(int32_t));
  column.values = cursor.next(0, &size);
  if (offsets == nullptr || column.values == nullptr || !offsets_ascend(offsets, rows, size))
    return std::nullopt;
  column.offsets = reinterpret_cast<const int32_t*>(offsets);
  return column;
}

// Does the message match the checksum that it carries? One that another program wrote carries none.
bool checksum_matches(const Message& message, std::span<const uint8_t> metadata) {
  if (message.header->custom_metadata() == nullptr) return true;
  for (const arrow::KeyValue* item : *message.header->custom_metadata()) {
    if (item->key() == nullptr || item->value() == nullptr || item->key()->string_view() != kChecksumKey)
      continue;
    const std::string_view stored = item->value()->string_view();
    const auto digits = static_cast<size_t>(item->value()->Data() - metadata.data());
    return stored.size() == 8 && stored == checksum(metadata, digits, message.body);
  }
  return true;
}

const arrow::RecordBatch* batch_of(const arrow::Message& message) {
  if (const arrow::DictionaryBatch* dictionary = message.header_as_DictionaryBatch())
    return dictionary->data();
  return message.header_as_RecordBatch();
}

// The body's length by its last buffer: a flipped bit in body_length is told from a file that was cut off.
bool plausible_body(const arrow::Message& message) {
  uint64_t end = 0;
  const arrow::RecordBatch* batch = batch_of(message);
  if (batch != nullptr && batch->buffers() != nullptr)
    for (size_t i = 0; i < batch->buffers()->size(); ++i) {
      const auto buffer = element<arrow::Buffer>(*batch->buffers(), i);
      constexpr int64_t kMost = int64_t{1} << 60;
      if (buffer.offset() < 0 || buffer.length() < 0 || buffer.offset() > kMost || buffer.length() > kMost)
        return false;
      end = std::max(end, static_cast<uint64_t>(buffer.offset() + buffer.length()));
    }
  const auto body = static_cast<uint64_t>(message.body_length());
  return body % 8 == 0 && body >= end && body - end < kAlignment;
}

}  // namespace

Error Source::damaged(size_t offset, const std::string& what) const {
  return {Exit::Invalid, fmt::format("the trace `{}` is damaged at byte {}: {}", path, offset, what),
          "the rows before that place are good; get another copy of the file if there is one"};
}

Result<Item> read_message(const Source& source, size_t offset, size_t longest) {
  const size_t size = source.bytes.size();
  if (size - offset < 8) return Item(CutOff{});
  if (load_u32(source, offset) != kContinuation)
    return source.damaged(offset, "no Arrow message begins here");
  const size_t length = load_u32(source, offset + 4), start = offset + 8;
  if (length == 0) return Item(StreamEnd{});
  if (length % 8 != 0 || length > longest)
    return source.damaged(offset + 4, fmt::format("a message's metadata cannot be {} bytes long", length));
  if (size - start < length) return Item(CutOff{});

  flatbuffers::Verifier verifier(source.bytes.data() + start, length);
  if (!arrow::VerifyMessageBuffer(verifier))
    return source.damaged(start, "a message's metadata is not a valid FlatBuffer");
  Message message{
      .offset = offset, .end = 0, .header = arrow::GetMessage(source.bytes.data() + start), .body = {}};
  if (message.header->version() < arrow::MetadataVersion::V4 ||
      message.header->version() > arrow::MetadataVersion::V5)
    return source.damaged(start, fmt::format("a message has metadata version {}",
                                             int{static_cast<int16_t>(message.header->version())} + 1));
  if (!plausible_body(*message.header))
    return source.damaged(
        start, fmt::format("a message's body cannot be {} bytes long", message.header->body_length()));
  const auto body = static_cast<size_t>(message.header->body_length());
  if (size - start - length < body) return Item(CutOff{});
  message.body = source.bytes.subspan(start + length, body);
  message.end = start + length + body;
  if (!checksum_matches(message, source.bytes.subspan(start, length)))
    return source.damaged(offset, "a message's bytes do not match its checksum");
  return Item(message);
}

Result<Metadata> read_metadata(const Source& source, const Message& message) {
  const arrow::Schema* schema = message.header->header_as_Schema();
  if (schema == nullptr) return source.damaged(message.offset, "the stream does not begin with a schema");
  if (schema->endianness() != arrow::Endianness::Little)
    return source.damaged(message.offset, "the stream is big endian");
  Metadata metadata;
  if (schema->custom_metadata() != nullptr)
    for (const arrow::KeyValue* item : *schema->custom_metadata())
      if (item->key() != nullptr && item->value() != nullptr)
        metadata.emplace_back(item->key()->str(), item->value()->str());
  return metadata;
}

Result<std::vector<Field>> read_fields(const Source& source, const Message& message) {
  const arrow::Schema* schema = message.header->header_as_Schema();
  if (schema == nullptr || schema->fields() == nullptr)
    return source.damaged(message.offset, "the schema has no columns");
  std::vector<Field> fields;
  for (const arrow::Field* field : *schema->fields()) {
    const std::string name = field->name() != nullptr ? field->name()->str() : "";
    const std::optional<Type> type = type_of(*field);
    if (!type)
      return source.damaged(message.offset, fmt::format("column `{}` has a type that no trace has", name));
    fields.push_back({name, *type, field->nullable(), {}});
  }
  return fields;
}

Result<int64_t> dictionary_id(const Source& source, const Message& message) {
  if (const arrow::DictionaryBatch* dictionary = message.header->header_as_DictionaryBatch()) {
    if (dictionary->is_delta())
      return source.damaged(message.offset, "a dictionary is a delta, which no trace has");
    if (dictionary->id() < 0)
      return source.damaged(message.offset, fmt::format("there is no dictionary {}", dictionary->id()));
    return dictionary->id();
  }
  if (message.header->header_as_RecordBatch() != nullptr) return int64_t{-1};
  return source.damaged(message.offset, "a message is neither a dictionary nor a record batch");
}

Result<BatchView> read_batch(const Source& source, const Message& message, const std::vector<Field>& fields) {
  const arrow::RecordBatch* batch = batch_of(*message.header);
  if (batch == nullptr || batch->nodes() == nullptr)
    return source.damaged(message.offset, "a batch has no columns");
  if (batch->compression() != nullptr)
    return source.damaged(message.offset, "a batch is compressed, which no trace is");
  if (batch->nodes()->size() != fields.size())
    return source.damaged(
        message.offset, fmt::format("a batch has {} columns, not {}", batch->nodes()->size(), fields.size()));
  // A row takes more than a bit of the body, so this also bounds what the loops below do.
  if (batch->length() < 0 || static_cast<uint64_t>(batch->length()) > message.body.size() * 8)
    return source.damaged(message.offset, fmt::format("a batch cannot have {} rows", batch->length()));

  BatchView view{.rows = static_cast<size_t>(batch->length()), .columns = {}};
  view.columns.reserve(fields.size());
  BufferCursor cursor(*batch, message.body);
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto column =
        read_column(fields[i], element<arrow::FieldNode>(*batch->nodes(), i), view.rows, cursor);
    if (!column)
      return source.damaged(message.offset,
                            fmt::format("column `{}` does not fit in its batch", fields[i].name));
    view.columns.push_back(*column);
  }
  if (!cursor.done()) return source.damaged(message.offset, "a batch has more buffers than its columns");
  return view;
}

}  // namespace cbench::trace
