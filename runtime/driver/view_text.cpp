#include "runtime/driver/view_text.h"

#include <algorithm>
#include <clocale>
#include <cmath>
#include <cwchar>

#include "runtime/trace/utf8.h"

namespace cbench {
namespace {

/// wcwidth(3) asks the thread's locale, which is "C" here and knows no wide character.
class Utf8Locale {
 public:
  Utf8Locale() {
    static const locale_t kUtf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (kUtf8 != nullptr) before_ = ::uselocale(kUtf8);
  }
  ~Utf8Locale() {
    if (before_ != nullptr) ::uselocale(before_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t before_ = nullptr;
};

struct Glyph {
  std::string_view bytes;
  size_t width;
};

/// Takes the first character off. One that cannot be shown is a blank or the replacement character.
Glyph take(std::string_view& rest) {
  const auto first = static_cast<unsigned char>(rest.front());
  size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const std::string_view bytes = rest.substr(0, length);
  if (trace::utf8_prefix(bytes) != length) {
    rest.remove_prefix(1);
    return {"\xEF\xBF\xBD", 1};
  }
  rest.remove_prefix(length);
  if (length == 1) return first < 0x20 || first == 0x7F ? Glyph{" ", 1} : Glyph{bytes, 1};
  wchar_t point = first & (0xFF >> (length + 1));
  for (const char next : bytes.substr(1)) point = (point << 6) | (next & 0x3F);
  const int width = ::wcwidth(point);
  return width < 0 ? Glyph{" ", 1} : Glyph{bytes, static_cast<size_t>(width)};
}

bool plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

/// As many characters as `most` columns have room for.
std::string shown(std::string_view text, size_t most, size_t& width) {
  std::string out;
  width = 0;
  if (plain_ascii(text)) {
    out = text.substr(0, most);
    width = out.size();
    return out;
  }
  const Utf8Locale locale;
  while (!text.empty()) {
    const Glyph glyph = take(text);
    if (width + glyph.width > most) break;
    out += glyph.bytes;
    width += glyph.width;
  }
  return out;
}

constexpr const char* code_of(Style style) {
  constexpr const char* kCodes[] = {"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"};
  return kCodes[static_cast<size_t>(style)];
}

}  // namespace

size_t width_of(std::string_view text) {
  size_t width = 0;
  shown(text, text.size() * 2, width);
  return width;
}

ViewLine& ViewLine::add(std::string_view text, size_t width, Style style) {
  const size_t most = std::min(width, room());
  const std::string_view dots = screen_.utf8 ? "…" : "~";
  size_t taken = 0;
  std::string fits = shown(text, most, taken);
  if (most > 0 && width_of(text) > most) fits = shown(text, most - 1, taken) + std::string(dots), ++taken;
  if (fits.empty()) return *this;
  const bool styled = style != Style::Plain && screen_.colour;
  if (styled) text_ += code_of(style);
  text_ += fits;
  if (styled) text_ += "\x1b[0m";
  width_ += taken;
  return *this;
}

ViewLine& ViewLine::left(std::string_view text, size_t width, Style style) {
  const size_t before = width_;
  add(text, width, style);
  return blanks(width - std::min(width, width_ - before));
}

ViewLine& ViewLine::right(std::string_view text, size_t width, Style style) {
  blanks(width - std::min(width, width_of(text)));
  return add(text, width, style);
}

ViewLine& ViewLine::blanks(size_t count) {
  count = std::min(count, room());
  text_.append(count, ' ');
  width_ += count;
  return *this;
}

ViewLine& ViewLine::trim() {
  const size_t kept = text_.find_last_not_of(' ') + 1;
  width_ -= text_.size() - kept;
  text_.resize(kept);
  return *this;
}

ViewLine& add_bar(ViewLine& line, double fraction, size_t width, const Screen& screen) {
  const double part = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0.0;
  const auto full = static_cast<size_t>(std::lround(part * static_cast<double>(width)));
  std::string done, left;
  for (size_t i = 0; i < width; ++i)
    (i < full ? done : left) += i < full ? (screen.utf8 ? "█" : "#") : (screen.utf8 ? "░" : "-");
  return line.add(done, Style::Cyan).add(left, Style::Dim);
}

std::string sparkline(std::span<const float> values, double top, const Screen& screen) {
  constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr const char* kAscii[] = {"_", ".", ",", "-", "~", "+", "*", "#"};
  std::string out;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      out += ' ';
      continue;
    }
    const auto level = static_cast<size_t>(std::lround(std::clamp(value / top, 0.0, 1.0) * 7));
    out += (screen.utf8 ? kBlocks : kAscii)[level];
  }
  return out;
}

}  // namespace cbench
