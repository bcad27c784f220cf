// Opening event groups on every CPU, and reading them.
#include "runtime/collectors/cgroup_counters.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace cbench {
namespace {

/// Raises the soft limit of open files to the hard one. True when that made room.
bool raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return false;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/// open_cgroup_event; only where the descriptors run out is the limit raised, because started processes
/// inherit it.
int open_event(const EventCode& code, int cgroup_fd, int cpu, int leader) {
  int fd = open_cgroup_event(code, cgroup_fd, cpu, leader);
  if (fd < 0 && errno == EMFILE) {
    if (raise_file_limit())
      fd = open_cgroup_event(code, cgroup_fd, cpu, leader);
    else
      errno = EMFILE;
  }
  return fd;
}

bool opens_alone(const EventCode& code, int cgroup_fd, int cpu) {
  const int fd = open_event(code, cgroup_fd, cpu, -1);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

CgroupCounters::Refusal CgroupCounters::open_on(const Group& group, Cpu& cpu, int number, int cgroup_fd) {
  std::fill(std::begin(cpu.fds), std::end(cpu.fds), -1);
  for (size_t i = 0; i < group.members.size(); ++i) {
    cpu.fds[i] = open_event(group.codes[i], cgroup_fd, number, i == 0 ? -1 : cpu.fds[0]);
    if (cpu.fds[i] < 0) return {i, errno, number};
    if (::ioctl(cpu.fds[i], PERF_EVENT_IOC_ID, &cpu.ids[i]) != 0) return {i, errno, number};
  }
  // Where a task of the cgroup is on this CPU already, a member that joins the counting group starts only at
  // the next context switch, seconds later for a busy loop, and the group's times do not tell (seen on Linux
  // 6.18). Off and on again schedules the whole group. Opening the leader disabled would not do: then the
  // times lag.
  if (::ioctl(cpu.fds[0], PERF_EVENT_IOC_DISABLE, 0) != 0 ||
      ::ioctl(cpu.fds[0], PERF_EVENT_IOC_ENABLE, 0) != 0)
    return {0, errno, number};
  return {};
}

CgroupCounters::Refusal CgroupCounters::open_on_all(Group& group, int cgroup_fd, const HostFacts& facts) {
  Refusal refusal;
  for (const CpuFacts& cpu : facts.cpus) {
    Cpu opened{};
    refusal = open_on(group, opened, static_cast<int>(cpu.cpu), cgroup_fd);
    group.cpus.push_back(opened);
    if (refusal.error == 0) continue;
    if (refusal.error != ENODEV || refusal.member != 0) return refusal;
    group.cpus.pop_back();  // the CPU went offline since the host was probed
  }
  return group.cpus.empty() ? refusal : Refusal{};
}

void CgroupCounters::close_group(Group& group) {
  for (const Cpu& cpu : group.cpus)
    for (size_t i = group.members.size(); i-- > 0;)  // the leader last
      if (cpu.fds[i] >= 0) ::close(cpu.fds[i]);
  group.cpus.clear();
}

std::map<Metric, Error> CgroupCounters::open(const std::string& folder, const MetricSet& events,
                                             const HostFacts& facts) {
  close();
  std::map<Metric, Error> refused;
  const int cgroup_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int folder_error = errno;
  std::deque<std::vector<Metric>> waiting;
  for (auto& group : group_events(events)) waiting.push_back(std::move(group));
  while (!waiting.empty()) {
    Group group;
    for (const Metric metric : waiting.front()) {
      auto code = resolve_event(metric, facts);
      if (cgroup_fd < 0)
        refused[metric] = {
            Exit::HostLacks, "cannot open the cgroup `" + folder + "`: " + std::strerror(folder_error),
            "the container has ended, or the host has neither cgroup v2 nor a perf_event hierarchy"};
      else if (!code)
        refused[metric] = code.error();
      else
        group.members.push_back(metric), group.codes.push_back(*code);
    }
    waiting.pop_front();
    if (group.members.empty()) continue;
    const Refusal refusal = open_on_all(group, cgroup_fd, facts);
    if (refusal.error == 0) {
      groups_.push_back(std::move(group));
      continue;
    }
    close_group(group);
    const Metric culprit = group.members[refusal.member];
    // EINVAL from a member that opens by itself means that the group does not fit on the PMU.
    if (refusal.error == EINVAL && refusal.member > 0 &&
        opens_alone(group.codes[refusal.member], cgroup_fd, refusal.cpu))
      waiting.push_back({culprit});
    else
      refused[culprit] = explain_open_failure(refusal.error, culprit, facts);
    std::erase(group.members, culprit);
    if (!group.members.empty()) waiting.push_front(group.members);
  }
  if (cgroup_fd >= 0) ::close(cgroup_fd);
  return refused;
}

void CgroupCounters::close() {
  for (Group& group : groups_) close_group(group);
  groups_.clear();
}

bool CgroupCounters::read_cpu(const Group& group, Cpu& cpu, ScaledSum* sums, PerfInterval& interval) {
  // Layout of PERF_FORMAT_GROUP: nr, time_enabled, time_running, then nr × {value, id}.
  uint64_t data[3 + 2 * kLargestGroup];
  const size_t members = group.members.size();
  const ssize_t size = ::read(cpu.fds[0], data, sizeof data);
  if (size < static_cast<ssize_t>((3 + 2 * members) * sizeof(uint64_t)) || data[0] != members) return false;
  const GroupTimes change{data[1] - cpu.times.enabled, data[2] - cpu.times.running};
  cpu.times = {data[1], data[2]};
  for (size_t i = 0; i < members; ++i) {
    const uint64_t value = data[3 + 2 * i], id = data[4 + 2 * i];
    const size_t member = static_cast<size_t>(std::find(cpu.ids, cpu.ids + members, id) - cpu.ids);
    if (member == members) return false;
    sums[member].add(value - cpu.last[member], change);
    cpu.last[member] = value;
  }
  if (group.primed && change.enabled > 0) {
    const double ratio = static_cast<double>(change.running) / static_cast<double>(change.enabled);
    interval.running_ratio = std::min(interval.running_ratio, ratio);
    interval.running_status = Status::Ok;
  }
  return true;
}

void CgroupCounters::read(PerfInterval& interval) {
  interval = {};
  if (!groups_.empty()) interval.running_status = Status::Unavailable;
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    ScaledSum sums[kLargestGroup];
    bool complete = true;
    for (Cpu& cpu : group.cpus) complete = read_cpu(group, cpu, sums, interval) && complete;
    for (size_t i = 0; i < group.members.size(); ++i) {
      EventDelta& event = interval.events[static_cast<size_t>(group.members[i])];
      event = {sums[i].value(), sums[i].status(), g};
      if (!complete)
        event = {0, Status::Error, g};
      else if (!group.primed)
        event = {0, Status::Unavailable, g};
    }
    group.primed = complete;  // after a failed reading the next difference would span two intervals
  }
}

}  // namespace cbench
