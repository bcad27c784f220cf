// Reads /proc/<pid>/cgroup and mountinfo: which folder holds a process's group of each controller.
#include "runtime/host/cgroup.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

/// A mounted hierarchy.
struct Mount {
  std::string
      root;  ///< the group that is mounted, as seen from our cgroup namespace: "/" or "/docker/<id>" or "/.."
  std::string point;                     ///< where
  std::vector<std::string> controllers;  ///< of v1, "name=systemd" among them; empty for v2
  bool v2 = false;
};

/// A line of /proc/<pid>/cgroup.
struct Membership {
  std::vector<std::string> controllers;  ///< empty for v2
  std::string path;
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// mountinfo writes blanks and backslashes as \ooo.
std::string unescape(std::string_view text) {
  const auto octal = [&](size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// "ID PARENT MAJ:MIN ROOT POINT OPTIONS [FIELD…] - TYPE SOURCE SUPER-OPTIONS", see proc_pid_mountinfo(5).
std::optional<Mount> parse_mount(const std::string& line) {
  const size_t dash = line.find(" - ");
  if (dash == std::string::npos) return std::nullopt;
  const std::vector<std::string> left = split(line.substr(0, dash), ' ');
  const std::vector<std::string> right = split(line.substr(dash + 3), ' ');
  if (left.size() < 6 || right.size() < 3) return std::nullopt;
  if (right[0] != "cgroup" && right[0] != "cgroup2") return std::nullopt;
  Mount mount{
      .root = unescape(left[3]), .point = unescape(left[4]), .controllers = {}, .v2 = right[0] == "cgroup2"};
  if (!mount.v2) mount.controllers = split(right[2], ',');
  return mount;
}

std::vector<Mount> read_mounts(const std::string& proc_root) {
  std::vector<Mount> mounts;
  std::ifstream file(proc_root + "/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    if (std::optional<Mount> mount = parse_mount(line)) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

/// "ID:CONTROLLERS:PATH"; the path may hold colons.
std::optional<Membership> parse_membership(const std::string& line) {
  const size_t first = line.find(':');
  const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return Membership{split(line.substr(first + 1, second - first - 1), ','), line.substr(second + 1)};
}

/// The folder of group `path` below a mount, or nothing where the mount does not show it.
std::optional<std::string> folder_in(const Mount& mount, const std::string& path) {
  // "/../x" is a group outside our cgroup namespace: no mount of ours shows it unless it shows just that
  // group.
  if (path.starts_with("/..") && mount.root == "/") return std::nullopt;
  if (mount.root == "/" || mount.root == path) {
    const bool top = path == "/" || mount.root == path;
    return top ? mount.point : mount.point + path;
  }
  if (path.size() > mount.root.size() && path.starts_with(mount.root) && path[mount.root.size()] == '/') {
    return mount.point + path.substr(mount.root.size());
  }
  // The mount shows an ancestor of our namespace's root ("/..", "/../.."): the way down is not known, so this
  // mount cannot name the folder.
  return std::nullopt;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The folder of `controller` on v1; empty where no mounted hierarchy has it.
std::string v1_folder(const std::vector<Mount>& mounts, const std::vector<Membership>& groups,
                      std::string_view controller) {
  const auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const Membership& m) { return has(m.controllers, controller); });
  if (group == groups.end()) return "";
  for (const Mount& mount : mounts) {
    if (mount.v2 || !has(mount.controllers, controller)) continue;
    if (auto folder = folder_in(mount, group->path)) return *folder;
  }
  return "";
}

std::string v2_folder(const std::vector<Mount>& mounts, const std::vector<Membership>& groups) {
  const auto group =
      std::find_if(groups.begin(), groups.end(), [](const Membership& m) { return m.controllers.empty(); });
  if (group == groups.end()) return "";
  for (const Mount& mount : mounts) {
    if (!mount.v2) continue;
    if (auto folder = folder_in(mount, group->path)) return *folder;
  }
  return "";
}

/// Hybrid: v1 controllers and a v2 mount beside them. A v1 mount of systemd's name alone makes no v1 host.
CgroupMode mode_of(const std::vector<Mount>& mounts) {
  const bool v1 = std::any_of(mounts.begin(), mounts.end(), [](const Mount& m) {
    return !m.v2 && std::any_of(m.controllers.begin(), m.controllers.end(), [](const std::string& c) {
      return c == "cpu" || c == "cpuacct" || c == "cpuset" || c == "memory" || c == "blkio" || c == "pids" ||
             c == "freezer" || c == "perf_event";
    });
  });
  const bool v2 = std::any_of(mounts.begin(), mounts.end(), [](const Mount& m) { return m.v2; });
  if (!v1) return CgroupMode::V2;
  return v2 ? CgroupMode::Hybrid : CgroupMode::V1;
}

/// Field 9 of /proc/<pid>/stat has PF_EXITING. On v1 the kernel then tells "/" for every group, which would
/// be taken for the whole host. The command's name, in parentheses, may hold anything.
bool is_exiting(int64_t pid, const std::string& proc_root) {
  constexpr uint64_t kExiting = 0x4;
  std::string text;  // not by a stream's iterator: that throws where the process ends before it is read
  if (read_file(fmt::format("{}/{}/stat", proc_root, pid), text) != 0) return false;
  std::istringstream fields(text.substr(std::min(text.rfind(')'), text.size())));
  std::string skipped;
  for (int field = 2; field <= 8; ++field) fields >> skipped;
  uint64_t flags = 0;
  return fields >> flags && (flags & kExiting) != 0;
}

Result<std::vector<Membership>> read_memberships(int64_t pid, const std::string& proc_root) {
  const std::string path = fmt::format("{}/{}/cgroup", proc_root, pid);
  std::ifstream file(path);
  if (!file) {
    return Error{Exit::RunFailed, fmt::format("cannot read {}: {}", path, std::strerror(errno)),
                 "the process has ended, or it is not visible from this pid namespace"};
  }
  std::vector<Membership> groups;
  for (std::string line; std::getline(file, line);) {
    if (std::optional<Membership> group = parse_membership(line)) groups.push_back(std::move(*group));
  }
  // Asked afterwards: one that is not exiting now was not when its groups were read. One that ends between
  // open and read leaves an empty file.
  if (groups.empty() || is_exiting(pid, proc_root))
    return Error{Exit::RunFailed, fmt::format("process {} has ended", pid), ""};
  return groups;
}

}  // namespace

Result<CgroupPaths> cgroups_of(int64_t pid, const std::string& proc_root) {
  const std::vector<Mount> mounts = read_mounts(proc_root);
  if (mounts.empty()) {
    return Error{Exit::HostLacks, "no cgroup hierarchy is mounted",
                 "mount it: mount -t cgroup2 none /sys/fs/cgroup (systemd does so at boot; a container needs "
                 "its runtime's "
                 "cgroup mount)"};
  }
  const Result<std::vector<Membership>> groups = read_memberships(pid, proc_root);
  if (!groups) return groups.error();
  CgroupPaths paths;
  paths.mode = mode_of(mounts);
  paths.unified = v2_folder(mounts, *groups);
  const auto folder = [&](std::string_view controller) {
    return paths.mode == CgroupMode::V2 ? paths.unified : v1_folder(mounts, *groups, controller);
  };
  paths.cpu = folder("cpu");
  paths.cpuacct = folder("cpuacct");
  paths.cpuset = folder("cpuset");
  paths.memory = folder("memory");
  paths.blkio = folder("blkio");
  paths.pids = folder("pids");
  paths.freezer = folder("freezer");
  paths.perf_event = folder("perf_event");
  if (paths.perf_event.empty()) paths.perf_event = paths.unified;
  if (paths.mode == CgroupMode::V2 ? paths.unified.empty() : paths.cpu.empty() && paths.unified.empty()) {
    return Error{Exit::HostLacks,
                 fmt::format("the cgroup of process {} is in none of the mounted hierarchies", pid),
                 "in a container, start it with --cgroupns=host and -v /sys/fs/cgroup:/sys/fs/cgroup"};
  }
  return paths;
}

std::vector<std::string> folders_of(const CgroupPaths& paths) {
  std::vector<std::string> folders;
  for (const auto member : kCgroupFolders) {
    const std::string& folder = paths.*member;
    if (!folder.empty() && std::find(folders.begin(), folders.end(), folder) == folders.end())
      folders.push_back(folder);
  }
  return folders;
}

std::string why_no_cgroups(const std::string& proc_root) {
  const Result<CgroupPaths> own = cgroups_of(::getpid(), proc_root);
  if (!own) return own.error().message;
  for (const std::string& folder : folders_of(*own))
    if (!may_write(folder)) return fmt::format("may not make a cgroup in {}", folder);
  return "";
}

std::string group_without_realtime(const std::string& proc_root) {
  const Result<CgroupPaths> own = cgroups_of(::getpid(), proc_root);
  std::string budget;
  if (!own || own->mode == CgroupMode::V2 || read_file(own->cpu + "/cpu.rt_runtime_us", budget) != 0)
    return "";
  return budget == "0\n" ? own->cpu : "";
}

CgroupMode cgroup_mode(const std::string& proc_root) { return mode_of(read_mounts(proc_root)); }

}  // namespace cbench
