// Making, filling, following and reading a monitoring group.
#include "runtime/collectors/mon_group.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/files.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEventFiles[kMonEvents] = {"llc_occupancy", "mbm_total_bytes", "mbm_local_bytes"};

void add_tasks(const std::string& group, std::vector<uint64_t>& tasks) {
  auto text = read_text(group + "/cgroup.threads");  // v2
  if (!text) text = read_text(group + "/tasks");     // v1
  if (!text) return;
  for (const std::string_view line : fields(*text, '\n'))
    if (const auto id = parse_number(line)) tasks.push_back(*id);
}

/// Ids of all threads in the cgroup `folder` and below it, ascending.
void tasks_below(const std::string& folder, std::vector<uint64_t>& tasks) {
  tasks.clear();
  add_tasks(folder, tasks);
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) add_tasks(it->path(), tasks);
  }
  std::sort(tasks.begin(), tasks.end());
  tasks.erase(std::unique(tasks.begin(), tasks.end()), tasks.end());
}

/// The entries of `folder` that are called `prefix` and a number, by number.
std::map<uint32_t, std::string> numbered_entries(const std::string& folder, std::string_view prefix) {
  std::map<uint32_t, std::string> entries;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    if (const auto id = parse_number(std::string_view(name).substr(prefix.size())))
      entries[static_cast<uint32_t>(*id)] = entry.path();
  }
  return entries;
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
    int error = 0;
    if (auto made = resctrl_make_group(root_, folder_, &error); !made) {
      out_of_rmids_ = error == ENOSPC || error == EBUSY;
      folder_.clear();
      return made;
    }
  }
  out_of_rmids_ = false;
  assigned_.clear();
  auto assigned = assign_tasks();
  open_files();
  return assigned;
}

Result<> MonGroup::assign_tasks() {
  // A task may fork while we assign; its child has the parent's old group then, so look until nothing new is
  // there. Those that have ended are forgotten: their numbers may come back.
  for (int round = 0; round < 10; ++round) {
    tasks_below(cgroup_, found_tasks_);
    bool found = false;
    for (const uint64_t task : found_tasks_) {
      if (std::binary_search(assigned_.begin(), assigned_.end(), task)) continue;
      found = true;
      const auto written = resctrl_write(root_, folder_ + "/tasks", fmt::format("{}\n", task));
      const bool alive = ::access(fmt::format("/proc/{}", task).c_str(), F_OK) == 0;
      if (!written && alive) return written;
    }
    assigned_.swap(found_tasks_);
    if (!found) break;
  }
  return Done{};
}

/// A refusal is no news: a task that is about to change its class is not allowed in, and `follow` takes care
/// of it.
void MonGroup::sync_tasks() {
  if (!folder_.empty()) (void)assign_tasks();
}

void MonGroup::open_source(const std::string& folder, bool node, uint32_t id) {
  MonSource source{.node = node, .id = id};
  for (size_t event = 0; event < kMonEvents; ++event)
    source.fds[event] =
        ::open(fmt::format("{}/{}", folder, kEventFiles[event]).c_str(), O_RDONLY | O_CLOEXEC);
  sources_.push_back(source);
}

void MonGroup::open_files() {
  schemata_fd_ = ::open((class_folder() + "/schemata").c_str(), O_RDONLY | O_CLOEXEC);
  schemata_text_.clear();
  schemata_.clear();
  const std::string data = folder_ + "/mon_data";
  for (const auto& [domain, path] : numbered_entries(data, kMonDomain)) {
    open_source(path, false, domain);
    for (const auto& [node, below] : numbered_entries(path, kMonNode)) open_source(below, true, node);
  }
}

void MonGroup::close_files() {
  close_fd(schemata_fd_);
  for (MonSource& source : sources_)
    for (int& fd : source.fds) close_fd(fd);
  sources_.clear();
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
    assigned_.clear();
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

MonValue MonGroup::read(MonEvent event, const MonSource& source) {
  const int fd = source.fds[static_cast<size_t>(event)];
  if (fd < 0) return {0, Status::Unsupported};
  char buffer[64];
  const ssize_t size = ::pread(fd, buffer, sizeof buffer, 0);
  if (size < 0) return {0, Status::Error};
  const std::string_view text = trimmed({buffer, static_cast<size_t>(size)});
  if (text == "Unavailable") return {0, Status::Unavailable};
  if (text == "Unassigned") return {0, Status::Unassigned};
  uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{} || value > INT64_MAX)
    return {0, Status::Error};
  return {static_cast<int64_t>(value), Status::Ok};
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
