// The process engine: a container is a host command in cgroups of its own.
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/engines/cgroup_tree.h"
#include "runtime/engines/engine.h"
#include "runtime/engines/exits.h"
#include "runtime/engines/output.h"
#include "runtime/engines/process_cgroup.h"
#include "runtime/engines/process_spawn.h"

namespace cbench {
namespace {

using Clock = std::chrono::steady_clock;
/// For a group to be empty after SIGKILL.
constexpr std::chrono::seconds kAfterKill{10};
constexpr std::chrono::milliseconds kLook{5};

struct Slot {
  std::string id;
  CgroupPaths cgroup;
  std::unique_ptr<OutputFiles> output;
  std::optional<Credentials> user;
  Child child;
  bool prepared = false, started = false, exited = false, stopping = false;
};

/// One thread forks and reaps: a child is bound to the life of the thread that forked it.
class ProcessEngine : public Engine {
 public:
  ProcessEngine(const RunSpec& spec, const std::string& run_id, std::string logs, Journal& journal)
      : spec_(spec),
        logs_(std::move(logs)),
        cgroups_(run_id, journal),
        slots_(spec.containers.size()),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        thread_([this] { watch(); }) {}
  ~ProcessEngine() override;

  Result<> check() override;
  Result<> prepare(size_t slot, const Progress& progress) override;
  Result<Started> start(size_t slot, const CpuSet& cores) override;
  Result<> stop(size_t slot, std::chrono::milliseconds grace) override;
  std::vector<std::string> remove_all() override;
  [[nodiscard]] int exit_fd() const override { return exits_.fd(); }
  std::vector<ExitNotice> take_exits() override { return exits_.take(); }

 private:
  void watch();
  void wake();
  void run_requests();
  void reap(size_t slot);
  Result<Child> spawn_on_thread(const Command& command, size_t slot);

  const RunSpec& spec_;
  const std::string logs_;
  std::mutex cgroups_mutex_;
  ProcessCgroups cgroups_;  ///< guarded by cgroups_mutex_
  ExitQueue exits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;                      ///< guarded by mutex_
  std::vector<std::function<void()>> requests_;  ///< guarded by mutex_
  bool quit_ = false;
  std::atomic<bool> closing_{false};
  int wake_;
  std::thread thread_;
};

/// Lists the group's processes; the unified folder has cgroup.kill.
const std::string& listing(const CgroupPaths& cgroup) {
  return !cgroup.unified.empty() ? cgroup.unified : !cgroup.freezer.empty() ? cgroup.freezer : cgroup.cpu;
}

std::string freezer_of(const CgroupPaths& cgroup) {
  return cgroup.mode == CgroupMode::V2 ? "" : cgroup.freezer;
}

ProcessEngine::~ProcessEngine() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  wake();
  thread_.join();
  for (const Slot& slot : slots_) {
    if (slot.child.pidfd >= 0) close(slot.child.pidfd);
  }
  close(wake_);
}

Result<> ProcessEngine::check() {
  const std::lock_guard lock(cgroups_mutex_);
  const Result<> opened = cgroups_.open();
  cgroups_.close();
  return opened;
}

Result<> ProcessEngine::prepare(size_t slot, const Progress&) {
  const ContainerSpec& container = spec_.containers[slot];
  if (closing_) return Error{Exit::RunFailed, "the run is ending, no process is started any more", ""};
  Slot made;
  if (container.command.value.empty()) {
    return Error{Exit::Invalid, fmt::format("container `{}` has no command", container.name.value),
                 "engine process executes `command` with sh -c"};
  }
  if (!container.user.empty()) {
    Result<Credentials> user = credentials_of(container.user);
    if (!user) return user.error();
    made.user = std::move(*user);
  }
  Result<std::unique_ptr<OutputFiles>> output = OutputFiles::open(logs_, container.name.value);
  if (!output) return output.error();
  made.output = std::move(*output);
  made.id = plain_name(container.name.value);
  if (made.id != container.name.value) made.id += fmt::format("-{}", slot);
  {
    const std::lock_guard lock(cgroups_mutex_);
    if (closing_) return Error{Exit::RunFailed, "the run is ending, no process is started any more", ""};
    Result<CgroupPaths> group = cgroups_.make(made.id, container);
    if (!group) return group.error();
    made.cgroup = std::move(*group);
  }
  made.prepared = true;
  const std::lock_guard lock(mutex_);
  slots_[slot] = std::move(made);
  return Done{};
}

Result<Started> ProcessEngine::start(size_t slot, const CpuSet& cores) {
  const ContainerSpec& container = spec_.containers[slot];
  Command command;
  Started started;
  {
    const std::lock_guard lock(mutex_);
    const Slot& ready = slots_[slot];
    if (!ready.prepared || ready.started) {
      return Error{Exit::RunFailed, fmt::format("container `{}` is not ready to start", container.name.value),
                   ""};
    }
    command.user = ready.user;
    command.output = {ready.output->fd(0), ready.output->fd(1)};
    started.id = ready.id;
    started.cgroup = ready.cgroup;
    started.output = ready.output->path(0);
  }
  if (cores.any()) {
    const std::lock_guard lock(cgroups_mutex_);
    const Result<bool> confined = cgroups_.set_cores(started.cgroup, cores);
    if (!confined) return confined.error();
    if (!*confined) command.affinity = cores;
  }
  command.text = container.command.value;
  command.environment = child_environment(container.environment, command.user);
  command.cgroups = folders_of(started.cgroup);
  const Result<Child> child = spawn_on_thread(command, slot);
  if (!child) {
    Error error = child.error();
    error.message = fmt::format("container `{}`: {}", container.name.value, error.message);
    return error;
  }
  started.pid = child->pid;
  return started;
}

Result<Child> ProcessEngine::spawn_on_thread(const Command& command, size_t slot) {
  std::promise<Result<Child>> promise;
  std::future<Result<Child>> future = promise.get_future();
  const auto request = [&] {
    if (closing_) {
      promise.set_value(Error{Exit::RunFailed, "the run is ending, no process is started any more", ""});
      return;
    }
    const Result<Child> child = spawn(command);
    if (child) {
      const std::lock_guard lock(mutex_);
      slots_[slot].child = *child;
      slots_[slot].started = true;
    }
    promise.set_value(child);
  };
  {
    const std::lock_guard lock(mutex_);
    requests_.emplace_back(request);
  }
  wake();
  return future.get();
}

void ProcessEngine::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

void ProcessEngine::run_requests() {
  std::vector<std::function<void()>> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(requests_);
  }
  for (const auto& request : requests) request();
}

