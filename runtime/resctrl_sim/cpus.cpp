#include "runtime/resctrl_sim/cpus.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

namespace cbench::sim {
namespace {

constexpr uint32_t kWordBits = 32;  // of a mask, between commas

Cpus without(const Cpus& cpus, const Cpus& taken) {
  Cpus rest;
  std::set_difference(cpus.begin(), cpus.end(), taken.begin(), taken.end(), std::back_inserter(rest));
  return rest;
}

Cpus both(const Cpus& a, const Cpus& b) {
  Cpus all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

bool number(std::string_view word, int base, uint32_t& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

/// What stands before the next comma; cut off.
std::string_view next_word(std::string_view& text) {
  const size_t comma = std::min(text.find(','), text.size());
  const std::string_view word = text.substr(0, comma);
  text.remove_prefix(std::min(comma + 1, text.size()));
  return word;
}

// Both return the errno that the kernel's own parser of such texts gives (lib/bitmap-str.c).

int parse_list(std::string_view text, Cpus& cpus) {
  while (!text.empty()) {
    const std::string_view range = next_word(text);
    const size_t dash = std::min(range.find('-'), range.size());
    uint32_t first = 0, last = 0;
    if (!number(range.substr(0, dash), 10, first)) return EINVAL;
    last = first;
    if (dash < range.size() && !number(range.substr(dash + 1), 10, last)) return EINVAL;
    if (last < first) return EINVAL;
    if (last >= possible_cpus()) return ERANGE;
    for (uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return 0;
}

int parse_mask(std::string_view text, Cpus& cpus) {
  std::vector<uint32_t> words;  // the highest first
  while (!text.empty()) {
    const std::string_view word = next_word(text);
    uint32_t bits = 0;
    if (word.size() > kWordBits / 4) return EOVERFLOW;
    if (!number(word, 16, bits)) return EINVAL;
    words.push_back(bits);
  }
  if (words.empty()) return EINVAL;
  for (size_t i = 0; i < words.size(); ++i)
    for (uint32_t bit = 0; bit < kWordBits; ++bit)
      if ((words[words.size() - 1 - i] >> bit & 1) != 0)
        cpus.push_back(static_cast<uint32_t>(i) * kWordBits + bit);
  return !cpus.empty() && cpus.back() >= possible_cpus() ? EOVERFLOW : 0;
}

Outcome write_mon(Group& parent, MonGroup& group, const Cpus& cpus) {
  if (!without(cpus, parent.cpus).empty())
    return {EINVAL, "Can only add CPUs to mongroup that belong to parent"};
  for (auto& [name, other] : parent.mon_groups) other.cpus = without(other.cpus, cpus);
  group.cpus = cpus;
  return {};
}

Outcome write_control(Groups& groups, const std::string& name, const Cpus& cpus) {
  Group& group = groups.at(name);
  const Cpus dropped = without(group.cpus, cpus);
  if (name.empty() && !dropped.empty()) return {EINVAL, "Can't drop CPUs from default group"};
  groups.at("").cpus = both(groups.at("").cpus, dropped);
  for (auto& [other_name, other] : groups) {
    if (&other == &group) continue;
    other.cpus = without(other.cpus, cpus);
    for (auto& [mon, made] : other.mon_groups) made.cpus = without(made.cpus, cpus);
  }
  group.cpus = cpus;
  for (auto& [mon, made] : group.mon_groups) made.cpus.clear();
  return {};
}

}  // namespace

uint32_t possible_cpus() {
  static const auto count = static_cast<uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_CONF)));
  return count;
}

std::string show_cpus(const Cpus& cpus, bool as_list) {
  std::string text;
  for (size_t i = 0; as_list && i < cpus.size();) {
    size_t end = i;
    while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1) ++end;
    text += fmt::format("{}{}", text.empty() ? "" : ",", cpus[i]);
    if (end > i) text += fmt::format("-{}", cpus[end]);
    i = end + 1;
  }
  if (as_list) return text;
  const uint32_t words = (possible_cpus() + kWordBits - 1) / kWordBits;
  for (uint32_t word = words; word-- > 0;) {
    uint32_t bits = 0;
    for (const uint32_t cpu : cpus)
      if (cpu / kWordBits == word) bits |= 1U << cpu % kWordBits;
    const uint32_t width = std::min(kWordBits, possible_cpus() - word * kWordBits);
    text += fmt::format("{}{:0{}x}", text.empty() ? "" : ",", bits, (width + 3) / 4);
  }
  return text;
}

Outcome write_cpus(Groups& groups, const Place& to, std::string_view text, bool as_list, const Cpus& online) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  Cpus cpus;
  if (const int error = as_list ? parse_list(text, cpus) : parse_mask(text, cpus); error != 0)
    return {error, "Bad CPU list/mask"};
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  if (!without(cpus, online).empty()) return {EINVAL, "Can only assign online CPUs"};
  if (to.mon.empty()) return write_control(groups, to.group, cpus);
  Group& parent = groups.at(to.group);
  return write_mon(parent, parent.mon_groups.at(to.mon), cpus);
}

void give_cpus_back(Groups& groups, const std::string& name) {
  groups.at("").cpus = both(groups.at("").cpus, groups.at(name).cpus);
}

}  // namespace cbench::sim
