#include "runtime/trace/column.h"

#include "runtime/trace/utf8.h"

namespace cbench::trace {

ColumnBuffer::ColumnBuffer(Type type, bool nullable, size_t capacity) : type_(type), nullable_(nullable) {
  valid_.reserve(capacity);
  data_.reserve(capacity * width(type));
  if (type == Type::Utf8) {
    offsets_.reserve(capacity + 1);
    offsets_.push_back(0);
  }
}

void ColumnBuffer::pad(size_t rows) {
  if (rows <= valid_.size()) return;
  valid_.resize(rows, 0);
  data_.resize(type_ == Type::Utf8 ? data_.size() : rows * width(type_), 0);
  if (type_ == Type::Utf8) offsets_.resize(rows + 1, static_cast<int32_t>(data_.size()));
}

void ColumnBuffer::append_text(std::string_view text) {
  std::string mended;
  if (utf8_prefix(text) != text.size()) text = mended = to_utf8(text);
  valid_.push_back(1);
  data_.insert(data_.end(), text.begin(), text.end());
  offsets_.push_back(static_cast<int32_t>(data_.size()));
}

std::pair<uint8_t*, uint8_t*> ColumnBuffer::grow(size_t count) {
  const size_t rows = valid_.size();
  valid_.resize(rows + count);
  data_.resize((rows + count) * width(type_));
  return {data_.data() + rows * width(type_), valid_.data() + rows};
}

void ColumnBuffer::append(const ColumnView& column, size_t rows) {
  if (rows == 0) return;
  const size_t first = valid_.size();
  valid_.resize(first + rows);
  for (size_t row = 0; row < rows; ++row) valid_[first + row] = column.valid(row) ? 1 : 0;
  if (type_ != Type::Utf8) {
    data_.insert(data_.end(), column.values, column.values + rows * width(type_));
    return;
  }
  const int32_t shift = static_cast<int32_t>(data_.size()) - column.offsets[0];
  data_.insert(data_.end(), column.values + column.offsets[0], column.values + column.offsets[rows]);
  for (size_t row = 1; row <= rows; ++row) offsets_.push_back(column.offsets[row] + shift);
}

void ColumnBuffer::clear() {
  valid_.clear();
  data_.clear();
  if (type_ == Type::Utf8) offsets_.resize(1);
}

Dictionary::Dictionary(const std::vector<std::string>& seed) {
  for (const std::string& text : seed) index(text);
  // Some readers want at least one value, even where every index is null.
  if (seed.empty()) index("");
}

int32_t Dictionary::index(std::string_view text) {
  const auto found = index_.find(text);
  if (found != index_.end()) return found->second;
  const auto index = static_cast<int32_t>(strings_.rows());
  index_.emplace(text, index);
  strings_.append_text(text);
  changed_ = true;
  return index;
}

}  // namespace cbench::trace
