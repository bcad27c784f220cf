// What the files of the simulated resctrl say.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "runtime/resctrl_sim/tree.h"

namespace cbench::sim {
namespace {

/// "0-3,8", as cpulists are printed.
std::string to_list(const std::vector<uint32_t>& cpus) {
  std::string text;
  for (size_t i = 0; i < cpus.size();) {
    size_t end = i;
    while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1) ++end;
    text += fmt::format("{}{}", text.empty() ? "" : ",", cpus[i]);
    if (end > i) text += fmt::format("-{}", cpus[end]);
    i = end + 1;
  }
  return text;
}

/// As cpumask is printed: 32 bits a group, the highest first.
std::string to_mask(const std::vector<uint32_t>& cpus) {
  const uint32_t words = cpus.empty() ? 1 : cpus.back() / 32 + 1;
  std::string text;
  for (uint32_t word = words; word-- > 0;) {
    uint32_t bits = 0;
    for (const uint32_t cpu : cpus)
      if (cpu / 32 == word) bits |= 1U << cpu % 32;
    text += fmt::format("{}{:0{}x}", text.empty() ? "" : ",", bits, word + 1 == words ? 1 : 8);
  }
  return text;
}

bool parse_list(std::string_view text, std::vector<uint32_t>& cpus) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view range = text.substr(0, comma);
    const size_t dash = std::min(range.find('-'), range.size());
    uint32_t first = 0, last = 0;
    const auto number = [](std::string_view word, uint32_t& value) {
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      return error == std::errc() && end == word.data() + word.size();
    };
    if (!number(range.substr(0, dash), first)) return false;
    last = first;
    if (dash < range.size() && !number(range.substr(dash + 1), last)) return false;
    if (last < first || last > 8191) return false;
    for (uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return true;
}

}  // namespace

std::vector<std::string> Tree::info_parts() const {
  std::vector<std::string> parts;
  for (const Resource& resource : schemata_.resources()) parts.push_back(resource.name);
  if (profile_.rmids > 0) parts.emplace_back("L3_MON");
  return parts;
}

std::vector<std::string> Tree::info_files(const std::string& part) const {
  if (part.empty()) return {"last_cmd_status", "simulated", "simulated_faults"};
  if (part == "L3_MON") return {"mon_features", "num_rmids", "max_threshold_occupancy"};
  if (part != "MB")
    return {"bit_usage", "cbm_mask", "min_cbm_bits", "num_closids", "shareable_bits", "sparse_masks"};
  std::vector<std::string> files = {"bandwidth_gran", "delay_linear", "min_bandwidth", "num_closids"};
  if (profile_.bandwidth != Bandwidth::EighthGBps) files.emplace_back("thread_throttle_mode");
  return files;
}

std::string Tree::read_info(const std::string& part, const std::string& name) const {
  if (name == "last_cmd_status") return (status_.empty() ? "ok" : status_) + "\n";
  if (name == "simulated") return simulated();
  if (name == "mon_features") return "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n";
  if (name == "num_rmids") return fmt::format("{}\n", profile_.rmids);
  if (name == "max_threshold_occupancy") return fmt::format("{}\n", profile_.way_bytes / 64);
  if (name == "num_closids") return fmt::format("{}\n", profile_.usable_closids());
  if (name == "bandwidth_gran") return fmt::format("{}\n", profile_.mb_step);
  if (name == "min_bandwidth") return fmt::format("{}\n", profile_.mb_least);
  if (name == "delay_linear") return "1\n";
  if (name == "thread_throttle_mode") return "max\n";
  if (name == "cbm_mask") return fmt::format("{:x}\n", profile_.all_ways());
  if (name == "min_cbm_bits") return fmt::format("{}\n", profile_.min_bits);
  if (name == "shareable_bits") return fmt::format("{:x}\n", profile_.shareable);
  if (name == "sparse_masks") return profile_.sparse ? "1\n" : "0\n";
  if (name != "bit_usage") return "";
  const auto& all = schemata_.resources();
  const auto at = std::find_if(all.begin(), all.end(), [&](const Resource& r) { return r.name == part; });
  return schemata_.bit_usage(groups_, static_cast<size_t>(at - all.begin()));
}

std::string Tree::simulated() const {
  std::string text = fmt::format("profile {}\n", profile_.name);
  if (profile_.cdp) text += "options cdp\n";
  if (profile_.bandwidth == Bandwidth::MBps) text += "options mba_MBps\n";
  for (uint32_t domain = 0; domain < profile_.domains; ++domain) {
    std::vector<uint32_t> cpus;
    for (const uint32_t cpu : activity_.cpus())
      if (activity_.domain_of(cpu) == domain) cpus.push_back(cpu);
    text += fmt::format("cpus {}={}\n", domain, to_list(cpus));
  }
  return text;
}

int Tree::read_counter(const Node& node, std::string& text) {
  activity_.advance(seconds(), groups_, tasks_);
  const Counters counters = activity_.of(groups_, node.place, node.domain);
  const double parts = node.part == "mon_data" ? 1 : profile_.snc_nodes;  // a node has its part of the domain
  const double value = node.name == "llc_occupancy"     ? counters.occupancy
                       : node.name == "mbm_total_bytes" ? counters.total
                                                        : counters.local;
  text = counters.unavailable ? "Unavailable\n"
                              : fmt::format("{}\n", static_cast<uint64_t>(std::floor(value / parts)));
  return 0;
}

std::string Tree::read_file(const Node& node) {
  const Group& group = groups_.at(node.place.group);
  if (node.name == "schemata") return schemata_.show(group);
  if (node.name == "size") return schemata_.show_size(group);
  if (node.name == "mode") return group.mode + "\n";
  std::string text;
  if (node.name == "tasks") {
    for (const pid_t task : tasks_.in(node.place)) text += fmt::format("{}\n", task);
    return text;
  }
  std::vector<uint32_t> cpus = node.place.mon.empty() ? group.cpus : std::vector<uint32_t>();
  if (node.place == Place{}) {  // the root has those that nobody else has
    for (const uint32_t cpu : activity_.cpus()) {
      const bool taken = std::any_of(groups_.begin(), groups_.end(), [&](const auto& other) {
        return std::find(other.second.cpus.begin(), other.second.cpus.end(), cpu) != other.second.cpus.end();
      });
      if (!taken) cpus.push_back(cpu);
    }
  }
  return (node.name == "cpus_list" ? to_list(cpus) : to_mask(cpus)) + "\n";
}

Outcome Tree::write_cpus(Group& group, std::string_view text, bool as_list) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::vector<uint32_t> cpus;
  if (!as_list) {  // only the lowest 32 are needed for a mask of the machines that this runs on
    uint32_t bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 16);
    if (error != std::errc() || end != text.data() + text.size()) return {EINVAL, "Bad CPU list/mask"};
    for (uint32_t cpu = 0; cpu < 32; ++cpu)
      if ((bits >> cpu & 1) != 0) cpus.push_back(cpu);
  } else if (!parse_list(text, cpus)) {
    return {EINVAL, "Bad CPU list/mask"};
  }
  for (const uint32_t cpu : cpus)
    if (std::find(activity_.cpus().begin(), activity_.cpus().end(), cpu) == activity_.cpus().end())
      return {EINVAL, "Can only assign online CPUs"};
  for (auto& [name, other] : groups_)
    std::erase_if(other.cpus,
                  [&](uint32_t cpu) { return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end(); });
  group.cpus = std::move(cpus);
  return {};
}

}  // namespace cbench::sim
