#include "compiler/parse/encoding.h"

#include <fmt/format.h>

namespace cbench::parsing {
namespace {

constexpr size_t kMaxReports = 20;

/// Bytes of the well-formed sequence at the start of `rest` (Unicode 15, table 3-7); 0 when it is ill-formed.
size_t sequence_length(std::string_view rest, uint32_t& code) {
  const auto byte = [&](size_t i) { return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U; };
  const uint32_t lead = byte(0);
  code = lead;
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const uint32_t second = byte(1);
  const uint32_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const uint32_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < low || second > high) return 0;
  code = (lead & (0xFFU >> (length + 1))) << 6U | (second & 0x3FU);
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6U | (byte(i) & 0x3FU);
  }
  return length;
}

bool is_control(uint32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

}  // namespace

bool check_encoding(std::string_view text, uint32_t source, Diagnostics& diagnostics) {
  size_t reports = 0;
  for (size_t at = 0; at < text.size() && reports < kMaxReports;) {
    uint32_t code = 0;
    const size_t length = sequence_length(text.substr(at), code);
    const size_t end = at + (length == 0 ? 1 : length);
    const bool line_end = code == '\n' || (code == '\r' && end < text.size() && text[end] == '\n');
    const Span where{source, static_cast<uint32_t>(at), static_cast<uint32_t>(end)};
    if (length == 0) {
      ++reports;
      diagnostics
          .report(Kind::BadEncoding, where,
                  fmt::format("the byte 0x{:02X} is not UTF-8", static_cast<unsigned char>(text[at])))
          .hint("save the file as UTF-8");
    } else if (is_control(code) && code != '\t' && !line_end) {
      ++reports;
      diagnostics.report(Kind::BadEncoding, where, fmt::format("a control character (U+{:04X})", code))
          .hint("delete it");
    }
    at = end;
  }
  return reports == 0;
}

}  // namespace cbench::parsing
