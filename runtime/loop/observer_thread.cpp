#include "runtime/loop/observer_thread.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "runtime/host/capability.h"
#include "runtime/host/cgroup.h"
#include "runtime/host/cpu_mask.h"
#include "runtime/loop/placement.h"

namespace cbench {
namespace {

CpuSet fixed_cpus(const RunSpec& spec) {
  CpuSet fixed;
  for (const ContainerSpec& container : spec.containers) fixed |= container.cores.value;
  return fixed;
}

/// How many more CPUs the containers may have at one time that name only a number.
size_t floating_cpus(const RunSpec& spec) {
  size_t most = 0;
  for (const ContainerSpec& first : spec.containers) {  // the most are there when one of them starts
    size_t now = 0;
    for (const ContainerSpec& c : spec.containers)
      if (c.cores.value.none() && c.start_ns <= first.start_ns && first.start_ns <= c.stop_ns)
        now += static_cast<size_t>(c.num_cores);
    most = std::max(most, now);
  }
  return most;
}

bool moves_containers(const Plan& plan) {
  return std::any_of(plan.acts.begin(), plan.acts.end(), [](const PlanUse<Verb>& use) {
    return use.what == Verb::Pin || use.what == Verb::Cores;
  });
}

/// Pages that were touched stay; nothing is brought in for it, so that resident memory does not grow
/// (mlockall(2)).
bool lock_memory() {
  rlimit limit{};
  const bool unlimited = ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
  // With a limit a later mmap(2) would fail, which is worse than a page that has to come back.
  if (!unlimited && !has_capability(Capability::IpcLock)) return false;
  return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

}  // namespace

CpuSet observer_cpus(const RunSpec& spec, const HostFacts& facts, const Plan* plan) {
  if (spec.observer.cores.value.any()) return spec.observer.cores.value & facts.online;
  if (plan != nullptr && moves_containers(*plan)) return {};
  const CpuSet left = facts.online & ~fixed_cpus(spec) & ~foreseen_cpus(spec, facts);
  return left == facts.online ? CpuSet{} : left;
}

std::string shared_cpus(const RunSpec& spec, const HostFacts& facts, const CpuSet& own) {
  const CpuSet fixed = fixed_cpus(spec);
  // Where it keeps to none, the scheduler finds a CPU that is free, if there is one.
  if (own.none() && (facts.online & ~fixed).count() > floating_cpus(spec)) return "";
  const CpuSet mine = own.any() ? own : facts.online;
  constexpr size_t kNamed = 8;
  std::string names;
  size_t count = 0;
  CpuSet shared;
  for (const ContainerSpec& container : spec.containers) {
    const bool floats = container.cores.value.none() && own.none();
    const CpuSet both = floats ? facts.online & ~fixed : container.cores.value & mine;
    if (both.none()) continue;
    shared |= both;
    if (count++ < kNamed) names += fmt::format("{}`{}`", names.empty() ? "" : ", ", container.name.value);
  }
  if (shared.none()) return "";
  if (count > kNamed) names += fmt::format(" and {} more", count - kNamed);
  return fmt::format(
      "cbench may run on CPU{} {}, where {} run{}; leave a CPU free, or name one that is: `benchmark: "
      "{{observer: {{core: "
      "\"N\"}}}}`",
      shared.count() == 1 ? "" : "s", to_list(shared), names, count == 1 ? "s" : "");
}

Result<ObserverThread> ObserverThread::begin(const ObserverSpec& spec, const CpuSet& own) {
  ObserverThread made;
  const auto add = [&](std::string words) {
    made.words_ += (made.words_.empty() ? "" : ", ") + std::move(words);
  };
  if (own.any()) {
    cpu_set_t before;
    const cpu_set_t wanted = cpu_mask(own);
    if (::sched_getaffinity(0, sizeof before, &before) == 0) made.before_ = before;
    if (::sched_setaffinity(0, sizeof wanted, &wanted) != 0)
      return Error{Exit::HostLacks,
                   fmt::format("cbench cannot keep to CPUs {}: {}", to_list(own), std::strerror(errno)),
                   "name CPUs that this process may use in `benchmark.observer.core`"};
    add(fmt::format("CPUs {}", to_list(own)));
  }
  if (spec.fifo > 0) {
    sched_param param{};
    param.sched_priority = static_cast<int>(spec.fifo);
    if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) != 0) {
      const int error = errno;
      const std::string group = group_without_realtime();
      return Error{Exit::HostLacks,
                   fmt::format("the sampling thread cannot have real-time priority {}: {}", spec.fifo,
                               std::strerror(error)),
                   group.empty()
                       ? "run as root, `setcap cap_sys_nice=ep` on the program, or leave out "
                         "`benchmark.observer.fifo`"
                       : fmt::format("its cgroup has no time for real-time tasks: as root `echo 100000 > "
                                     "{}/cpu.rt_runtime_us`, beside the right to it; or leave out "
                                     "`benchmark.observer.fifo`",
                                     group)};
    }
    made.fifo_ = true;
    add(fmt::format("SCHED_FIFO {}", spec.fifo));
  }
  made.locked_ = spec.lock_memory && lock_memory();
  if (made.locked_) add("memory locked");
  return made;
}

ObserverThread::ObserverThread(ObserverThread&& other) noexcept
    : before_(std::exchange(other.before_, std::nullopt)),
      fifo_(std::exchange(other.fifo_, false)),
      locked_(std::exchange(other.locked_, false)),
      words_(std::move(other.words_)) {}

ObserverThread::~ObserverThread() {
  if (locked_) ::munlockall();
  const sched_param ordinary{};
  if (fifo_) ::sched_setscheduler(0, SCHED_OTHER, &ordinary);
  if (before_) ::sched_setaffinity(0, sizeof *before_, &*before_);
}

}  // namespace cbench
