#include "compiler/config/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <arpa/inet.h>

namespace cbench::config {
namespace {

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_address(const std::string& text) {
  in6_addr any;
  return inet_pton(AF_INET, text.c_str(), &any) == 1 || inet_pton(AF_INET6, text.c_str(), &any) == 1;
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return parse_whole<int64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  const auto value = parse_whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<double> parse_fraction(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const auto value = parse_number(text);
  return value && percent ? *value / 100 : value;
}

std::optional<double> parse_bytes(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto value = parse_number(text.substr(0, digits));
  if (!value) return std::nullopt;
  std::string_view unit = text.substr(digits);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty() || unit == "b" || unit == "B") return value;
  constexpr std::string_view kPowers = "kmgt";
  const char letter = unit[0] >= 'A' && unit[0] <= 'Z' ? static_cast<char>(unit[0] - 'A' + 'a') : unit[0];
  const size_t power = kPowers.find(letter);
  if (power == std::string_view::npos || (unit.size() > 1 && unit.substr(1) != "iB")) return std::nullopt;
  return *value * std::pow(1024.0, static_cast<double>(power + 1));
}

std::optional<Unit> parse_unit(std::string_view text) {
  if (text == "count") return Unit::Count;
  if (text == "ratio") return Unit::Ratio;
  if (text == "float") return Unit::None;
  for (size_t u = 0; u < std::size(kUnits); ++u)
    if (!text.empty() && kUnits[u].suffix == text) return static_cast<Unit>(u);
  return std::nullopt;
}

std::optional<std::pair<double, Unit>> parse_quantity(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{}) return std::nullopt;
  if (rest == end) return std::pair{value, Unit::None};
  const auto unit = parse_unit({rest, static_cast<size_t>(end - rest)});
  return unit ? std::optional(std::pair{value, *unit}) : std::nullopt;
}

std::optional<Port> parse_port(std::string_view text) {
  Port port;
  if (const size_t slash = text.rfind('/'); slash != std::string_view::npos) {
    port.protocol = text.substr(slash + 1);
    if (port.protocol != "tcp" && port.protocol != "udp") return std::nullopt;
    text = text.substr(0, slash);
  }
  const size_t last = text.rfind(':');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const auto container = parse_whole<uint16_t>(text.substr(last + 1));
  text = text.substr(0, last);
  if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    port.host_ip = text.substr(0, colon);
    if (port.host_ip.starts_with('[') && port.host_ip.ends_with(']'))
      port.host_ip = port.host_ip.substr(1, port.host_ip.size() - 2);
    if (!is_address(port.host_ip)) return std::nullopt;
    text = text.substr(colon + 1);
  }
  const auto host = parse_whole<uint16_t>(text);
  if (!container || !host || *container == 0 || *host == 0) return std::nullopt;
  port.container = *container;
  port.host = *host;
  return port;
}

std::optional<Volume> parse_volume(std::string_view text) {
  Volume volume;
  if (text.ends_with(":ro") || text.ends_with(":rw")) {
    volume.read_only = text.ends_with(":ro");
    text.remove_suffix(3);
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  volume.source = text.substr(0, colon);
  volume.target = text.substr(colon + 1);
  if (!volume.target.starts_with('/') || volume.target.find(':') != std::string::npos) return std::nullopt;
  return volume;
}

}  // namespace cbench::config
