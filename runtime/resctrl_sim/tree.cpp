// Paths, and the operations on them.
#include "runtime/resctrl_sim/tree.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "runtime/resctrl_sim/cpus.h"

namespace cbench::sim {
namespace {

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// "mon_L3_01" with a prefix "mon_L3_": 1. Two digits, as the kernel prints them.
std::optional<uint32_t> numbered(const std::string& name, std::string_view prefix, uint32_t from,
                                 uint32_t count) {
  for (uint32_t i = from; i < from + count; ++i)
    if (name == fmt::format("{}{:02}", prefix, i)) return i;
  return std::nullopt;
}

/// The kernel's files take a write of a page at most (kernfs, atomic_write_len).
constexpr size_t kLongestWrite = 4096;

/// What a fault that struck comes to.
Outcome outcome_of(int fault) {
  return {fault, fmt::format("Simulated fault: {}", fault == EINTR ? "hang" : strerrorname_np(fault))};
}

const std::vector<std::string> kCounters = {"llc_occupancy", "mbm_local_bytes", "mbm_total_bytes"};

}  // namespace

Tree::Tree(const Profile& profile, std::vector<ScriptLine> script)
    : profile_(profile), schemata_(profile), activity_(profile, std::move(script)) {
  Group root{.serial = ++last_serial_, .cpus = activity_.cpus()};
  static_cast<void>(schemata_.initialise(groups_, root));
  groups_.emplace("", std::move(root));
  if (profile_.rmids > 0) set_threshold(profile_.cache_bytes() / profile_.rmids);
}

double Tree::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

Tree::Node Tree::find_info(const std::vector<std::string>& parts) const {
  Node node;
  if (parts.size() == 1) node.kind = Node::Kind::Info;
  if (parts.size() == 2 && contains(info_parts(), parts[1]))
    node = {.kind = Node::Kind::InfoPart, .part = parts[1]};
  const std::string part = parts.size() == 3 ? parts[1] : "", name = parts.back();
  if (parts.size() > 1 && parts.size() < 4 && contains(info_files(part), name))
    node = {.kind = Node::Kind::InfoFile, .part = part, .name = name};
  return node;
}

bool Tree::is_group_file(const Place& place, const std::string& name) const {
  if (name == "tasks" || name == "cpus" || name == "cpus_list") return true;
  return place.mon.empty() && (name == "schemata" || name == "mode" || name == "size");
}

Tree::Node Tree::find_in_group(Node at, const std::vector<std::string>& parts, size_t from) const {
  if (from == parts.size()) return at;
  const bool monitors = profile_.rmids > 0;
  const std::string& name = parts[from];
  if (from + 1 == parts.size() && is_group_file(at.place, name))
    return {.kind = Node::Kind::File, .place = at.place, .name = name};
  if (!monitors) return {};
  if (name == "mon_groups" && at.place.mon.empty()) {
    if (from + 1 == parts.size()) return {.kind = Node::Kind::MonGroups, .place = at.place};
    const Group& group = groups_.at(at.place.group);
    if (!group.mon_groups.contains(parts[from + 1])) return {};
    return find_in_group({.kind = Node::Kind::MonGroup, .place = {at.place.group, parts[from + 1]}}, parts,
                         from + 2);
  }
  if (name != "mon_data") return {};
  if (from + 1 == parts.size()) return {.kind = Node::Kind::MonData, .place = at.place};
  const auto domain = numbered(parts[from + 1], "mon_L3_", 0, profile_.domains);
  if (!domain) return {};
  Node node{.kind = Node::Kind::MonDomain, .place = at.place, .domain = *domain};
  size_t last = from + 2;
  if (last < parts.size() && profile_.snc_nodes > 1)
    if (const auto sub =
            numbered(parts[last], "mon_sub_L3_", *domain * profile_.snc_nodes, profile_.snc_nodes)) {
      node.kind = Node::Kind::MonNode;
      node.part = parts[last++];
    }
  if (last == parts.size()) return node;
  if (last + 1 != parts.size() || !contains(kCounters, parts[last])) return {};
  return {.kind = Node::Kind::File,
          .place = at.place,
          .part = "mon_data" + node.part,
          .name = parts[last],
          .domain = *domain};
}

Tree::Node Tree::find(const std::string& path) const {
  const std::vector<std::string> parts = split(path);
  if (parts.empty()) return {.kind = Node::Kind::Root};
  if (parts[0] == "info") return find_info(parts);
  if (!parts[0].empty() && groups_.contains(parts[0]))
    return find_in_group({.kind = Node::Kind::Group, .place = {parts[0], ""}}, parts, 1);
  return find_in_group({.kind = Node::Kind::Root}, parts, 0);
}

std::optional<Tree::Entry> Tree::look(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Node node = find(path);
  switch (node.kind) {
    case Node::Kind::None:
      return std::nullopt;
    case Node::Kind::InfoFile:
      return Entry{false,
                   node.name == "simulated_faults" || node.name == "max_threshold_occupancy" ? 0644U : 0444U};
    case Node::Kind::File:
      return Entry{false, node.part.empty() && node.name != "size" ? 0644U : 0444U, serial_of(node)};
    default:
      return Entry{true, 0755};
  }
}

std::vector<std::string> Tree::list(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  const Node node = find(folder);
  std::vector<std::string> names;
  const bool monitors = profile_.rmids > 0;
  switch (node.kind) {
    case Node::Kind::Root:
    case Node::Kind::Group:
      for (const char* name : {"schemata", "mode", "size"}) names.emplace_back(name);
      if (monitors) names.insert(names.end(), {"mon_groups", "mon_data"});
      [[fallthrough]];
    case Node::Kind::MonGroup:
      for (const char* name : {"tasks", "cpus", "cpus_list"}) names.emplace_back(name);
      if (node.kind == Node::Kind::MonGroup) names.emplace_back("mon_data");
      if (node.kind != Node::Kind::Root) break;
      names.emplace_back("info");
      for (const auto& [name, group] : groups_)
        if (!name.empty()) names.push_back(name);
      break;
    case Node::Kind::Info:
      names = info_parts();
      for (const std::string& name : info_files("")) names.push_back(name);
      break;
    case Node::Kind::InfoPart:
      names = info_files(node.part);
      break;
    case Node::Kind::MonGroups:
      for (const auto& [name, mon] : groups_.at(node.place.group).mon_groups) names.push_back(name);
      break;
    case Node::Kind::MonData:
      for (uint32_t d = 0; d < profile_.domains; ++d) names.push_back(fmt::format("mon_L3_{:02}", d));
      break;
    case Node::Kind::MonDomain:
      for (uint32_t n = 0; n < profile_.snc_nodes && profile_.snc_nodes > 1; ++n)
        names.push_back(fmt::format("mon_sub_L3_{:02}", node.domain * profile_.snc_nodes + n));
      [[fallthrough]];
    case Node::Kind::MonNode:
      names.insert(names.end(), kCounters.begin(), kCounters.end());
      break;
    default:
      break;
  }
  return names;
}

/// Of the group that a node is in; 0 where it is in none.
uint64_t Tree::serial_of(const Node& node) const {
  if (node.kind != Node::Kind::File) return 0;
  const Group& group = groups_.at(node.place.group);
  return node.place.mon.empty() ? group.serial : group.mon_groups.at(node.place.mon).serial;
}

int Tree::settle(const Outcome& outcome) {
  if (!outcome.silent) status_ = outcome.words;
  return outcome.error;
}

int Tree::read(const std::string& path, std::string& text, const Caller& caller) {
  if (const int error = faults_.strike("read", path, caller.interrupted); error != 0) return error;
  const std::lock_guard lock(mutex_);
  const Node node = find(path);
  if (node.kind == Node::Kind::InfoFile) {
    text = node.name == "simulated_faults" ? faults_.show() : read_info(node.part, node.name);
    return 0;
  }
  if (node.kind != Node::Kind::File) return node.kind == Node::Kind::None ? ENODEV : EISDIR;
  if (caller.opened != 0 && caller.opened != serial_of(node)) return ENODEV;
  if (!node.part.empty()) return read_counter(node, text);
  text = read_file(node);
  return 0;
}

int Tree::write(const std::string& path, std::string_view text, const Caller& caller) {
  if (path == "info/simulated_faults") {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    const Outcome added = faults_.add(text);
    const std::lock_guard lock(mutex_);
    return settle(added);
  }
  const int struck = faults_.strike("write", path, caller.interrupted);
  const std::lock_guard lock(mutex_);
  if (struck != 0) return settle(outcome_of(struck));
  const Node node = find(path);
  if (node.kind == Node::Kind::None) return ENODEV;
  if (caller.opened != 0 && caller.opened != serial_of(node)) return ENODEV;
  if (text.size() > kLongestWrite) return E2BIG;
  if (node.kind == Node::Kind::InfoFile && node.name == "max_threshold_occupancy")
    return write_threshold(text);
  if (node.kind != Node::Kind::File || !node.part.empty()) return EACCES;
  return settle(write_file(node, text, caller.pid));
}

Outcome Tree::write_file(const Node& node, std::string_view text, pid_t caller) {
  if (node.name == "tasks") return tasks_.write(node.place, text, caller);
  if (node.name == "schemata") return schemata_.write(groups_, node.place.group, text);
  if (node.name == "mode") return schemata_.set_mode(groups_, node.place.group, text);
  if (node.name.starts_with("cpus"))
    return write_cpus(groups_, node.place, text, node.name == "cpus_list", activity_.cpus());
  return {.error = EACCES, .silent = true};
}

int Tree::make(const std::string& path, const Caller& caller) {
  const int struck = faults_.strike("mkdir", path, caller.interrupted);
  const std::lock_guard lock(mutex_);
  if (struck != 0) return settle(outcome_of(struck));
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (find(path).kind != Node::Kind::None) return EEXIST;
  if (name.find('\n') != std::string::npos) return EINVAL;
  const Node in = find(parent);
  if (in.kind == Node::Kind::Root) return settle(make_group(name));
  if (in.kind == Node::Kind::MonGroups && name != "mon_groups")
    return settle(make_mon_group(groups_.at(in.place.group), name));
  return EPERM;
}

int Tree::remove(const std::string& path, const Caller& caller) {
  const int struck = faults_.strike("rmdir", path, caller.interrupted);
  const std::lock_guard lock(mutex_);
  if (struck != 0) return settle(outcome_of(struck));
  const Node node = find(path);
  if (node.kind == Node::Kind::None) return ENOENT;
  if (node.kind == Node::Kind::MonGroup) {
    Group& group = groups_.at(node.place.group);
    tasks_.move_all(node.place, {node.place.group, ""});
    activity_.forget(group.mon_groups.at(node.place.mon).rmid);
    group.mon_groups.erase(node.place.mon);
    return settle({});
  }
  if (node.kind != Node::Kind::Group) return EPERM;
  Group& group = groups_.at(node.place.group);
  tasks_.move_all(node.place, {});
  give_cpus_back(groups_, node.place.group);
  activity_.forget(group.rmid);
  for (const auto& [name, mon] : group.mon_groups) activity_.forget(mon.rmid);
  groups_.erase(node.place.group);
  return settle({});
}

std::optional<uint32_t> Tree::free_id(uint32_t count, bool closid) const {
  std::vector<bool> used(count);
  for (const auto& [name, group] : groups_) {
    used[closid ? group.closid : group.rmid] = true;
    if (!closid)
      for (const auto& [mon, made] : group.mon_groups) used[made.rmid] = true;
  }
  const auto free = std::find(used.begin(), used.end(), false);
  if (free == used.end()) return std::nullopt;
  return static_cast<uint32_t>(free - used.begin());
}

Outcome Tree::make_group(const std::string& name) {
  const auto closid = free_id(profile_.usable_closids(), true);
  if (!closid) return {ENOSPC, "Out of CLOSIDs"};
  Group group{.closid = *closid, .serial = ++last_serial_};
  if (profile_.rmids > 0) {
    const auto rmid = free_id(profile_.rmids, false);
    if (!rmid) return {ENOSPC, "Out of RMIDs"};
    group.rmid = *rmid;
  }
  if (Outcome made = schemata_.initialise(groups_, group); made.error != 0) return made;
  groups_.emplace(name, std::move(group));
  return {};
}

Outcome Tree::make_mon_group(Group& group, const std::string& name) {
  const auto rmid = free_id(profile_.rmids, false);
  if (!rmid) return {ENOSPC, "Out of RMIDs"};
  group.mon_groups.emplace(name, MonGroup{.rmid = *rmid, .serial = ++last_serial_});
  return {};
}

}  // namespace cbench::sim
