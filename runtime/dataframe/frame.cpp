#include "runtime/dataframe/frame.h"

namespace cbench {

Frame::Frame(std::vector<Metric> columns, size_t slots)
    : running(slots, 0),
      columns_(std::move(columns)),
      slots_(slots),
      column_of_(kMetricIds, -1),
      values_(columns_.size() * (slots + 1), 0),
      status_(columns_.size() * (slots + 1), static_cast<uint8_t>(Status::Stopped)),
      strings_{""} {
  for (size_t i = 0; i < columns_.size(); ++i)
    column_of_[static_cast<size_t>(columns_[i])] = static_cast<int>(i);
}

void Frame::set_text(size_t column, size_t row, std::string_view value) {
  const auto [entry, added] = string_index_.try_emplace(std::string(value), strings_.size());
  if (added) strings_.emplace_back(value);
  set(column, row, entry->second, Status::Ok);
}

}  // namespace cbench
