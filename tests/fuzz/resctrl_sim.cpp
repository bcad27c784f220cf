// link: runtime.resctrl_sim runtime.host
// Operations on the simulated resctrl: whatever comes, its schemata can be read by cbench's own parser and
// hold only what the cache has, and no CLOSID is lost.
#include <cstdint>
#include <string>

#include "runtime/host/resctrl.h"
#include "runtime/resctrl_sim/tree.h"

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check(cbench::sim::Tree& tree, const cbench::sim::Profile& profile) {
  size_t groups = 0;
  std::string text;
  for (const std::string& name : tree.list("")) {
    const std::string path = name == "schemata" ? name : name + "/schemata";
    if (tree.read(path, text, {}) != 0) continue;
    ++groups;
    const auto schemata = cbench::parse_schemata(text);
    require(schemata.ok());
    for (const cbench::SchemataLine& line : *schemata)
      for (const auto& [id, value] : line.domains) {
        require(id < profile.domains);
        require(!line.is_mask() || value <= profile.all_ways());
      }
  }
  require(groups >= 1 && groups <= profile.usable_closids());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto all = cbench::sim::profiles();
  const cbench::sim::Profile& profile = all[data[0] % all.size()];
  cbench::sim::Tree tree(profile);
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
      case 'p':
        tree.write(line.substr(1), words, {});
        break;
      default:
        break;
    }
  }
  check(tree, profile);
  return 0;
}
