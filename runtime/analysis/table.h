// Table: columns of text, aligned for a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cbench {

/// "512 B", "3.1 MiB".
std::string in_bytes(int64_t bytes);

class Table {
 public:
  enum class Align : unsigned char { Left, Right };
  struct Column {
    std::string title;
    Align align = Align::Left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell a column; missing ones are empty.
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Titles and rows, each line behind `indent`, without blanks at its end. Widths count code points.
  [[nodiscard]] std::string text(const std::string& indent = "") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cbench
