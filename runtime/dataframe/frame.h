// Frame: one step's sample of every container, column-major, as the policy, the trace and the exporters read it.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// Shape: [columns][slots + 1]; row `slots` (host_row) holds host-scope metrics. Never grows after construction, apart from
/// the table of distinct strings.
class Frame {
 public:
  Frame(std::vector<Metric> columns, size_t slots);

  [[nodiscard]] size_t slots() const { return slots_; }
  [[nodiscard]] size_t host_row() const { return slots_; }
  [[nodiscard]] const std::vector<Metric>& columns() const { return columns_; }
  /// Index of a metric's column; -1 when this run does not have it.
  [[nodiscard]] int column(Metric metric) const { return column_of_[static_cast<size_t>(metric)]; }

  void set_i64(size_t column, size_t row, int64_t value, Status status = Status::Ok) { set(column, row, std::bit_cast<uint64_t>(value), status); }
  void set_f64(size_t column, size_t row, double value, Status status = Status::Ok) { set(column, row, std::bit_cast<uint64_t>(value), status); }
  void set_text(size_t column, size_t row, std::string_view value);
  /// No value, and why.
  void set_missing(size_t column, size_t row, Status status) { set(column, row, 0, status); }

  [[nodiscard]] Status status(size_t column, size_t row) const { return static_cast<Status>(status_[column * (slots_ + 1) + row]); }
  [[nodiscard]] bool has(size_t column, size_t row) const { return has_value(status(column, row)); }
  [[nodiscard]] int64_t i64(size_t column, size_t row) const { return std::bit_cast<int64_t>(values_[column * (slots_ + 1) + row]); }
  [[nodiscard]] double f64(size_t column, size_t row) const { return std::bit_cast<double>(values_[column * (slots_ + 1) + row]); }
  [[nodiscard]] std::string_view text(size_t column, size_t row) const { return strings_[static_cast<size_t>(values_[column * (slots_ + 1) + row])]; }
  /// The value of a numeric cell as double, whatever the column's type.
  [[nodiscard]] double number(size_t column, size_t row) const {
    return info(columns_[column]).type == MetricType::F64 ? f64(column, row) : static_cast<double>(i64(column, row));
  }

  [[nodiscard]] const uint64_t* values() const { return values_.data(); }
  [[nodiscard]] const uint8_t* statuses() const { return status_.data(); }

  int64_t step = 0;       ///< from 1
  int64_t now_ns = 0;     ///< since the run's begin, CLOCK_MONOTONIC
  int64_t dt_ns = 0;      ///< since the previous step's sample
  int64_t wall_ns = 0;    ///< CLOCK_REALTIME, since 1970
  std::vector<uint8_t> running;  ///< [slots]: 1 from start to stop

 private:
  void set(size_t column, size_t row, uint64_t bits, Status status) {
    values_[column * (slots_ + 1) + row] = bits;
    status_[column * (slots_ + 1) + row] = static_cast<uint8_t>(status);
  }

  std::vector<Metric> columns_;
  size_t slots_;
  std::vector<int> column_of_;
  std::vector<uint64_t> values_;
  std::vector<uint8_t> status_;
  std::vector<std::string> strings_;
  std::unordered_map<std::string, uint64_t> string_index_;
};

}  // namespace cbench
