// The docker engine's ends: stop with grace, and the removal of all that a run made.
#include <algorithm>

#include <fmt/format.h>
#include <signal.h>

#include "runtime/engines/cgroup_tree.h"
#include "runtime/engines/docker_engine.h"

namespace cbench {
namespace {

/// For the last bytes of output after a container's end.
constexpr std::chrono::seconds kOutputGrace{2};
constexpr const char* kLater = "; `cbench clean --yes` removes them once Docker answers";
constexpr std::chrono::milliseconds kAskAgain{200};
/// How often a container that is being stopped is looked at.
constexpr std::chrono::milliseconds kLook{20};

/// A folder that lists the container's processes.
const std::string& listing(const CgroupPaths& cgroup) {
  for (const std::string* folder : {&cgroup.pids, &cgroup.freezer, &cgroup.memory, &cgroup.cpu}) {
    if (!folder->empty()) return *folder;
  }
  return cgroup.unified;
}

/// Only the container's first process is left, and it has no handler for SIGTERM: the kernel discards the
/// signal then, and to wait would be in vain.
bool only_deaf_init_left(const std::string& folder, int64_t pid) {
  const std::vector<pid_t> left = processes_in(folder);
  return left.size() == 1 && left[0] == pid && !catches(left[0], SIGTERM);
}

}  // namespace

Result<> DockerEngine::stop(size_t slot, std::chrono::milliseconds grace) {
  const auto deadline = Clock::now() + grace;
  std::string folder;
  int64_t first = 0;
  bool has_exec = false;
  {
    const std::lock_guard lock(mutex_);
    Slot& stopped = slots_[slot];
    if (!stopped.started) return Done{};
    stopped.stopping = true;
    stopped.end_measuring();
    folder = listing(stopped.cgroup);
    first = stopped.pid;
    has_exec = stopped.exec_started;
  }
  // The daemon signals only a container's first process. The others are the workload as well, and get the
  // chance to end in order.
  for (const pid_t pid : workload_in(folder, first)) (void)::kill(pid, SIGTERM);
  if (has_exec) wait_until(slot, &Slot::exec_ended, deadline);
  const Result<> ended = end_container(slot, deadline);
  if (ended) wait_for_output(kOutputGrace);
  return ended;
}

Result<> DockerEngine::end_container(size_t slot, Clock::time_point deadline) {
  std::string id, signal, folder;
  int64_t first = 0;
  {
    const std::lock_guard lock(mutex_);
    if (slots_[slot].exited) return Done{};
    id = slots_[slot].id;
    signal = slots_[slot].stop_signal;
    folder = listing(slots_[slot].cgroup);
    first = slots_[slot].pid;
  }
  const Result<> asked = client_.kill(id, signal);
  bool exited = false;
  while (asked && !exited && Clock::now() < deadline) {
    exited = wait_until(slot, &Slot::exited, std::min(deadline, Clock::now() + kLook));
    if (!exited && signal == "SIGTERM" && only_deaf_init_left(folder, first)) break;
  }
  if (exited) return Done{};
  if (const Result<> killed = client_.kill(id, "SIGKILL"); !killed) {
    // The daemon does not do it; its container shall not compute on for ever.
    for (const pid_t pid : workload_in(folder, -1)) (void)::kill(pid, SIGKILL);
    return Error{killed.error().exit,
                 fmt::format("container `{}`: {}", spec_.containers[slot].name.value, killed.error().message),
                 killed.error().hint};
  }
  if (wait_until(slot, &Slot::exited, Clock::now() + times_.after_kill)) return Done{};
  return Error{
      Exit::RunFailed,
      fmt::format("container `{}` has not ended {} ms after SIGKILL", spec_.containers[slot].name.value,
                  times_.after_kill.count()),
      "a process in uninterruptible sleep (state D), or a Docker daemon that no longer tells of exits"};
}

bool DockerEngine::wait_until(size_t slot, bool Slot::* flag, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] { return slots_[slot].*flag; });
}

void DockerEngine::wait_for_output(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [&] {
    return std::all_of(slots_.begin(), slots_.end(),
                       [](const Slot& s) { return !s.exited || s.open_outputs == 0; });
  });
}

std::vector<std::string> DockerEngine::remove_all() {
  closing_ = true;
  images_.close();
  if (no_socket_) return {};
  std::vector<std::string> remains = remove_listed();
  {
    const std::lock_guard lock(mutex_);
    for (Slot& slot : slots_) slot.stopping = true;
  }
  wait_for_output(kOutputGrace);
  return remains;
}

std::vector<std::string> DockerEngine::remove_listed() {
  const bool none = [&] {
    const std::lock_guard lock(mutex_);
    return std::none_of(slots_.begin(), slots_.end(), [](const Slot& s) { return s.prepared; });
  }();
  const auto ask = [&] { return client_.list(fmt::format("{}={}", kRunLabel, run_id_), kRunLabel); };
  const auto deadline = Clock::now() + times_.request;
  Result<std::vector<ListedContainer>> list = ask();
  while (!list && !none && Clock::now() < deadline) {  // a daemon that is being restarted comes back
    std::this_thread::sleep_for(kAskAgain);
    list = ask();
  }
  if (!list) {
    if (none) return {};  // there was never a daemon
    return {fmt::format("the containers of run {} ({}){}", run_id_, list.error().message, kLater)};
  }
  {
    const std::lock_guard lock(mutex_);
    for (Slot& slot : slots_) {  // before the first one ends
      slot.stopping = true;
      slot.end_measuring();
    }
  }
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (const ListedContainer& container : *list) {
    answers.push_back(streams_->send(client_.remove_request(container.id), {}, {}));
  }
  std::vector<std::string> remains;
  for (size_t i = 0; i < answers.size(); ++i) {
    const Result<HttpResponse> answer = answers[i].get();
    if (answer && DockerClient::removed(*answer)) continue;
    remains.push_back(
        answer ? fmt::format("container {} ({})", (*list)[i].name, error_message(answer->body))
               : fmt::format("container {} ({}){}", (*list)[i].name, answer.error().message, kLater));
  }
  return remains;
}

}  // namespace cbench
