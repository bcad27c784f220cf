#include "compiler/config/yaml_text.h"

#include <fmt/format.h>

namespace cbench::config {
namespace {

/// Bytes of the UTF-8 sequence at the front of `text`; 0 when there is none (RFC 3629, table of section 4).
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0U : 0x80U;
    const unsigned high = first == 0xED ? 0x9FU : 0xBFU;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90U : 0x80U;
    const unsigned high = first == 0xF4 ? 0x8FU : 0xBFU;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// Things for which yaml-cpp's scanner takes a time that grows with the square of their number. Quotes and
/// comments are not looked at: no text in them has as many either.
class Excess {
 public:
  std::optional<std::string> add(std::string_view rest) {
    const char c = rest[0];
    if (c == '{' || c == '[') ++open_;
    if ((c == '}' || c == ']') && open_ > 0) --open_;
    if (c == '\n') colons_ = 0;
    if (c == ':' && (rest.size() == 1 || rest[1] == ' ') && open_ == 0) ++colons_;
    if (open_ > kMost) return fmt::format("more than {} brackets are open", kMost);
    if (colons_ > kMost) return fmt::format("more than {} colons on one line", kMost);
    return std::nullopt;
  }

 private:
  static constexpr size_t kMost = 1000;
  size_t open_ = 0, colons_ = 0;
};

}  // namespace

std::optional<BadText> find_bad_text(std::string_view text) {
  Excess excess;
  for (size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
      return BadText{at, fmt::format("a control character (0x{:02x})", c)};
    const size_t length = sequence_length(text.substr(at));
    if (length == 0) return BadText{at, fmt::format("a byte that is not UTF-8 (0x{:02x})", c)};
    if (auto too_many = excess.add(text.substr(at))) return BadText{at, std::move(*too_many)};
    at += length;
  }
  return std::nullopt;
}

}  // namespace cbench::config
