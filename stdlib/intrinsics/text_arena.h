// TextArena: the texts of one policy call, in memory that was taken before the run. What does not fit is cut
// off.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace cbench {

/// A text in the arena.
struct TextRef {
  uint32_t offset = 0, length = 0;
};

class TextArena {
 public:
  explicit TextArena(size_t bytes) : data_(bytes) {}
  void clear() { used_ = start_ = 0; }
  /// Begins a text; what was appended since the last finish() is dropped.
  void begin() { used_ = start_; }
  void append(std::string_view piece) {
    const size_t n = piece.size() < data_.size() - used_ ? piece.size() : data_.size() - used_;
    std::memcpy(data_.data() + used_, piece.data(), n);
    used_ += n;
  }
  TextRef finish() {
    const TextRef made{static_cast<uint32_t>(start_), static_cast<uint32_t>(used_ - start_)};
    start_ = used_;
    return made;
  }
  [[nodiscard]] std::string_view view(TextRef t) const { return {data_.data() + t.offset, t.length}; }

 private:
  std::vector<char> data_;
  size_t start_ = 0, used_ = 0;
};

}  // namespace cbench
