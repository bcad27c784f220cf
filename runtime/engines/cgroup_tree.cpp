// Signals and removal of cgroup folders.
#include "runtime/engines/cgroup_tree.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

namespace cbench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// True when all of `text` was taken.
bool write_file(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t written = write(fd, text.data(), text.size());
  close(fd);
  return written == static_cast<ssize_t>(text.size());
}

/// Calls `visit` with `folder` and each folder below, children first. What vanishes meanwhile is skipped.
template <class Visit>
void each_group(const std::string& folder, const Visit& visit) {
  std::error_code failed;
  std::vector<std::string> children;
  fs::directory_iterator at(folder, failed);
  for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
    std::error_code unknown;
    if (at->is_directory(unknown) && !at->is_symlink(unknown)) children.push_back(at->path());
  }
  for (const std::string& child : children) each_group(child, visit);
  visit(folder);
}

/// Freezes the group, so that nothing can fork while it is killed; a killed process dies when it is thawed.
void kill_frozen(const std::string& folder, const std::string& freezer) {
  const std::string state = freezer + "/freezer.state";
  const bool frozen = !freezer.empty() && write_file(state, "FROZEN");
  if (frozen) {
    for (int i = 0; i < 100; ++i) {
      std::ifstream file(state);
      std::string word;
      if (!(file >> word) || word == "FROZEN") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  signal_all(folder, SIGKILL);
  if (frozen) write_file(state, "THAWED");
}

}  // namespace

std::vector<pid_t> processes_in(const std::string& folder) {
  std::vector<pid_t> pids;
  if (folder.empty()) return pids;
  each_group(folder, [&](const std::string& group) {
    std::ifstream file(group + "/cgroup.procs");
    for (pid_t pid = 0; file >> pid;) {
      if (pid > 0) pids.push_back(pid);  // 0: it is not in our pid namespace
    }
  });
  return pids;
}

std::vector<pid_t> workload_in(const std::string& folder, int64_t first) {
  std::vector<pid_t> pids = processes_in(folder);
  const pid_t self = getpid();
  for (const pid_t pid : pids) {
    if (pid == self || pid == 1) return {};
  }
  std::erase_if(pids, [&](pid_t pid) { return pid == first; });
  return pids;
}

size_t signal_all(const std::string& folder, int signal) {
  size_t reached = 0;
  for (const pid_t pid : processes_in(folder)) reached += kill(pid, signal) == 0 ? 1U : 0U;
  return reached;
}

bool kill_all(const std::string& folder, const std::string& freezer, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  bool gone = processes_in(folder).empty();
  while (!gone && Clock::now() < deadline) {
    if (!write_file(folder + "/cgroup.kill", "1")) kill_frozen(folder, freezer);
    for (int i = 0; i < 20 && !gone; ++i) {
      gone = processes_in(folder).empty();
      if (!gone) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return gone;
}

bool remove_tree(const std::string& folder) {
  // The kernel may hold a group for a moment after its last process has ended.
  for (int i = 0; i < 100; ++i) {
    bool busy = false;
    each_group(folder, [&](const std::string& group) {
      if (rmdir(group.c_str()) != 0 && errno != ENOENT) busy = true;
    });
    if (!busy) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

bool catches(pid_t pid, int signal) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("SigCgt:")) continue;
    const uint64_t mask = std::strtoull(line.c_str() + 7, nullptr, 16);
    return (mask >> (signal - 1) & 1) != 0;
  }
  return false;
}

}  // namespace cbench
