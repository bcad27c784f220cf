// The docker engine's watcher: turns ends of streams into exit notices, and survives a daemon that goes away.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/engines/docker_engine.h"

namespace cbench {
namespace {

/// What `docker stop` gives a server when its command has ended.
constexpr int kStopSeconds = 10;
constexpr std::chrono::milliseconds kLongestPause{500};
/// The end of an executed command is told a moment after that of its container.
constexpr std::chrono::milliseconds kExecAfterContainer{2000};
/// A daemon that is told to end first ends its containers, and a killed one drops all at once.
constexpr std::chrono::milliseconds kWithDaemon{1000};
/// Exit status when the engine itself failed; `docker run` uses the same.
constexpr int kLost = 125, kKilled = 137;

}  // namespace

DockerEngine::Event DockerEngine::event_for(size_t slot, Happening what) const {
  return Event{.slot = slot, .what = what, .give_up = Clock::now() + times_.lost};
}

void DockerEngine::post(Event event, std::chrono::milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    events_.emplace(Clock::now() + delay, event);
  }
  changed_.notify_all();
}

void DockerEngine::look_again(Event event) {
  const std::chrono::milliseconds pause = event.pause;
  event.pause = std::min(2 * pause, kLongestPause);
  post(event, pause);
}

void DockerEngine::watch() {
  std::unique_lock lock(mutex_);
  while (!quit_) {
    if (events_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (const auto due = events_.begin()->first; due > Clock::now()) {
      changed_.wait_until(lock, due);
      continue;
    }
    const Event event = events_.extract(events_.begin()).mapped();
    lock.unlock();
    conclude(event);
    lock.lock();
  }
}

void DockerEngine::conclude(const Event& event) {
  switch (event.what) {
    case Happening::ContainerEnded:
    case Happening::ContainerWithoutExec:
      return container_ended(event);
    case Happening::ExecEnded:
      return exec_ended(event);
    case Happening::EventsEnded:
      return follow_events(event);
    case Happening::OutOfMemory:
      return out_of_memory(event);
  }
}

void DockerEngine::container_ended(const Event& event) {
  std::string id;
  std::optional<int> told;
  {
    const std::lock_guard lock(mutex_);
    if (!slots_[event.slot].started) return;
    id = slots_[event.slot].id;
    told = parse_wait(slots_[event.slot].wait_body);
  }
  const Result<std::optional<ContainerState>> state = client_.inspect(id);
  if (!state && Clock::now() < event.give_up) return look_again(event);
  if (!state && !told) return lost(event.slot, state.error().message);
  const bool known = state && *state;
  if (known && (*state)->running) return follow_again(event);

  int code = known ? (*state)->exit_code : told.value_or(kKilled);
  std::string message = known ? (*state)->error : "";
  if (daemon_went_at_end(event) && !client_.keeps_containers()) {
    message = "the Docker daemon was stopped or restarted, and took its containers along";
    if (code == 0) code = kLost;  // that it ended in order does not make the run whole
  }
  const bool oom = known && (*state)->oom_killed;
  bool command_runs = false;
  {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[event.slot];
    slot.exited = true;
    command_runs = slot.exec_started && !slot.exec_ended && event.what == Happening::ContainerEnded;
  }
  changed_.notify_all();
  if (command_runs) {
    return post(event_for(event.slot, Happening::ContainerWithoutExec), kExecAfterContainer);
  }
  give_notice(event.slot, code, oom, message);
}

/// All streams end with the daemon, and so did that of its events, shortly before the container's end or
/// until now.
bool DockerEngine::daemon_went_at_end(const Event& event) {
  const auto ended = event.give_up - times_.lost;
  const std::lock_guard lock(mutex_);
  return events_cut_ > ended - kWithDaemon;
}

/// The wait was cut short but the container runs: the daemon was restarted with live-restore, or it dropped
/// the connection.
void DockerEngine::follow_again(const Event& event) {
  std::string id;
  bool attached = false;
  {
    const std::lock_guard lock(mutex_);
    id = slots_[event.slot].id;
    attached = slots_[event.slot].open_outputs > 0;
    if (!attached)
      slots_[event.slot].output_trouble = "the output has a gap: the Docker daemon dropped the connection";
  }
  if (!attached) (void)open_output(event.slot, client_.attach_request(id), false);
  if (open_wait(event.slot, false)) return;
  if (Clock::now() < event.give_up) return look_again(event);
  lost(event.slot, "it cannot be waited for");
}

void DockerEngine::exec_ended(const Event& event) {
  std::string exec, id, words;
  bool container_exited = false;
  {
    const std::lock_guard lock(mutex_);
    exec = slots_[event.slot].exec_id;
    id = slots_[event.slot].id;
    words = slots_[event.slot].exec_words;
    container_exited = slots_[event.slot].exited;
  }
  const Result<std::optional<ExecState>> state = client_.inspect_exec(exec);
  if (!state && Clock::now() < event.give_up) return look_again(event);
  const bool known = state && *state;
  // The stream ends when the command closes its output, or a moment before the daemon has its exit status.
  if (known && (*state)->running && !container_exited) return look_again(event);
  {
    const std::lock_guard lock(mutex_);
    slots_[event.slot].exec_ended = true;
  }
  changed_.notify_all();
  if (!known) {
    lost(event.slot,
         state ? "Docker no longer knows its command; was the daemon restarted?" : state.error().message);
  } else {
    const Result<std::optional<ContainerState>> container = client_.inspect(id);
    const bool oom = container && *container && (*container)->oom_killed;
    give_notice(event.slot, (*state)->running ? kKilled : (*state)->exit_code, oom, words);
  }
  stop_in_background(event.slot);
}

/// The command has ended, so its container has no more to do. The daemon does the waiting.
void DockerEngine::stop_in_background(size_t slot) {
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    if (slots_[slot].exited || slots_[slot].stopping) return;
    slots_[slot].end_measuring();
    id = slots_[slot].id;
  }
  (void)streams_->send(client_.stop_request(id, kStopSeconds), {}, {});
}

void DockerEngine::lost(size_t slot, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].exited = true;  // as far as anyone can tell
  }
  changed_.notify_all();
  give_notice(slot, kLost, false, "the container was lost: " + why);
}

void DockerEngine::give_notice(size_t slot, int code, bool oom, const std::string& message) {
  const std::lock_guard lock(mutex_);
  Slot& ended = slots_[slot];
  if (std::exchange(ended.noticed, true)) return;
  ExitNotice notice{.slot = slot, .code = code, .oom = oom, .stopped = ended.stopping, .message = message};
  for (const std::string& more : {ended.killed, ended.output->trouble(), ended.output_trouble}) {
    if (more.empty() || !notice.message.empty()) continue;
    notice.message = more;
  }
  exits_.push(std::move(notice));
}

}  // namespace cbench
