#include "stdlib/abi/cpu_set.h"

#include <charconv>

namespace cbench {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

std::optional<size_t> parse_cpu(std::string_view text) {
  text = trim(text);
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value >= kMaxCpus) return std::nullopt;
  return value;
}

}  // namespace

std::string to_list(const CpuSet& cpus) {
  std::string out;
  for (size_t first = 0; first < kMaxCpus; ++first) {
    if (!cpus[first]) continue;
    size_t last = first;
    while (last + 1 < kMaxCpus && cpus[last + 1]) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(first);
    if (last > first) out += '-' + std::to_string(last);
    first = last;
  }
  return out;
}

std::optional<CpuSet> parse_cpu_list(std::string_view text) {
  CpuSet cpus;
  text = trim(text);
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const auto dash = item.find('-');
    const auto first = parse_cpu(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_cpu(item.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    for (size_t cpu = *first; cpu <= *last; ++cpu) cpus.set(cpu);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (trim(text).empty()) return std::nullopt;
  }
  return cpus;
}

}  // namespace cbench
