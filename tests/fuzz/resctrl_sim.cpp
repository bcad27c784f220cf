// link: runtime.resctrl_sim runtime.host
// Operations on the simulated resctrl: whatever comes, its schemata can be read by cbench's own parser and
// hold only what the cache has, an exclusive group shares no way, each CPU is in one control group, and when
// the groups are gone all CLOSIDs, RMIDs and CPUs are back.
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/host/resctrl.h"
#include "runtime/resctrl_sim/tree.h"

namespace {

using namespace cbench;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

struct Seen {
  bool exclusive = false;
  std::vector<uint64_t> ways;  ///< by domain, of code and data
};

std::string read(sim::Tree& tree, const std::string& path) {
  std::string text;
  require(tree.read(path, text, {}) == 0);
  return text;
}

Seen see(sim::Tree& tree, const sim::Profile& profile, const std::string& prefix) {
  Seen seen{read(tree, prefix + "mode") == "exclusive\n", std::vector<uint64_t>(profile.domains)};
  const auto schemata = parse_schemata(read(tree, prefix + "schemata"));
  require(schemata.ok());
  for (const SchemataLine& line : *schemata)
    for (const auto& [id, value] : line.domains) {
      require(id < profile.domains);
      if (!line.is_mask()) continue;
      require(value <= profile.all_ways());
      seen.ways[id] |= value;
    }
  return seen;
}

std::vector<std::string> groups_of(sim::Tree& tree) {
  std::vector<std::string> groups = {""};
  for (const std::string& name : tree.list(""))
    if (tree.look(name + "/schemata")) groups.push_back(name + "/");
  return groups;
}

void check(sim::Tree& tree, const sim::Profile& profile, size_t cpus) {
  const std::vector<std::string> groups = groups_of(tree);
  require(groups.size() <= profile.usable_closids());
  std::vector<Seen> seen;
  size_t cpus_now = 0;
  for (const std::string& prefix : groups) {
    seen.push_back(see(tree, profile, prefix));
    for (const char digit : read(tree, prefix + "cpus"))
      if (digit != ',' && digit != '\n')
        cpus_now += static_cast<size_t>(
            __builtin_popcount(static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10)));
  }
  require(cpus_now == cpus);
  for (const Seen& one : seen)
    for (const Seen& other : seen)
      for (size_t d = 0; &one != &other && one.exclusive && d < one.ways.size(); ++d)
        require((one.ways[d] & (other.ways[d] | profile.shareable)) == 0);
}

void check_nothing_leaked(sim::Tree& tree, const sim::Profile& profile, size_t cpus) {
  for (const std::string& prefix : groups_of(tree))
    if (!prefix.empty()) require(tree.remove(prefix.substr(0, prefix.size() - 1), {}) == 0);
  if (profile.rmids > 0)
    for (const std::string& mon : tree.list("mon_groups")) require(tree.remove("mon_groups/" + mon, {}) == 0);
  check(tree, profile, cpus);
  require(tree.write("mode", "shareable\n", {}) == 0);
  for (uint32_t i = 1; i < profile.usable_closids(); ++i)
    require(tree.make("g" + std::to_string(i), {}) == 0);
  require(tree.make("more", {}) == ENOSPC);
  for (uint32_t i = profile.usable_closids(); i < profile.rmids; ++i)
    require(tree.make("mon_groups/g" + std::to_string(i), {}) == 0);
  if (profile.rmids > 0) require(tree.make("mon_groups/more", {}) == ENOSPC);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto all = sim::profiles();
  const sim::Profile& profile = all[data[0] % all.size()];
  sim::Tree tree(profile);
  const size_t cpus = sim::Activity(profile, {}).cpus().size();
  std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
  // A line is an operation: its first letter which, the second the group, the rest the text.
  for (size_t at = 0; at < rest.size();) {
    const size_t end = std::min(rest.find('\n', at), rest.size());
    const std::string line = rest.substr(at, end - at);
    at = end + 1;
    if (line.size() < 2) continue;
    const std::string group(1, line[1]), words = line.substr(2) + "\n";
    switch (line[0]) {
      case 'm':
        tree.make(group, {});
        break;
      case 'M':
        tree.make(group + "/mon_groups/" + line.substr(2), {});
        break;
      case 'r':
        tree.remove(group, {});
        break;
      case 's':
        tree.write(group + "/schemata", words, {});
        break;
      case 'S':
        tree.write("schemata", words, {});
        break;
      case 'e':
        tree.write(group + "/mode", words, {});
        break;
      case 'c':
        tree.write(group + "/cpus_list", words, {});
        break;
      case 'C':
        tree.write(group + "/mon_groups/m/cpus_list", words, {});
        break;
      case 'k':
        tree.write(group + "/cpus", words, {});
        break;
      case 't':
        tree.write(group + "/tasks", words, {});
        break;
      case 'E':
        tree.write("mode", line.substr(1) + "\n", {});
        break;
      case 'p':
        tree.write(line.substr(1), words, {});
        break;
      default:
        break;
    }
  }
  check(tree, profile, cpus);
  check_nothing_leaked(tree, profile, cpus);
  return 0;
}
