#include "runtime/host/simulation.h"

#include <algorithm>

#include "runtime/host/files.h"

namespace cbench {

std::optional<Simulation> read_simulation(const std::string& root) {
  const auto text = read_text(root + "/info/simulated");
  if (!text) return std::nullopt;
  Simulation made;
  for (const std::string_view line : fields(*text, '\n')) {
    const auto words = fields(line, ' ');
    if (words.size() != 2) continue;
    if (words[0] == "profile") made.profile = words[1];
    const auto options = fields(words[1], ',');
    if (words[0] == "options")
      made.mba_mbps = std::find(options.begin(), options.end(), "mba_MBps") != options.end();
    const size_t equals = words[1].find('=');  // cpus 1=4-7
    if (words[0] != "cpus" || equals == std::string_view::npos) continue;
    const auto domain = parse_number(words[1].substr(0, equals));
    const auto cpus = parse_cpu_list(words[1].substr(equals + 1));
    if (domain && cpus) made.cpus.emplace_back(static_cast<uint32_t>(*domain), *cpus);
  }
  return made;
}

}  // namespace cbench
