#include "compiler/image/bytes.h"

#include <iterator>

#include "stdlib/abi/own_metric.h"

namespace cbench {

void ByteReader::read(Metric& metric) {
  const auto number = get<uint16_t>();
  if (number < kMetricCount) return void(metric = static_cast<Metric>(number));
  const auto group = get<MetricGroup>();
  const auto name = get<std::string>();
  const auto unit = get<Unit>();
  good_ = good_ && number == kMetricCount && static_cast<size_t>(group) < std::size(kMetricGroups) &&
          static_cast<size_t>(unit) < std::size(kUnits) && may_be_own_name(group, name);
  const auto declared = good_ ? declare_metric(group, name, unit) : std::nullopt;
  good_ = declared.has_value();
  metric = declared.value_or(Metric{});
}

std::string sealed(std::string bytes) {
  const uint64_t hash = hash64(bytes);
  bytes.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  return bytes;
}

std::optional<std::string_view> unsealed(std::string_view bytes) {
  uint64_t hash = 0;
  if (bytes.size() < sizeof hash) return std::nullopt;
  const std::string_view text = bytes.substr(0, bytes.size() - sizeof hash);
  std::memcpy(&hash, bytes.data() + text.size(), sizeof hash);
  return hash == hash64(text) ? std::optional(text) : std::nullopt;
}

}  // namespace cbench
