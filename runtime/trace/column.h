// Columns in memory: ColumnBuffer collects rows for a batch, ColumnView reads a column of a batch in place.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cbench::trace {

static_assert(std::endian::native == std::endian::little, "a trace is little endian, and is read in place");

/// Column types of a trace. Dictionary is int32 indices into strings.
enum class Type : uint8_t { U8, I32, U32, I64, F64, Timestamp, Utf8, Dictionary };
/// Bytes of a fixed-width value; 0 for Utf8.
constexpr size_t width(Type type) {
  switch (type) {
    case Type::U8:
      return 1;
    case Type::I32:
    case Type::U32:
    case Type::Dictionary:
      return 4;
    case Type::I64:
    case Type::F64:
    case Type::Timestamp:
      return 8;
    case Type::Utf8:
      return 0;
  }
  return 0;
}

/// A column's description in the schema.
struct Field {
  std::string name;
  Type type{};
  bool nullable = true;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< unit, kind and so on, for people
};

/// A column of a record batch, read in place. Bounds were checked when it was made.
struct ColumnView {
  const uint8_t* validity = nullptr;  ///< a bit a row, lowest first; null: all rows have a value
  const uint8_t* values = nullptr;    ///< fixed width, or the bytes of Utf8
  const int32_t* offsets = nullptr;   ///< Utf8: rows + 1

  [[nodiscard]] bool valid(size_t row) const {
    return validity == nullptr || ((validity[row / 8] >> (row % 8)) & 1) != 0;
  }
  template <class T>
  [[nodiscard]] T get(size_t row) const {
    T value;
    std::memcpy(&value, values + row * sizeof(T), sizeof(T));
    return value;
  }
  /// The value, or `absent` where the row has none.
  template <class T>
  [[nodiscard]] T get_or(size_t row, T absent) const {
    return valid(row) ? get<T>(row) : absent;
  }
  /// "" where the row has none.
  [[nodiscard]] std::string_view text(size_t row) const {
    if (!valid(row)) return {};
    return {reinterpret_cast<const char*>(values) + offsets[row],
            static_cast<size_t>(offsets[row + 1] - offsets[row])};
  }
};

/// Rows of one column, collected until they are written. Buffers keep their capacity when cleared.
class ColumnBuffer {
 public:
  ColumnBuffer(Type type, bool nullable, size_t capacity);

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] bool nullable() const { return nullable_; }
  [[nodiscard]] size_t rows() const { return valid_.size(); }
  [[nodiscard]] const std::vector<uint8_t>& valid() const { return valid_; }  ///< 0 or 1 a row
  [[nodiscard]] const std::vector<uint8_t>& data() const { return data_; }
  [[nodiscard]] const std::vector<int32_t>& offsets() const { return offsets_; }  ///< Utf8: rows + 1

  /// Appends rows without a value until there are `rows`.
  void pad(size_t rows);
  template <class T>
  void append(T value) {
    valid_.push_back(1);
    const size_t at = data_.size();
    data_.resize(at + sizeof(T));
    std::memcpy(data_.data() + at, &value, sizeof(T));
  }
  /// Invalid UTF-8 is replaced, because Arrow readers refuse it.
  void append_text(std::string_view text);
  /// Appends `count` rows and returns their values and validity, to be filled in. Not for Utf8.
  std::pair<uint8_t*, uint8_t*> grow(size_t count);
  /// Appends the rows of a batch that was written before.
  void append(const ColumnView& column, size_t rows);
  void clear();

 private:
  Type type_;
  bool nullable_;
  std::vector<uint8_t> valid_, data_;
  std::vector<int32_t> offsets_;
};

/// A dictionary: distinct strings in the order in which they were first seen. Only ever extended.
class Dictionary {
 public:
  explicit Dictionary(const std::vector<std::string>& seed);
  int32_t index(std::string_view text);  ///< adds it when it is new
  [[nodiscard]] const ColumnBuffer& strings() const { return strings_; }
  [[nodiscard]] bool changed() const { return changed_; }
  void set_written() { changed_ = false; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  ColumnBuffer strings_{Type::Utf8, false, 16};
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> index_;
  bool changed_ = true;
};

}  // namespace cbench::trace
