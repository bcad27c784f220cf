// A strict reader of InfluxDB line protocol, written from the documentation and independent of our writer:
// what it refuses, some server refuses or understands differently.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cbench::testing {

using FieldValue = std::variant<int64_t, double, std::string, bool>;

struct Point {
  std::string measurement;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::pair<std::string, FieldValue>> fields;
  int64_t time_ns = 0;

  [[nodiscard]] const std::string* tag(std::string_view key) const {
    for (const auto& [name, value] : tags)
      if (name == key) return &value;
    return nullptr;
  }
  [[nodiscard]] const FieldValue* field(std::string_view key) const {
    for (const auto& [name, value] : fields)
      if (name == key) return &value;
    return nullptr;
  }
  template <class T>
  [[nodiscard]] std::optional<T> value(std::string_view key) const {
    const FieldValue* found = field(key);
    if (found == nullptr || !std::holds_alternative<T>(*found)) return std::nullopt;
    return std::get<T>(*found);
  }
};

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  /// All points, or nothing when any byte is out of place; `problem` then says what and where.
  std::optional<std::vector<Point>> read() {
    std::vector<Point> points;
    while (at_ < text_.size()) {
      Point point;
      if (!read_point(point)) {
        if (problem.empty()) problem = "malformed";
        problem += " at byte " + std::to_string(at_);
        return std::nullopt;
      }
      points.push_back(std::move(point));
    }
    return points;
  }

  std::string problem;

 private:
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }
  bool fail(const char* why) {
    problem = why;
    return false;
  }
  bool take(char c) {
    if (done() || text_[at_] != c) return fail("another character was expected");
    ++at_;
    return true;
  }

  /// A name or tag value up to an unescaped `,`, `=` or blank.
  bool word(std::string& out) {
    while (!done()) {
      const char c = text_[at_];
      if (c == ',' || c == '=' || c == ' ') break;
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        return fail("a control character in a name or tag");
      if (c == '\\') {
        ++at_;
        if (peek() != ',' && peek() != '=' && peek() != ' ')
          return fail("a backslash that servers read in different ways");
      }
      out += text_[at_++];
    }
    return out.empty() ? fail("an empty name or tag") : true;
  }

  bool quoted(std::string& out) {
    if (!take('"')) return false;
    while (!done() && peek() != '"') {
      if (peek() == '\\') {
        ++at_;
        if (peek() != '"' && peek() != '\\') return fail("an escape that strings do not have");
      }
      out += text_[at_++];
    }
    if (out.size() > 65'535) return fail("a string above 64 KB");
    return take('"');
  }

  bool number(FieldValue& out) {
    const size_t end = std::min(text_.find_first_of(", \n", at_), text_.size());
    std::string_view digits = text_.substr(at_, end - at_);
    at_ = end;
    if (digits == "true" || digits == "false") {
      out = digits == "true";
      return true;
    }
    if (digits.ends_with('i')) {
      digits.remove_suffix(1);
      int64_t value = 0;
      const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      out = value;
      return error == std::errc{} && stop == digits.data() + digits.size() ? true : fail("not an integer");
    }
    double value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    out = value;
    if (error != std::errc{} || stop != digits.data() + digits.size() || !std::isfinite(value))
      return fail("not a number");
    return true;
  }

  bool read_point(Point& point) {
    if (!word(point.measurement)) return false;
    while (peek() == ',') {
      ++at_;
      std::pair<std::string, std::string> tag;
      if (!word(tag.first) || !take('=') || !word(tag.second)) return false;
      if (!point.tags.empty() && point.tags.back().first >= tag.first)
        return fail("tags out of order or twice");
      point.tags.push_back(std::move(tag));
    }
    if (!take(' ')) return false;
    for (;;) {
      std::pair<std::string, FieldValue> field;
      if (!word(field.first) || !take('=')) return false;
      if (point.field(field.first) != nullptr) return fail("a field twice");
      if (peek() == '"') {
        std::string text;
        if (!quoted(text)) return false;
        field.second = std::move(text);
      } else if (!number(field.second)) {
        return false;
      }
      point.fields.push_back(std::move(field));
      if (peek() != ',') break;
      ++at_;
    }
    if (!take(' ')) return false;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + end, point.time_ns);
    if (error != std::errc{} || stop != text_.data() + end) return fail("not a time");
    at_ = end;
    return take('\n');
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace cbench::testing
