// Writes of cpuset and CPU quota.
#include "runtime/actuators/cpu_control.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include "runtime/actuators/tasks.h"
#include "runtime/host/cpu_mask.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kDefaultPeriodUs = 100'000;  // of the kernel, Documentation/scheduler/sched-bwc.rst
constexpr int64_t kLeastQuotaUs = 1000;        // of the kernel, both versions
constexpr int kRounds = 64;                    // of a search for tasks that are still to be changed

bool exists(const std::string& file) { return ::access(file.c_str(), F_OK) == 0; }
bool is_v2(const std::string& cgroup) { return exists(cgroup + "/cgroup.controllers"); }

Error failed(const std::string& file, std::string_view text, int error) {
  return {Exit::RunFailed,
          fmt::format("cannot write `{}` to {}: {}", text, file, why_not_written(file, error)), ""};
}

/// Journals and writes one file.
Result<> change(const std::string& file, const std::string& text, Journal& journal) {
  if (auto journalled = journal.will_write(file); !journalled) return journalled;
  if (const int error = write_file(file, text); error != 0) return failed(file, text, error);
  return Done{};
}

Result<CpuSet> read_cpus(const std::string& file) {
  std::string text;
  if (const int error = read_file(file, text); error != 0)
    return Error{Exit::RunFailed, fmt::format("cannot read {}: {}", file, errno_text(error)), ""};
  const auto cpus = parse_cpu_list(text);
  if (!cpus) return Error{Exit::RunFailed, fmt::format("{} is not a list of CPUs: `{}`", file, text), ""};
  return *cpus;
}

/// The kernel lets v2 groups name CPUs that they do not get, and on v1 says no more than "permission denied":
/// look first.
Result<> within_parent(const std::string& cgroup, const CpuSet& cpus) {
  const std::string parent = fs::path(cgroup).parent_path().string();
  for (const char* name : {"/cpuset.cpus.effective", "/cpuset.cpus"}) {
    if (!exists(parent + name)) continue;
    const auto allowed = read_cpus(parent + name);
    if (!allowed) return allowed.error();
    if (const CpuSet outside = cpus & ~*allowed; outside.any())
      return Error{Exit::RunFailed,
                   fmt::format("CPUs {} are not among those of the parent group ({}: {})", to_list(outside),
                               parent + name, to_list(*allowed)),
                   ""};
    return Done{};
  }
  return Done{};
}

Result<> change_cpus(const std::string& cgroup, const CpuSet& cpus, Journal& journal) {
  const std::string file = cgroup + "/cpuset.cpus";
  const auto present = read_cpus(file);
  if (!present) return present.error();
  if (*present == cpus) return Done{};
  return change(file, to_list(cpus), journal);
}

/// The groups below one, parents before children.
std::vector<std::string> groups_below(const std::string& cgroup) {
  std::vector<std::string> groups;
  std::error_code error;
  for (fs::recursive_directory_iterator at(cgroup, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->symlink_status(ignored).type() == fs::file_type::directory) groups.push_back(at->path().string());
  }
  return groups;
}

struct Quota {
  int64_t quota_us = -1;  ///< negative: no limit
  int64_t period_us = kDefaultPeriodUs;
};

int64_t leading_number(std::string_view text, int64_t otherwise) {
  int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Present quota: v2 "max 100000" or "50000 100000", v1 two files.
Result<Quota> read_quota(const std::string& cgroup, bool v2) {
  std::string text, period;
  const std::string file = cgroup + (v2 ? "/cpu.max" : "/cpu.cfs_quota_us");
  int error = read_file(file, text);
  if (error == 0 && !v2) error = read_file(cgroup + "/cpu.cfs_period_us", period);
  if (error != 0)
    return Error{Exit::RunFailed, fmt::format("cannot read {}: {}", file, errno_text(error)), ""};
  if (v2) period = text.substr(std::min(text.find(' ') + 1, text.size()));
  return Quota{leading_number(text, -1), leading_number(period, kDefaultPeriodUs)};
}

}  // namespace

bool has_cpuset(const std::string& cgroup) { return !cgroup.empty() && may_write(cgroup + "/cpuset.cpus"); }

