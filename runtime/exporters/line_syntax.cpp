#include "runtime/exporters/line_syntax.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime/trace/utf8.h"

namespace cbench {
namespace {

/// Where to cut UTF-8 so that the first part has at most kMaxFieldText bytes and no character is torn.
size_t cut(std::string_view text) {
  if (text.size() <= kMaxFieldText) return text.size();
  size_t at = kMaxFieldText;
  while ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

/// `text` as UTF-8, which line protocol is and a trace is too. `storage` holds it where it is not the text
/// itself.
std::string_view as_utf8(std::string_view text, std::string& storage) {
  if (trace::utf8_prefix(text) == text.size()) return text;
  return storage = trace::to_utf8(text);
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (size_t from = 0; from < text.size();) {
    const size_t special = std::min(text.find_first_of("\"\\", from), text.size());
    out.append(text, from, special - from);
    if (special < text.size()) {
      out += '\\';
      out += text[special];
    }
    from = special + 1;
  }
  out += '"';
}

}  // namespace

void append_tag(std::string_view key, std::string_view value, std::string& out) {
  if (value.empty()) return;
  std::string storage;
  out += ',';
  out += key;
  out += '=';
  for (char c : as_utf8(value, storage)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    if (c == '\\') c = '/';
    if (c == ',' || c == '=' || c == ' ') out += '\\';
    out += c;
  }
}

void append_field(std::string_view name, std::string_view text, std::string& out) {
  std::string storage;
  text = as_utf8(text, storage);
  for (size_t part = 1;; ++part) {
    out += ',';
    out += name;
    if (part > 1) out += '_' + std::to_string(part);
    out += '=';
    const size_t length = cut(text);
    append_quoted(text.substr(0, length), out);
    text.remove_prefix(length);
    if (text.empty()) return;
  }
}

void append_field(std::string_view name, int64_t value, std::string& out) {
  char digits[24];
  char* end = std::to_chars(digits, digits + sizeof digits - 1, value).ptr;
  *end++ = 'i';
  out += ',';
  out += name;
  out += '=';
  out.append(digits, end);
}

void append_field(std::string_view name, double value, std::string& out) {
  if (!std::isfinite(value)) return;
  char digits[32];
  char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out += ',';
  out += name;
  out += '=';
  out.append(digits, end);
}

void append_flag(std::string_view name, bool value, std::string& out) {
  out += ',';
  out += name;
  out += value ? "=true" : "=false";
}

size_t point_end(std::string_view lines, size_t begin) {
  // A quotation mark opens a string only in the fields, that is behind the first blank that is not escaped.
  bool in_fields = false, quoted = false;
  for (size_t i = begin; i < lines.size(); ++i) {
    const char c = lines[i];
    if (c == '\\') {
      ++i;
    } else if (c == '\n' && !quoted) {
      return i + 1;
    } else if (c == '"' && in_fields) {
      quoted = !quoted;
    } else if (c == ' ') {
      in_fields = true;
    }
  }
  return lines.size();
}

uint64_t count_points(std::string_view lines) {
  uint64_t count = 0;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = point_end(lines, begin);
    if (lines[begin] != '\n') ++count;
    begin = end;
  }
  return count;
}

}  // namespace cbench
