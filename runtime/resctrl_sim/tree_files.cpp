// What the files of the simulated resctrl say.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "runtime/resctrl_sim/cpus.h"
#include "runtime/resctrl_sim/tree.h"

namespace cbench::sim {
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
  if (name == "max_threshold_occupancy") return fmt::format("{}\n", threshold_);
  if (name == "num_closids")  // CDP takes two CLOSIDs of the cache's for each, and none of the bandwidth's
    return fmt::format("{}\n", part == "MB" ? profile_.closids : profile_.usable_closids());
  if (name == "bandwidth_gran") return fmt::format("{}\n", profile_.mb_step);
  if (name == "min_bandwidth") return fmt::format("{}\n", profile_.mb_least);
  if (name == "delay_linear") return profile_.bandwidth == Bandwidth::EighthGBps ? "0\n" : "1\n";
  if (name == "thread_throttle_mode") return profile_.per_thread ? "per-thread\n" : "max\n";
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
    text += fmt::format("cpus {}={}\n", domain, show_cpus(cpus, true));
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
  return show_cpus(node.place.mon.empty() ? group.cpus : group.mon_groups.at(node.place.mon).cpus,
                   node.name == "cpus_list") +
         "\n";
}

/// Counters count in lumps; the kernel rounds the limit down to them.
void Tree::set_threshold(uint64_t bytes) {
  constexpr uint64_t kLump = 65536;
  threshold_ = bytes / kLump * kLump;
}

/// As kstrtouint reads it; the kernel says nothing in last_cmd_status.
int Tree::write_threshold(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  uint32_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes > profile_.cache_bytes())
    return EINVAL;
  set_threshold(bytes);
  return 0;
}

}  // namespace cbench::sim
