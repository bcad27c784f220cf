// Opening event groups on every CPU, and reading them.
#include "runtime/collectors/cgroup_counters.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include <fcntl.h>
#include <unistd.h>

namespace cbench {
namespace {

const EventDelta kUnsupported{};

int open_folder(const std::string& folder) {
  return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

}  // namespace

const EventDelta& PerfInterval::operator[](Metric metric) const {
  if (!is_own(metric)) return known_[static_cast<size_t>(metric)];
  for (const auto& [own, delta] : own_)
    if (own == metric) return delta;
  return kUnsupported;
}

void PerfInterval::set(Metric metric, const EventDelta& delta) {
  if (is_own(metric))
    own_.emplace_back(metric, delta);
  else
    known_[static_cast<size_t>(metric)] = delta;
}

void PerfInterval::clear() {
  known_.fill({});
  own_.clear();
  running_ratio = 1;
  running_status = Status::Unsupported;
}

bool CgroupCounters::opens_alone(const EventCode& code, int cgroup_fd, int cpu) {
  const int fd = kernel_->open(code, cgroup_fd, cpu, -1);
  if (fd >= 0) kernel_->close(fd);
  return fd >= 0;
}

CgroupCounters::Refusal CgroupCounters::open_on(const Group& group, Cpu& cpu, int cgroup_fd) {
  std::fill(std::begin(cpu.fds), std::end(cpu.fds), -1);
  for (size_t i = 0; i < group.members.size(); ++i) {
    cpu.fds[i] = kernel_->open(group.codes[i], cgroup_fd, cpu.number, i == 0 ? -1 : cpu.fds[0]);
    if (cpu.fds[i] < 0) return {i, -cpu.fds[i], cpu.number};
    if (const int error = kernel_->id(cpu.fds[i], cpu.ids[i]); error != 0) return {i, -error, cpu.number};
  }
  // Where a task of the cgroup is on this CPU already, a member that joins the counting group starts only at
  // the next context switch, seconds later for a busy loop, and the group's times do not tell (seen on Linux
  // 6.18). Off and on again schedules the whole group. Opening the leader disabled would not do: then the
  // times lag.
  if (const int error = kernel_->reschedule(cpu.fds[0]); error != 0) return {0, -error, cpu.number};
  return {};
}

void CgroupCounters::close_on(const Group& group, const Cpu& cpu) {
  for (size_t i = group.members.size(); i-- > 0;)  // the leader last
    if (cpu.fds[i] >= 0) kernel_->close(cpu.fds[i]);
}

CgroupCounters::Refusal CgroupCounters::open_on_all(Group& group, int cgroup_fd,
                                                    const std::vector<CpuFacts>& cpus) {
  Refusal refusal;
  for (const CpuFacts& cpu : cpus) {
    Cpu opened{};
    opened.number = static_cast<int>(cpu.cpu);
    refusal = open_on(group, opened, cgroup_fd);
    if (refusal.error == 0) {
      group.cpus.push_back(opened);
      continue;
    }
    close_on(group, opened);
    // A CPU that went offline since the host was probed has no events; `follow` finds it when it comes back.
    if (refusal.error != ENODEV || refusal.member != 0) return refusal;
  }
  return group.cpus.empty() ? refusal : Refusal{};
}

void CgroupCounters::close_group(Group& group) {
  for (const Cpu& cpu : group.cpus) close_on(group, cpu);
  group.cpus.clear();
}

std::map<Metric, Error> CgroupCounters::open(const std::string& folder, const MetricSet& events,
                                             const HostFacts& facts, std::span<const OwnEvent> own) {
  close();
  folder_ = folder;
  std::map<Metric, Error> refused;
  const int cgroup_fd = open_folder(folder);
  const int folder_error = errno;
  std::map<Metric, EventCode> codes;
  for (size_t i = 0; i < kMetricIds; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (!events[i]) continue;
    auto code = resolve_event(metric, facts, own);
    if (cgroup_fd < 0)
      refused[metric] = {
          Exit::HostLacks, "cannot open the cgroup `" + folder + "`: " + std::strerror(folder_error),
          "the container has ended, or the host has neither cgroup v2 nor a perf_event hierarchy"};
    else if (!code)
      refused[metric] = code.error();
    else
      codes[metric] = *code;
  }
  std::deque<std::vector<Metric>> waiting;
  for (auto& group : group_events(codes, hardware_group(facts))) waiting.push_back(std::move(group));
  const bool privileged = may_open_events(facts);
  while (!waiting.empty()) {
    Group group;
    group.members = std::move(waiting.front());
    waiting.pop_front();
    for (const Metric metric : group.members) group.codes.push_back(codes[metric]);
    const Refusal refusal = open_on_all(group, cgroup_fd, facts.cpus);
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
      refused[culprit] = explain_open_failure(refusal.error, culprit, facts, privileged);
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

void CgroupCounters::follow(const CpuSet& online) {
  if (groups_.empty()) return;
  const int cgroup_fd = open_folder(folder_);
  for (Group& group : groups_) {
    CpuSet missing = online;
    for (const Cpu& cpu : group.cpus) {
      missing.reset(static_cast<size_t>(cpu.number));
      if (!online[static_cast<size_t>(cpu.number)]) close_on(group, cpu);
    }
    std::erase_if(group.cpus, [&](const Cpu& cpu) { return !online[static_cast<size_t>(cpu.number)]; });
    for (size_t number = 0; number < kMaxCpus; ++number) {
      if (!missing[number] || cgroup_fd < 0) continue;
      Cpu opened{};
      opened.number = static_cast<int>(number);
      if (open_on(group, opened, cgroup_fd).error == 0)
        group.cpus.push_back(opened);
      else
        close_on(group, opened);
    }
    group.disturbed = true;
  }
  if (cgroup_fd >= 0) ::close(cgroup_fd);
}

bool CgroupCounters::read_cpu(const Group& group, Cpu& cpu, ScaledSum* sums, PerfInterval& interval) {
  // Layout of PERF_FORMAT_GROUP: nr, time_enabled, time_running, then nr × {value, id}.
  uint64_t data[3 + 2 * kLargestGroup];
  const size_t members = group.members.size();
  const ssize_t size = kernel_->read(cpu.fds[0], data, sizeof data);
  if (size < static_cast<ssize_t>((3 + 2 * members) * sizeof(uint64_t)) || data[0] != members) return false;
  // What goes back is a fault of the hardware or of the hypervisor; the next difference begins where it
  // stands now.
  bool forward = data[1] >= cpu.times.enabled && data[2] >= cpu.times.running;
  const GroupTimes change{data[1] - cpu.times.enabled, data[2] - cpu.times.running};
  cpu.times = {data[1], data[2]};
  for (size_t i = 0; i < members; ++i) {
    const uint64_t value = data[3 + 2 * i], id = data[4 + 2 * i];
    const size_t member = static_cast<size_t>(std::find(cpu.ids, cpu.ids + members, id) - cpu.ids);
    if (member == members) return false;
    forward = forward && value >= cpu.last[member];
    sums[member].add(value - cpu.last[member], change);
    cpu.last[member] = value;
  }
  if (forward && group.primed && change.enabled > 0) {
    const double ratio = static_cast<double>(change.running) / static_cast<double>(change.enabled);
    interval.running_ratio = std::min(interval.running_ratio, ratio);
    interval.running_status = Status::Ok;
  }
  return forward;
}

void CgroupCounters::read(PerfInterval& interval, double min_running) {
  interval.clear();
  if (!groups_.empty()) interval.running_status = Status::Unavailable;
  for (size_t g = 0; g < groups_.size(); ++g) {
    Group& group = groups_[g];
    ScaledSum sums[kLargestGroup];
    bool complete = true;
    for (Cpu& cpu : group.cpus) complete = read_cpu(group, cpu, sums, interval) && complete;
    for (size_t i = 0; i < group.members.size(); ++i) {
      EventDelta event{sums[i].value(), sums[i].status(min_running), g};
      if (!complete || group.disturbed)
        event = {0, Status::Error, g};
      else if (!group.primed)
        event = {0, Status::Unavailable, g};
      interval.set(group.members[i], event);
    }
    group.disturbed = false;
    group.primed = complete;  // after a failed reading the next difference would span two intervals
  }
}

}  // namespace cbench
