// What a resctrl file system holds, to compare before and after.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace cbench {

/// Every folder and file below `root` with its content. Left out: counters, which run on, and the root
/// group's tasks, which are all processes of the host.
inline std::string resctrl_snapshot(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::vector<std::string> parts;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
    const std::string path = fs::relative(at->path(), root).string();
    if (at->path().filename() == "mon_data" || at->path().filename().string().starts_with("mon_L3")) {
      at.disable_recursion_pending();
      continue;
    }
    std::ostringstream text;
    if (!at->is_directory() && path != "tasks" && path.find("simulated") == std::string::npos)
      text << std::ifstream(at->path()).rdbuf();
    parts.push_back(path + "\n" + text.str());
  }
  std::sort(parts.begin(), parts.end());
  std::string all;
  for (const std::string& part : parts) all += part + "\n";
  return all;
}

}  // namespace cbench