void ProcessEngine::watch() {
  for (;;) {
    std::vector<pollfd> fds = {{wake_, POLLIN, 0}};
    std::vector<size_t> who;
    {
      const std::lock_guard lock(mutex_);
      if (quit_) return;
      for (size_t slot = 0; slot < slots_.size(); ++slot) {
        if (!slots_[slot].started || slots_[slot].exited) continue;
        fds.push_back({slots_[slot].child.pidfd, POLLIN, 0});
        who.push_back(slot);
      }
    }
    poll(fds.data(), fds.size(), -1);
    uint64_t count = 0;
    if (fds[0].revents != 0) [[maybe_unused]]
      const ssize_t got = read(wake_, &count, sizeof count);
    for (size_t i = 0; i < who.size(); ++i) {
      if (fds[i + 1].revents != 0) reap(who[i]);
    }
    run_requests();
  }
}

void ProcessEngine::reap(size_t slot) {
  pid_t pid = -1;
  CgroupPaths cgroup;
  {
    const std::lock_guard lock(mutex_);
    pid = slots_[slot].child.pid;
    cgroup = slots_[slot].cgroup;
  }
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  // As in a container: with the first process, all end.
  const bool gone = kill_all(listing(cgroup), freezer_of(cgroup), kAfterKill);
  ExitNotice notice{.slot = slot,
                    .code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                    .oom = ProcessCgroups::oom_killed(cgroup),
                    .stopped = false,
                    .message = ""};
  if (!gone) notice.message = "some of its processes do not end after SIGKILL";
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].exited = true;
    notice.stopped = slots_[slot].stopping;
  }
  exits_.push(std::move(notice));
  changed_.notify_all();
}

Result<> ProcessEngine::stop(size_t slot, std::chrono::milliseconds grace) {
  const auto deadline = Clock::now() + grace;
  CgroupPaths cgroup;
  {
    const std::lock_guard lock(mutex_);
    if (!slots_[slot].started) return Done{};
    cgroup = slots_[slot].cgroup;
    if (!slots_[slot].exited) slots_[slot].stopping = true;
  }
  const std::string& folder = listing(cgroup);
  signal_all(folder, SIGTERM);
  while (Clock::now() < deadline && !processes_in(folder).empty()) std::this_thread::sleep_for(kLook);
  const bool gone = kill_all(folder, freezer_of(cgroup), kAfterKill);
  std::unique_lock lock(mutex_);
  const bool reaped = changed_.wait_for(lock, kAfterKill, [&] { return slots_[slot].exited; });
  if (gone && reaped) {
    lock.unlock();
    ProcessCgroups::remove(cgroup);  // now, and not all of them at the end
    return Done{};
  }
  return Error{
      Exit::RunFailed,
      fmt::format("processes of container `{}` do not end after SIGKILL", spec_.containers[slot].name.value),
      "they are in uninterruptible sleep (state D); see " + folder + "/cgroup.procs"};
}

std::vector<std::string> ProcessEngine::remove_all() {
  closing_ = true;
  {
    // A start that was under way is over when the thread has come to this.
    std::promise<void> passed;
    const auto request = [&] { passed.set_value(); };
    {
      const std::lock_guard lock(mutex_);
      requests_.emplace_back(request);
    }
    wake();
    passed.get_future().wait();
  }
  std::vector<std::string> remains;
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (const Result<> stopped = stop(slot, std::chrono::milliseconds(0)); !stopped)
      remains.push_back(stopped.error().message);
  }
  const std::lock_guard lock(cgroups_mutex_);
  for (std::string& folder : cgroups_.close()) remains.push_back(std::move(folder));
  return remains;
}

}  // namespace

std::unique_ptr<Engine> make_process_engine(const RunSpec& spec, const std::string& run_id,
                                            const std::string& logs, Journal& journal) {
  return std::make_unique<ProcessEngine>(spec, run_id, logs, journal);
}

}  // namespace cbench
