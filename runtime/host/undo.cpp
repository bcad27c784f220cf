// Undoing journalled changes: text goes back, folders of ours are emptied and removed.
#include "runtime/host/undo.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(3);  // for killed processes to be gone
constexpr auto kPause = std::chrono::milliseconds(2);

/// The folder and all below it, children first; symbolic links are not followed.
std::vector<std::string> folders_below(const std::string& folder) {
  std::vector<std::string> folders{folder};
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;  // removed meanwhile: then it is no folder
    if (at->symlink_status(ignored).type() == fs::file_type::directory)
      folders.push_back(at->path().string());
  }
  return {folders.rbegin(), folders.rend()};  // the iterator yields a parent before its children
}

/// The processes of a cgroup and of all below it.
std::vector<pid_t> processes_in(const std::string& folder) {
  std::vector<pid_t> pids;
  std::string text;
  for (const std::string& cgroup : folders_below(folder)) {
    if (read_file(cgroup + "/cgroup.procs", text) != 0) continue;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    pid_t pid = 0;
    for (; at < end && std::from_chars(at, end, pid).ec == std::errc{}; at = std::find(at, end, '\n') + 1)
      if (pid > 0) pids.push_back(pid);  // 0: of a pid namespace that we cannot see
  }
  return pids;
}

/// Kills until no process is left or patience ends. Returns why not.
std::optional<std::string> empty_cgroup(const std::string& folder) {
  const auto deadline = Clock::now() + kPatience;
  write_file(folder + "/pids.max", "0");  // where the controller is, a fork bomb cannot outrun us
  for (;;) {
    const std::vector<pid_t> pids = processes_in(folder);
    if (pids.empty()) return std::nullopt;
    if (std::find(pids.begin(), pids.end(), ::getpid()) != pids.end())
      return fmt::format("cannot remove {}: cbench itself runs in it", folder);
    if (Clock::now() > deadline)
      return fmt::format("cannot remove {}: {} of its processes do not die", folder, pids.size());
    // cgroup.kill (v2, Linux 5.14) kills all at once, forks included.
    if (write_file(folder + "/cgroup.kill", "1") != 0)
      for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(kPause);
  }
}

std::optional<std::string> remove_one(const std::string& folder, bool wait_while_busy) {
  const auto deadline = Clock::now() + kPatience;
  while (::rmdir(folder.c_str()) != 0) {
    const int error = errno;
    if (is_gone(error)) return std::nullopt;
    if (error != EBUSY || !wait_while_busy || Clock::now() > deadline)
      return fmt::format("cannot remove {}: {}", folder, errno_text(error));
    std::this_thread::sleep_for(kPause);
  }
  return std::nullopt;
}

std::optional<std::string> remove_folder(const std::string& folder) {
  if (!is_ours(folder)) return fmt::format("{} is not a folder of cbench's; left as it is", folder);
  struct stat status{};
  if (::lstat(folder.c_str(), &status) != 0)
    return is_gone(errno) ? std::nullopt
                          : std::optional(fmt::format("cannot look at {}: {}", folder, errno_text(errno)));
  if (!S_ISDIR(status.st_mode)) return fmt::format("{} is not a folder any more; left as it is", folder);
  struct statfs system{};
  if (::statfs(folder.c_str(), &system) != 0)
    return fmt::format("cannot look at {}: {}", folder, errno_text(errno));
  const bool simulated =
      system.f_type == FUSE_SUPER_MAGIC && ::access((folder + "/schemata").c_str(), F_OK) == 0;
  if (system.f_type == RDTGROUP_SUPER_MAGIC || simulated)
    return remove_one(folder, false);  // takes its monitoring groups along
  const bool cgroup = system.f_type == CGROUP_SUPER_MAGIC || system.f_type == CGROUP2_SUPER_MAGIC;
  if (cgroup)
    if (auto problem = empty_cgroup(folder)) return problem;
  for (const std::string& each : folders_below(folder))
    if (auto problem = remove_one(each, cgroup)) return problem;
  return std::nullopt;
}

std::optional<std::string> write_back(const JournalEntry& entry) {
  std::string present;
  int error = read_file(entry.path, present);
  if (error == 0 && present == entry.text) return std::nullopt;
  if (error == 0) error = write_file(entry.path, entry.text);
  if (error == 0 || is_gone(error)) return std::nullopt;
  return fmt::format("cannot {}: {}", describe(entry), errno_text(error));
}

/// On v1 frozen processes do not even die.
void thaw(const JournalEntry& entry) {
  if (entry.kind != JournalEntry::Kind::Create || !is_ours(entry.path)) return;
  for (const std::string& folder : folders_below(entry.path)) {
    write_file(folder + "/freezer.state", "THAWED");
    write_file(folder + "/cgroup.freeze", "0");
  }
}

}  // namespace

bool is_ours(const std::string& folder) {
  const fs::path path(folder);
  if (!path.is_absolute() || path.lexically_normal() != path) return false;
  for (const fs::path& part : path)
    if (part.string().find("cbench") != std::string::npos) return true;
  return false;
}

std::optional<std::string> undo(const JournalEntry& entry) {
  switch (entry.kind) {
    case JournalEntry::Kind::Write:
      return write_back(entry);
    case JournalEntry::Kind::Create:
      return remove_folder(entry.path);
    case JournalEntry::Kind::Rdt:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<std::string> undo_all(std::vector<JournalEntry>& entries) {
  std::vector<std::string> problems;
  // First, since one process may be in folders of several hierarchies.
  for (const JournalEntry& entry : entries) thaw(entry);
  for (int pass = 0; pass < 2; ++pass) {
    problems.clear();
    std::vector<JournalEntry> left;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
      if (auto problem = undo(*entry)) {
        problems.push_back(std::move(*problem));
        left.push_back(std::move(*entry));
      }
    entries.assign(left.rbegin(), left.rend());
    if (entries.empty()) break;
  }
  return problems;
}

}  // namespace cbench
