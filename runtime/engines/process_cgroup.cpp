// Making the cgroups of engine process, on v1, v2 and hybrid hosts (Documentation/admin-guide/cgroup-v1/ and
// cgroup-v2.rst).
#include "runtime/engines/process_cgroup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/engines/cgroup_tree.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

constexpr std::string_view kPrefix = "cbench-";
constexpr std::array<std::string_view, 5> kControllers = {"cpuset", "cpu", "memory", "pids", "io"};
constexpr const char* kRemedy =
    "run as root (sudo cbench …), or in a cgroup that is yours: systemd-run --user --scope -p Delegate=yes "
    "cbench … where there is cgroup v2 alone; docs/privileges.md has the way for v1";
constexpr int64_t kPeriodUs = 100'000;

std::string read_text(const std::string& path) {
  std::string text;
  if (read_file(path, text) != 0) return "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

bool has_word(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  for (std::string one; words >> one;) {
    if (one == word) return true;
  }
  return false;
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

/// 0 or errno.
int put(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int failed = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : errno;
  close(fd);
  return failed;
}

Error refused(const std::string& what, int code) {
  return Error{Exit::HostLacks, fmt::format("{}: {}", what, std::strerror(code)), kRemedy};
}

Result<> write_or_refuse(const std::string& path, const std::string& text) {
  const int code = put(path, text);
  if (code != 0) return refused(fmt::format("cannot write `{}` to {}", text, path), code);
  return Done{};
}

/// A v1 cpuset takes no task before it has CPUs and memory nodes.
Result<> inherit_cpuset(const std::string& folder) {
  const std::string parent = std::filesystem::path(folder).parent_path();
  for (const char* file : {"/cpuset.mems", "/cpuset.cpus"}) {
    if (!read_text(folder + file).empty()) continue;
    if (const Result<> set = write_or_refuse(folder + file, read_text(parent + file)); !set)
      return set.error();
  }
  return Done{};
}

/// The highest group that this process can see.
std::string top_of(std::string folder) {
  for (;;) {
    const std::string parent = std::filesystem::path(folder).parent_path();
    if (parent == folder || !exists(parent + "/cgroup.procs")) return folder;
    folder = parent;
  }
}

}  // namespace

std::string run_group_name(const std::string& run_id) { return std::string(kPrefix) + run_id; }

std::string run_of_group(const std::string& name) {
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : "";
}

ProcessCgroups::ProcessCgroups(std::string run_id, Journal& journal, std::string proc_root)
    : run_id_(std::move(run_id)), proc_root_(std::move(proc_root)), journal_(journal) {}

Result<> ProcessCgroups::open() {
  if (open_) return Done{};
  const Result<CgroupPaths> own = cgroups_of(getpid(), proc_root_);
  if (!own) return own.error();
  const Result<> made = own->mode == CgroupMode::V2 ? open_v2(*own) : open_v1(*own);
  open_ = made.ok();
  if (!open_) close();
  return made;
}

Result<> ProcessCgroups::make_folder(const std::string& folder) {
  if (const Result<> noted = journal_.will_create(folder); !noted) return noted.error();
  return make_below(folder);
}

/// What lies below a folder of the journal's is removed with it, and costs no wait for the disk.
Result<> ProcessCgroups::make_below(const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return Done{};
  return refused(fmt::format("cannot make cgroup {}", folder), errno);
}

Result<> ProcessCgroups::open_v1(const CgroupPaths& own) {
  run_.mode = own.mode;
  for (const auto member : kCgroupFolders) {
    if (!(own.*member).empty()) run_.*member = own.*member + "/" + run_group_name(run_id_);
  }
  folders_ = folders_of(run_);
  for (const std::string& folder : folders_) {
    if (const Result<> made = make_folder(folder); !made) return made.error();
  }
  return run_.cpuset.empty() ? Result<>(Done{}) : inherit_cpuset(run_.cpuset);
}

Result<> ProcessCgroups::open_v2(const CgroupPaths& own) {
  const std::string top = top_of(own.unified);
  // Only the root group of the host may hold processes and give controllers to children; it alone has no
  // cgroup.type.
  const bool host_root = !exists(top + "/cgroup.type") && may_write(top + "/cgroup.subtree_control");
  const std::string parent = host_root ? top : own.unified;
  const std::string group = parent + "/" + run_group_name(run_id_);
  run_.mode = CgroupMode::V2;
  for (const auto member : kCgroupFolders) run_.*member = group;
  folders_ = {group};
  if (!host_root) delegated_ = own.unified;
  if (const Result<> made = make_folder(group); !made) return made.error();
  return give_controllers(parent, group);
}

/// A delegated group with processes cannot give controllers to its children: this process leaves it. What the
/// host's root group gives it goes on giving, since others may rely on it by then.
Result<> ProcessCgroups::leave_group(const std::string& control) {
  if (delegated_.empty()) return Done{};
  self_ = delegated_ + "/" + run_group_name(run_id_) + ".self";
  if (const Result<> made = make_folder(self_); !made) return made.error();
  if (const Result<> moved = write_or_refuse(self_ + "/cgroup.procs", "0"); !moved) return moved.error();
  return journal_.will_write(control, taken_);
}

Result<> ProcessCgroups::give_controllers(const std::string& parent, const std::string& group) {
  const std::string control = "/cgroup.subtree_control";
  const std::string available = read_text(parent + "/cgroup.controllers");
  const std::string given = read_text(parent + control);
  std::string missing;
  for (const std::string_view controller : kControllers) {
    if (!has_word(available, controller) || has_word(given, controller)) continue;
    missing += fmt::format("{}+{}", missing.empty() ? "" : " ", controller);
    taken_ += fmt::format("{}-{}", taken_.empty() ? "" : " ", controller);
  }
  if (!missing.empty()) {
    if (const Result<> left = leave_group(parent + control); !left) return left.error();
    if (const int code = put(parent + control, missing); code != 0) {
      const std::string why = code == EBUSY ? " while other processes are in it" : "";
      taken_.clear();
      return refused(fmt::format("cannot give `{}` to the children of cgroup {}{}", missing, parent, why),
                     code);
    }
  }
  std::string all;
  for (const std::string_view controller : kControllers) {
    if (has_word(read_text(group + "/cgroup.controllers"), controller)) {
      all += fmt::format("{}+{}", all.empty() ? "" : " ", controller);
    }
  }
  return all.empty() ? Result<>(Done{}) : write_or_refuse(group + control, all);
}

Result<CgroupPaths> ProcessCgroups::make(const std::string& name, const ContainerSpec& spec) {
  if (const Result<> opened = open(); !opened) return opened.error();
  CgroupPaths group;
  group.mode = run_.mode;
  for (const auto member : kCgroupFolders) {
    if (!(run_.*member).empty()) group.*member = run_.*member + "/" + name;
  }
  for (const std::string& folder : folders_of(group)) {
    if (const Result<> made = make_below(folder); !made) return made.error();
  }
  if (const Result<> limited = limit(group, spec); !limited) return limited.error();
  return group;
}

Result<> ProcessCgroups::limit(const CgroupPaths& group, const ContainerSpec& spec) {
  const bool v2 = group.mode == CgroupMode::V2;
  const auto controller_is_missing = [&](const std::string& key, const std::string& controller) {
    return Error{
        Exit::HostLacks,
        fmt::format("`{}` of container `{}` needs the cgroup controller `{}`, which is not available here",
                    key, spec.name.value, controller),
        fmt::format("leave `{}` out, or {}", key, kRemedy)};
  };
  if (!v2 && !group.cpuset.empty()) {
    if (const Result<> set = inherit_cpuset(group.cpuset); !set) return set.error();
  }
  if (spec.memory_nodes.value.any()) {
    const std::string path = group.cpuset + "/cpuset.mems";
    if (!exists(path)) return controller_is_missing("cpuset_mems", "cpuset");
    if (const Result<> set = write_or_refuse(path, to_list(spec.memory_nodes.value)); !set)
      return set.error();
  }
  if (spec.memory_bytes > 0) {
    const std::string path = group.memory + (v2 ? "/memory.max" : "/memory.limit_in_bytes");
    if (!exists(path)) return controller_is_missing("memory", "memory");
    const Result<> set = write_or_refuse(path, fmt::format("{}", spec.memory_bytes));
    if (!set) return set.error();
  }
  if (spec.cpus > 0) {
    const int64_t quota = std::max<int64_t>(1000, std::llround(spec.cpus * static_cast<double>(kPeriodUs)));
    const std::string path = group.cpu + (v2 ? "/cpu.max" : "/cpu.cfs_quota_us");
    if (!exists(path)) return controller_is_missing("cpus", "cpu");
    if (!v2) {
      const Result<> set = write_or_refuse(group.cpu + "/cpu.cfs_period_us", fmt::format("{}", kPeriodUs));
      if (!set) return set.error();
    }
    const Result<> set =
        write_or_refuse(path, v2 ? fmt::format("{} {}", quota, kPeriodUs) : fmt::format("{}", quota));
    if (!set) return set.error();
  }
  return Done{};
}

Result<bool> ProcessCgroups::set_cores(const CgroupPaths& group, const CpuSet& cores) {
  const std::string path = group.cpuset + "/cpuset.cpus";
  if (group.cpuset.empty() || !exists(path)) return false;
  const int code = put(path, to_list(cores));
  if (code == 0) return true;
  return Error{
      Exit::HostLacks,
      fmt::format("cannot confine {} to cores {}: {}", group.cpuset, to_list(cores), std::strerror(code)),
      fmt::format("this process may use cores {}",
                  read_text(std::filesystem::path(run_.cpuset).string() + "/cpuset.cpus"))};
}

bool ProcessCgroups::oom_killed(const CgroupPaths& group) {
  // v2: memory.events (local to the tree), v1: memory.oom_control; both have a line "oom_kill N".
  std::istringstream words(
      read_text(group.memory + (group.mode == CgroupMode::V2 ? "/memory.events" : "/memory.oom_control")));
  std::string key;
  for (int64_t value = 0; words >> key >> value;) {
    if (key == "oom_kill") return value > 0;
  }
  return false;
}

void ProcessCgroups::remove(const CgroupPaths& group) {
  for (const std::string& folder : folders_of(group)) remove_tree(folder);
}

std::vector<std::string> ProcessCgroups::close() {
  std::vector<std::string> remains;
  for (const std::string& folder : folders_) {
    if (!remove_tree(folder)) remains.push_back("cgroup " + folder);
  }
  if (!self_.empty()) {  // back to where this process came from, which may hold processes again without its
                         // controllers
    put(delegated_ + "/cgroup.subtree_control", taken_);
    put(delegated_ + "/cgroup.procs", "0");
    if (!remove_tree(self_)) remains.push_back("cgroup " + self_);
  }
  if (remains.empty()) folders_.clear();
  open_ = false;
  self_.clear();
  taken_.clear();
  return remains;
}

}  // namespace cbench
