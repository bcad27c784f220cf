#include "stdlib/intrinsics/format.h"

#include <cmath>

#include <fmt/format.h>

namespace cbench {
namespace {

template <class... A>
std::string_view put(char* buffer, size_t size, fmt::format_string<A...> format, A&&... arguments) {
  const auto result = fmt::format_to_n(buffer, size, format, std::forward<A>(arguments)...);
  return {buffer, std::min(size, result.size)};
}

/// Bytes in the largest unit that leaves at least 1.
std::string_view bytes(double value, const char* tail, char* buffer, size_t size) {
  constexpr const char* kNames[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t i = 0;
  while (std::fabs(value) >= 1024 && i + 1 < std::size(kNames)) {
    value /= 1024;
    ++i;
  }
  return put(buffer, size, "{:.4g}{}{}", value, kNames[i], tail);
}

std::string_view seconds(double value, char* buffer, size_t size) {
  const double a = std::fabs(value);
  if (a == 0) return put(buffer, size, "0s");
  if (a < 1e-6) return put(buffer, size, "{:.4g}ns", value * 1e9);
  if (a < 1e-3) return put(buffer, size, "{:.4g}us", value * 1e6);
  if (a < 1) return put(buffer, size, "{:.4g}ms", value * 1e3);
  return put(buffer, size, "{:.4g}s", value);
}

}  // namespace

std::string_view format_value(double value, Unit unit, char* buffer, size_t size) {
  if (std::isinf(value)) return put(buffer, size, "{}unlimited", value < 0 ? "-" : "");
  const UnitInfo& u = info(unit);
  if (u.byte == 1 && u.second == 0) return bytes(value, "", buffer, size);
  if (u.byte == 1 && u.second == -1) return bytes(value, "/s", buffer, size);
  if (u.second == 1 && u.byte == 0) return seconds(value, buffer, size);
  if (u.tag == UnitTag::Ratio) return put(buffer, size, "{:.4g}%", value * 100);
  return put(buffer, size, "{:.4g}{}", value / u.scale, u.suffix);
}

std::string_view format_value(int64_t value, Unit unit, char* buffer, size_t size) {
  const UnitInfo& u = info(unit);
  if (u.second == 1 && u.byte == 0) return seconds(static_cast<double>(value) / 1e9, buffer, size);
  if (u.byte != 0) return format_value(static_cast<double>(value), unit, buffer, size);
  return put(buffer, size, "{}{}", value, u.suffix);
}

}  // namespace cbench
