// Text of a terminal's line: how many columns it takes, cut to fit, and what is drawn of block characters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cbench {

/// What a terminal of this kind and size can show.
struct Screen {
  size_t columns = 80, rows = 24;
  bool colour = true;
  bool utf8 = true;  ///< the locale's charset; without it bars and the like are made of ASCII
};

enum class Style : uint8_t { Plain, Bold, Dim, Red, Green, Yellow, Cyan };

/// Columns that the text takes; wide characters take two, combining ones none. Bytes that are not UTF-8 and
/// control characters take one.
size_t width_of(std::string_view text);

/// A line that knows its width. What is added is made harmless: control characters become blanks.
class ViewLine {
 public:
  explicit ViewLine(const Screen& screen) : screen_(screen) {}

  /// As much of it as the line has room for.
  ViewLine& add(std::string_view text, Style style = Style::Plain) {
    return add(text, screen_.columns, style);
  }
  /// At most `width` columns of it, with an ellipsis where it is cut.
  ViewLine& add(std::string_view text, size_t width, Style style);
  /// The text in a cell of `width` columns.
  ViewLine& left(std::string_view text, size_t width, Style style = Style::Plain);
  ViewLine& right(std::string_view text, size_t width, Style style = Style::Plain);
  ViewLine& blanks(size_t count);
  /// Takes the blanks off its end.
  ViewLine& trim();

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] size_t width() const { return width_; }
  [[nodiscard]] size_t room() const { return screen_.columns - width_; }

 private:
  Screen screen_;
  std::string text_;
  size_t width_ = 0;
};

/// A bar of `width` columns of which `fraction` (0..1) is full.
ViewLine& add_bar(ViewLine& line, double fraction, size_t width, const Screen& screen);
/// One block for each value, the newest last, 0 the lowest and `top` the highest; NaN is a gap.
std::string sparkline(std::span<const float> values, double top, const Screen& screen);

}  // namespace cbench