Result<> set_cpus(const std::string& cgroup, const CpuSet& cpus, Journal& journal) {
  if (cpus.none()) return Error{Exit::Invalid, "an empty set of CPUs: a container needs one at least", ""};
  if (auto possible = within_parent(cgroup, cpus); !possible) return possible;
  if (is_v2(cgroup)) return change_cpus(cgroup, cpus, journal);  // the groups below follow by themselves
  // v1: a group must at all times lie within its parent. So first widen from the top, then narrow from below.
  const std::vector<std::string> below = groups_below(cgroup);
  std::vector<std::pair<std::string, CpuSet>> before;  // for when the kernel refuses one of them
  const auto change_one = [&](const std::string& group, bool widen) -> Result<> {
    const auto present = read_cpus(group + "/cpuset.cpus");
    if (!present) return present.error();
    const CpuSet wanted = widen ? *present | cpus : cpus;
    if (*present == wanted) return Done{};
    before.emplace_back(group, *present);
    return change(group + "/cpuset.cpus", to_list(wanted), journal);
  };
  const auto change_all = [&]() -> Result<> {
    for (size_t i = 0; !below.empty() && i <= below.size(); ++i)
      if (auto widened = change_one(i == 0 ? cgroup : below[i - 1], true); !widened) return widened;
    for (auto group = below.rbegin(); group != below.rend(); ++group)
      if (auto narrowed = change_one(*group, false); !narrowed) return narrowed;
    return change_one(cgroup, false);
  };
  auto changed = change_all();
  for (auto step = before.rbegin(); !changed && step != before.rend(); ++step)
    (void)change_cpus(step->first, step->second, journal);
  return changed;
}

Result<> set_affinity(const std::string& cgroup, const CpuSet& cpus) {
  if (cpus.none()) return Error{Exit::Invalid, "an empty set of CPUs: a container needs one at least", ""};
  const cpu_set_t wanted = cpu_mask(cpus);
  for (int round = 0; round < kRounds; ++round) {
    bool changed = false;
    for (const pid_t task : tasks_in(cgroup)) {
      cpu_set_t present;
      CPU_ZERO(&present);
      if (::sched_getaffinity(task, sizeof present, &present) == 0 && CPU_EQUAL(&present, &wanted)) continue;
      if (::sched_setaffinity(task, sizeof wanted, &wanted) == 0)
        changed = true;  // what it forks from now on inherits the mask
      else if (errno != ESRCH)
        return Error{Exit::RunFailed,
                     fmt::format("cannot pin task {} to CPUs {}: {}", task, to_list(cpus),
                                 errno == EPERM ? "it is another user's: run as root" : errno_text(errno)),
                     ""};
    }
    if (!changed) return Done{};
  }
  return Error{Exit::RunFailed, fmt::format("tasks in {} appear faster than they can be pinned", cgroup), ""};
}

Result<> set_quota(const std::string& cgroup, double cores, Journal& journal) {
  if (std::isnan(cores) || cores <= 0)
    return Error{Exit::Invalid, fmt::format("a CPU quota of {} cores: it must be above 0", cores), ""};
  if (!cgroup.empty() && !exists(cgroup))
    return Error{Exit::RunFailed, fmt::format("the container has ended: {} is gone", cgroup), ""};
  const bool v2 = is_v2(cgroup);
  if (cgroup.empty() || !exists(cgroup + (v2 ? "/cpu.max" : "/cpu.cfs_quota_us")))
    return Error{Exit::HostLacks, "no CPU quota for this container: the cpu controller has no group for it",
                 v2 ? fmt::format("as root: echo +cpu > {}/cgroup.subtree_control",
                                  fs::path(cgroup).parent_path().string())
                    : "mount the cpu controller of cgroup v1, or boot with cgroup v2"};
  const auto present = read_quota(cgroup, v2);
  if (!present) return present.error();
  const double exact = cores * static_cast<double>(present->period_us);
  const bool unlimited = exact > 1e15;  // far above what the kernel takes (2^44 ns), and +infinity
  const int64_t quota = unlimited ? -1 : std::llround(exact);
  if (!unlimited && quota < kLeastQuotaUs)
    return Error{
        Exit::RunFailed,
        fmt::format("a quota of {:g} % is below the kernel's least: 1 ms in each period of {:g} ms is {:g} %",
                    100 * cores, static_cast<double>(present->period_us) / 1e3,
                    100.0 * kLeastQuotaUs / static_cast<double>(present->period_us)),
        ""};
  if (quota == present->quota_us || (unlimited && present->quota_us < 0)) return Done{};
  auto changed = !v2 ? change(cgroup + "/cpu.cfs_quota_us", fmt::format("{}", quota), journal)
                     : change(cgroup + "/cpu.max",
                              unlimited ? fmt::format("max {}", present->period_us)
                                        : fmt::format("{} {}", quota, present->period_us),
                              journal);
  if (!changed && !v2)
    changed.error().hint = "on cgroup v1 a group's quota cannot be above that of its parent group";
  return changed;
}

Result<> journal_cpus(const std::string& cgroup, Journal& journal) {
  return has_cpuset(cgroup) ? journal.will_write(cgroup + "/cpuset.cpus") : Result<>(Done{});
}

Result<> journal_quota(const std::string& cgroup, Journal& journal) {
  for (const char* name : {"/cpu.max", "/cpu.cfs_quota_us"})
    if (!cgroup.empty() && exists(cgroup + name)) return journal.will_write(cgroup + name);
  return Done{};
}

}  // namespace cbench
