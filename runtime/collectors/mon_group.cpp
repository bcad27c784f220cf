// Making, filling, following and reading a monitoring group.
#include "runtime/collectors/mon_group.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/files.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEventFiles[kMonEvents] = {"llc_occupancy", "mbm_total_bytes", "mbm_local_bytes"};

/// Ids of all threads in the cgroup `folder` and below it.
std::set<uint64_t> tasks_below(const std::string& folder) {
  std::set<uint64_t> tasks;
  const auto add = [&tasks](const std::string& group) {
    auto text = read_text(group + "/cgroup.threads");  // v2
    if (!text) text = read_text(group + "/tasks");     // v1
    if (!text) return;
    for (const std::string_view line : fields(*text, '\n'))
      if (const auto id = parse_number(line)) tasks.insert(*id);
  };
  add(folder);
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) add(it->path());
  }
  return tasks;
}

bool holds_task(const std::string& group, int64_t pid) {
  const auto text = read_text(group + "/tasks");
  if (!text) return false;
  for (const std::string_view line : fields(*text, '\n'))
    if (parse_number(line) == static_cast<uint64_t>(pid)) return true;
  return false;
}

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

Result<> MonGroup::open(const RdtFacts& rdt, const std::string& name, const Started& started,
                        Journal& journal) {
  close();
  root_ = rdt.root;
  simulated_ = rdt.simulated;
  name_ = name;
  journal_ = &journal;
  pid_ = started.pid;
  cgroup_ = started.cgroup.unified.empty() ? started.cgroup.cpuacct : started.cgroup.unified;
  // The kernel tells a task's groups in /proc; of a simulated resctrl it knows nothing.
  if (!simulated_)
    place_fd_ = ::open(fmt::format("/proc/{}/cpu_resctrl_groups", pid_).c_str(), O_RDONLY | O_CLOEXEC);
  class_ = locate().group;
  return make();
}

Result<> MonGroup::make() {
  folder_ = class_folder() + "/mon_groups/" + name_;
  // The name holds our pid: a folder that exists already is left over from a run that is dead.
  if (std::error_code ignored; !fs::is_directory(folder_, ignored)) {
    if (auto noted = journal_->will_create(folder_); !noted) return noted;
    if (auto made = resctrl_make_group(root_, folder_); !made) {
      folder_.clear();
      return made;
    }
  }
  auto assigned = assign_tasks();
  open_files();
  return assigned;
}

Result<> MonGroup::assign_tasks() {
  // A task may fork while we assign; its child has the parent's old group then, so look until nothing new is
  // there.
  std::set<uint64_t> done;
  for (int round = 0; round < 10; ++round) {
    bool found = false;
    for (const uint64_t task : tasks_below(cgroup_)) {
      if (!done.insert(task).second) continue;
      found = true;
      const auto written = resctrl_write(root_, folder_ + "/tasks", fmt::format("{}\n", task));
      const bool alive = ::access(fmt::format("/proc/{}", task).c_str(), F_OK) == 0;
      if (!written && alive) return written;
    }
    if (!found) break;
  }
  return Done{};
}

void MonGroup::open_files() {
  schemata_fd_ = ::open((class_folder() + "/schemata").c_str(), O_RDONLY | O_CLOEXEC);
  schemata_text_.clear();
  schemata_.clear();
  std::error_code error;
  for (const auto& domain : fs::directory_iterator(folder_ + "/mon_data", error)) {
    if (!std::string_view(domain.path().filename().c_str()).starts_with("mon_L3_")) continue;
    for (size_t event = 0; event < kMonEvents; ++event) {
      const int fd = ::open((domain.path() / kEventFiles[event]).c_str(), O_RDONLY | O_CLOEXEC);
      if (fd >= 0) fds_[event].push_back(fd);
    }
  }
}

void MonGroup::close_files() {
  close_fd(schemata_fd_);
  for (auto& fds : fds_) {
    for (int& fd : fds) close_fd(fd);
    fds.clear();
  }
}

void MonGroup::close() {
  close_files();
  close_fd(place_fd_);
  if (!folder_.empty()) ::rmdir(folder_.c_str());
  folder_.clear();
}

MonGroup::Place MonGroup::locate() {
  if (place_fd_ < 0) return locate_by_tasks();
  // "res:GROUP\nmon:MONGROUP\n", where the root group is "/" (proc_resctrl_show in the kernel).
  const ssize_t size = ::pread(place_fd_, text_, sizeof text_, 0);
  std::string_view text(text_, size > 0 ? static_cast<size_t>(size) : 0);
  const size_t line = text.find('\n');
  if (!text.starts_with("res:") || line == std::string_view::npos)
    return {class_, true};  // the task has ended
  std::string_view group = text.substr(4, line - 4), mon = text.substr(line + 1);
  if (group == "/") group = {};
  return {group, mon.starts_with("mon:") && trimmed(mon.substr(4)) == name_};
}

MonGroup::Place MonGroup::locate_by_tasks() {
  found_class_.clear();
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root_, error)) {
    const std::string group = entry.path().filename();
    if (group != "info" && group != "mon_groups" && group != "mon_data" && holds_task(entry.path(), pid_))
      found_class_ = group;
  }
  return {found_class_, holds_task(folder_, pid_)};
}

bool MonGroup::follow() {
  if (folder_.empty()) return false;
  const Place place = locate();
  if (place.group == class_ && place.monitored) return false;
  if (place.group == class_) {
    (void)assign_tasks();  // a write to the class's tasks took them out; a failure shows as stale counts in
                           // the next call
    return true;
  }
  const std::string group(place.group);
  close_files();
  ::rmdir(folder_.c_str());
  class_ = group;
  (void)make();  // without a group there are no files, and every value is Unsupported
  return true;
}

MonValue MonGroup::read(MonEvent event) const {
  uint64_t sum = 0;
  for (const int fd : fds_[static_cast<size_t>(event)]) {
    char buffer[64];
    const ssize_t size = ::pread(fd, buffer, sizeof buffer, 0);
    if (size < 0) return {0, Status::Error};
    const std::string_view text = trimmed({buffer, static_cast<size_t>(size)});
    if (text == "Unavailable") return {0, Status::Unavailable};
    if (text == "Unassigned") return {0, Status::Unassigned};
    uint64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
      return {0, Status::Error};
    sum += value;
  }
  if (fds_[static_cast<size_t>(event)].empty()) return {0, Status::Unsupported};
  return {static_cast<int64_t>(sum), Status::Ok};
}

const Schemata* MonGroup::schemata() {
  if (schemata_fd_ < 0) return nullptr;
  const ssize_t size = ::pread(schemata_fd_, text_, sizeof text_, 0);
  if (size <= 0) return nullptr;
  const std::string_view text(text_, static_cast<size_t>(size));
  if (text != schemata_text_) {
    auto parsed = parse_schemata(text);
    if (!parsed) return nullptr;
    schemata_text_ = text;
    schemata_ = std::move(*parsed);
  }
  return &schemata_;
}

}  // namespace cbench
