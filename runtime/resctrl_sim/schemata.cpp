#include "runtime/resctrl_sim/schemata.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace cbench::sim {
namespace {

/// Of "L3CODE", also without CDP, so that the file looks the same with any mount option.
constexpr size_t kNameWidth = 6;

std::string_view strip(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\n").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \t\n").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return text;
}

/// Cuts off what stands before `separator`, as strsep(3) does. False in `more`: it was the last piece.
std::string_view cut(std::string_view& text, char separator, bool& more) {
  const size_t at = text.find(separator);
  more = at != std::string_view::npos;
  const std::string_view piece = text.substr(0, at);
  text = more ? text.substr(at + 1) : std::string_view();
  return piece;
}

/// As kstrtoul: the whole word, in this base.
bool number(std::string_view word, int base, uint64_t& value) {
  if (word.starts_with('+')) word.remove_prefix(1);
  if (base == 16 && (word.starts_with("0x") || word.starts_with("0X"))) word.remove_prefix(2);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

Outcome refuse(std::string words) { return {EINVAL, std::move(words)}; }

}  // namespace

std::vector<Resource> resources_of(const Profile& profile) {
  std::vector<Resource> all;
  if (profile.l2) {
    all.push_back({"L2", true});
  } else if (profile.cdp) {
    all.push_back({"L3CODE", true});
    all.push_back({"L3DATA", true});
  } else if (profile.ways > 0) {
    all.push_back({"L3", true});
  }
  if (profile.bandwidth != Bandwidth::None) all.push_back({"MB", false});
  return all;
}

std::string Schemata::show(const Group& group) const {
  // As wide as the widest value of any resource (max_data_width, as in Linux 6.1): hexadecimal digits of the
  // mask, three for a percentage or MBps, four for AMD's units.
  const size_t bandwidth = profile_.bandwidth == Bandwidth::None         ? 0
                           : profile_.bandwidth == Bandwidth::EighthGBps ? 4
                                                                         : 3;
  const size_t width = std::max<size_t>((profile_.ways + 3) / 4, bandwidth);
  std::string text;
  // The kernel puts each resource at the head of its list (schemata_list_add): the last one is shown first.
  for (size_t r = resources_.size(); r-- > 0;) {
    text += fmt::format("{:>{}}:", resources_[r].name, kNameWidth);
    for (size_t d = 0; d < profile_.domains; ++d) {
      text += d == 0 ? "" : ";";
      text += resources_[r].mask ? fmt::format("{}={:0{}x}", d, group.values[r][d], width)
                                 : fmt::format("{}={:>{}}", d, group.values[r][d], width);
    }
    text += '\n';
  }
  return text;
}

std::string Schemata::show_size(const Group& group) const {
  std::string text;
  for (size_t r = resources_.size(); r-- > 0;) {
    text += fmt::format("{:>{}}:", resources_[r].name, kNameWidth);
    for (size_t d = 0; d < profile_.domains; ++d) {
      const uint64_t value = group.values[r][d];
      text += fmt::format(
          "{}{}={}", d == 0 ? "" : ";", d,
          resources_[r].mask ? static_cast<uint64_t>(std::popcount(value)) * profile_.way_bytes : value);
    }
    text += '\n';
  }
  return text;
}

bool Schemata::overlaps(const Groups& groups, const Group& group, size_t domain, uint64_t mask,
                        bool exclusive_only) const {
  // What hardware uses as well can be nobody's alone.
  if (!exclusive_only && (mask & profile_.shareable) != 0) return true;
  for (const auto& [name, other] : groups) {
    if (other.closid == group.closid || (exclusive_only && other.mode != "exclusive")) continue;
    for (size_t r = 0; r < resources_.size(); ++r)
      if (resources_[r].mask && (other.values[r][domain] & mask) != 0) return true;
  }
  return false;
}

Outcome Schemata::check_mask(const Groups& groups, const Group& group, size_t domain, std::string_view word,
                             uint64_t& value) const {
  if (!number(word, 16, value)) return refuse(fmt::format("Non-hex character in the mask {}", word));
  if ((value == 0 && profile_.min_bits > 0) || value > profile_.all_ways())
    return refuse("Mask out of range");
  const auto first = value == 0 ? 0U : static_cast<uint32_t>(std::countr_zero(value));
  const auto run = static_cast<uint32_t>(std::countr_one(value >> first));
  if (!profile_.sparse && run < static_cast<uint32_t>(std::popcount(value)))
    return refuse(fmt::format("The mask {:x} has non-consecutive 1-bits", value));
  if (run < profile_.min_bits)
    return refuse(fmt::format("Need at least {} bits in the mask", profile_.min_bits));
  if (overlaps(groups, group, domain, value, true)) return refuse("Overlaps with exclusive group");
  if (group.mode == "exclusive" && overlaps(groups, group, domain, value, false))
    return refuse("Overlaps with other group");
  return {};
}

Outcome Schemata::check_bandwidth(std::string_view word, uint64_t& value) const {
  if (!number(word, 10, value) || value > UINT32_MAX) return refuse(fmt::format("Invalid MB value {}", word));
  if (profile_.bandwidth == Bandwidth::MBps) return {};  // the software controller takes any number
  if (value < profile_.mb_least || value > profile_.mb_most)
    return refuse(
        fmt::format("MB value {} out of range [{},{}]", value, profile_.mb_least, profile_.mb_most));
  value = (value + profile_.mb_step - 1) / profile_.mb_step * profile_.mb_step;
  return {};
}

