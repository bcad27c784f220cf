// Finding a container's own cgroups and the threads in them.
#include "runtime/actuators/tasks.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <unistd.h>

#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

/// Appends the threads of one cgroup: v2 lists them in cgroup.threads, v1 in tasks.
void add_tasks(const std::string& cgroup, std::vector<pid_t>& tasks) {
  if (read_tasks(cgroup + "/cgroup.threads", tasks) != 0) read_tasks(cgroup + "/tasks", tasks);
}

}  // namespace

bool is_own_cgroup(const std::string& cgroup, const std::string& ours) {
  if (cgroup.empty()) return false;
  const fs::path parent = fs::path(cgroup).parent_path();
  if (::access((parent / "cgroup.procs").c_str(), F_OK) != 0)
    return false;  // a hierarchy's root has no parent group
  return ours != cgroup && !ours.starts_with(cgroup + "/");
}

CgroupPaths own_cgroups(CgroupPaths container, const CgroupPaths& ours) {
  const auto keep = [](std::string& cgroup, const std::string& our) {
    if (!is_own_cgroup(cgroup, our)) cgroup.clear();
  };
  keep(container.cpu, ours.cpu);
  keep(container.cpuacct, ours.cpuacct);
  keep(container.cpuset, ours.cpuset);
  keep(container.memory, ours.memory);
  keep(container.blkio, ours.blkio);
  keep(container.pids, ours.pids);
  keep(container.freezer, ours.freezer);
  keep(container.unified, ours.unified);
  keep(container.perf_event, ours.perf_event);
  return container;
}

std::string task_cgroup(const CgroupPaths& own) {
  for (const std::string* cgroup : {&own.cpu, &own.cpuacct, &own.memory, &own.pids, &own.freezer, &own.blkio,
                                    &own.cpuset, &own.perf_event, &own.unified})
    if (!cgroup->empty()) return *cgroup;
  return "";
}

std::vector<pid_t> tasks_in(const std::string& cgroup) {
  std::vector<pid_t> tasks;
  add_tasks(cgroup, tasks);
  std::error_code error;
  for (fs::recursive_directory_iterator at(cgroup, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;  // removed meanwhile: then it is no folder
    if (at->symlink_status(ignored).type() == fs::file_type::directory) add_tasks(at->path().string(), tasks);
  }
  std::sort(tasks.begin(), tasks.end());
  tasks.erase(std::unique(tasks.begin(), tasks.end()), tasks.end());
  return tasks;
}

int read_tasks(const std::string& file, std::vector<pid_t>& tasks) {
  std::string text;
  if (const int error = read_file(file, text); error != 0) return error;
  const auto first = static_cast<std::ptrdiff_t>(tasks.size());
  const char* at = text.data();
  const char* const end = at + text.size();
  pid_t task = 0;
  while (at < end && std::from_chars(at, end, task).ec == std::errc{}) {
    if (task > 0) tasks.push_back(task);  // 0: of a pid namespace that we cannot see
    at = std::find(at, end, '\n');
    if (at < end) ++at;
  }
  std::sort(tasks.begin() + first, tasks.end());
  return 0;
}

}  // namespace cbench