Outcome Schemata::stage_domain(const Groups& groups, Group& group, size_t resource, std::string_view part,
                               Staged& staged) const {
  bool equals = false;
  const std::string_view id = cut(part, '=', equals);
  uint64_t domain = 0;
  if (!equals || !number(id, 10, domain)) return refuse("Missing '=' or non-numeric domain");
  if (domain >= profile_.domains) return {EINVAL};  // the kernel has no words for it
  auto& [is_new, value] = staged[resource][domain];
  if (is_new) return refuse(fmt::format("Duplicate domain {}", domain));
  const bool mask = resources_[resource].mask;
  Outcome checked =
      mask ? check_mask(groups, group, domain, strip(part), value) : check_bandwidth(strip(part), value);
  if (checked.error != 0) return checked;
  // The software controller's values are not staged: they count at once, and twice for a domain is no error.
  if (!mask && profile_.bandwidth == Bandwidth::MBps)
    group.values[resource][domain] = value;
  else
    is_new = true;
  return {};
}

Outcome Schemata::stage(const Groups& groups, Group& group, std::string_view line, Staged& staged) const {
  bool more = false;
  const std::string_view name = strip(cut(line, ':', more));
  if (!more) return refuse("Missing ':'");
  if (line.empty()) return refuse(fmt::format("Missing '{}' value", name));
  const auto resource =
      std::find_if(resources_.begin(), resources_.end(), [&](const Resource& r) { return r.name == name; });
  if (resource == resources_.end())
    return refuse(fmt::format("Unknown or unsupported resource name '{}'", name));
  while (!line.empty()) {
    const auto r = static_cast<size_t>(resource - resources_.begin());
    if (Outcome done = stage_domain(groups, group, r, cut(line, ';', more), staged); done.error != 0)
      return done;
  }
  return {};
}

Outcome Schemata::write(Groups& groups, const std::string& name, std::string_view text) const {
  if (text.empty() || text.back() != '\n') return {.error = EINVAL, .silent = true};
  text.remove_suffix(1);
  Group& group = groups.at(name);
  Staged staged(resources_.size(), std::vector<std::pair<bool, uint64_t>>(profile_.domains));
  for (bool more = true; more;)
    if (Outcome done = stage(groups, group, cut(text, '\n', more), staged); done.error != 0) return done;
  for (size_t r = 0; r < staged.size(); ++r)
    for (size_t d = 0; d < staged[r].size(); ++d)
      if (staged[r][d].first) group.values[r][d] = staged[r][d].second;
  return {};
}

/// The first run of ways that no exclusive group has, neither for code nor for data (cbm_ensure_valid:
/// without gaps also where masks may have them).
uint64_t Schemata::unclaimed(const Groups& groups, size_t domain) const {
  uint64_t free = profile_.all_ways();
  for (const auto& [name, other] : groups)
    for (size_t r = 0; r < resources_.size(); ++r)
      if (resources_[r].mask && other.mode == "exclusive") free &= ~other.values[r][domain];
  if (free == 0) return 0;
  const int first = std::countr_zero(free);
  return free & ((uint64_t{1} << std::countr_one(free >> first)) - 1) << first;
}

Outcome Schemata::initialise(const Groups& groups, Group& group) const {
  for (const Resource& resource : resources_)
    group.values.emplace_back(profile_.domains, resource.mask ? profile_.all_ways() : profile_.mb_most);
  for (size_t r = resources_.size(); r-- > 0;)  // as they are shown
    for (size_t d = 0; d < profile_.domains && resources_[r].mask; ++d) {
      group.values[r][d] = unclaimed(groups, d);
      if (std::popcount(group.values[r][d]) < static_cast<int>(profile_.min_bits))
        return {ENOSPC, fmt::format("No space on {}:{}", resources_[r].name, d)};
    }
  return {};
}

Outcome Schemata::set_mode(Groups& groups, const std::string& name, std::string_view text) const {
  if (text.empty() || text.back() != '\n') return {.error = EINVAL, .silent = true};
  text.remove_suffix(1);
  Group& group = groups.at(name);
  if (text == group.mode) return {};
  if (text == "shareable") {
    group.mode = text;
    return {};
  }
  if (text == "pseudo-locksetup")
    return refuse(name.empty()   ? "Cannot pseudo-lock default group"
                  : profile_.cdp ? "CDP enabled"
                                 : "Pseudo-locking not supported");
  if (text != "exclusive") return refuse("Unknown or unsupported mode");
  bool cache = false;
  for (size_t r = 0; r < resources_.size(); ++r) {
    if (!resources_[r].mask) continue;
    cache = true;
    for (size_t d = 0; d < profile_.domains; ++d)
      if (overlaps(groups, group, d, group.values[r][d], false)) return refuse("Schemata overlaps");
  }
  if (!cache) return refuse("Cannot be exclusive without CAT/CDP");
  group.mode = text;
  return {};
}

std::string Schemata::bit_usage(const Groups& groups, size_t resource) const {
  std::string text;
  for (size_t d = 0; d < profile_.domains; ++d) {
    uint64_t shared = 0, exclusive = 0;
    for (const auto& [name, group] : groups)
      (group.mode == "exclusive" ? exclusive : shared) |= group.values[resource][d];
    text += fmt::format("{}{}=", d == 0 ? "" : ";", d);
    for (uint32_t way = profile_.ways; way-- > 0;) {
      const bool hardware = (profile_.shareable >> way & 1) != 0, software = (shared >> way & 1) != 0;
      text += hardware ? (software ? 'X' : 'H') : software ? 'S' : (exclusive >> way & 1) != 0 ? 'E' : '0';
    }
  }
  return text + "\n";
}

}  // namespace cbench::sim
