#include "runtime/loop/bounded_host.h"

#include <utility>

#include <fmt/format.h>

namespace cbench {

using Clock = std::chrono::steady_clock;

BoundedHost::BoundedHost(ControlledHost& inner, Limits limits)
    : inner_(inner), limits_(limits), thread_([shared = shared_] { work(shared); }) {}

BoundedHost::~BoundedHost() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->ending = true;
  }
  shared_->changed.notify_all();
  if (!abandoned())
    thread_.join();
  else
    thread_.detach();
}

void BoundedHost::work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->changed.wait(lock, [&] { return !shared->tasks.empty() || shared->ending; });
    if (shared->tasks.empty() || !shared->hung.empty()) return;
    const std::shared_ptr<Task> task = std::move(shared->tasks.front());
    shared->tasks.pop_front();
    task->begun = Clock::now();
    shared->running = task;
    lock.unlock();
    shared->changed.notify_all();  // its limit counts from here
    Result<> result = task->call();
    lock.lock();
    shared->running.reset();
    task->result = std::move(result);
    task->done = true;
    shared->changed.notify_all();
  }
}

/// Has what is running had its time? Remembers that then.
bool BoundedHost::is_late(Shared& shared) {
  if (shared.hung.empty() && shared.running && Clock::now() - shared.running->begun >= shared.running->limit)
    shared.hung = fmt::format("the host did not answer within {} ms: {}", shared.running->limit.count(),
                              shared.running->what);
  return !shared.hung.empty();
}

Error BoundedHost::no_answer(const Shared& shared) { return {Exit::RunFailed, shared.hung, ""}; }

Result<> BoundedHost::call(std::string what, std::chrono::milliseconds limit,
                           std::function<Result<>()> call) {
  const auto task = std::make_shared<Task>(std::move(what), limit, std::move(call));
  std::unique_lock lock(shared_->mutex);
  if (is_late(*shared_)) return no_answer(*shared_);
  shared_->tasks.push_back(task);
  shared_->changed.notify_all();
  while (!task->done) {
    if (is_late(*shared_)) return no_answer(*shared_);
    if (shared_->running)
      shared_->changed.wait_until(lock, shared_->running->begun + shared_->running->limit);
    else
      shared_->changed.wait(lock);
  }
  return std::move(task->result);
}

Result<> BoundedHost::attach(size_t slot, const Started& started, const Allocation& goal) {
  // By value: a call that hangs outlives those who asked for it.
  return call(fmt::format("taking in container #{}", slot), limits_.attach,
              [inner = &inner_, slot, started, goal] { return inner->attach(slot, started, goal); });
}

void BoundedHost::detach(size_t slot) {
  (void)call(fmt::format("letting go container #{}", slot), limits_.change, [inner = &inner_, slot] {
    inner->detach(slot);
    return Result<>(Done{});
  });
}

Result<> BoundedHost::apply(const Change& change, const Allocation& goal) {
  return call("a change of " + std::string(name(change.target)), limits_.change,
              [inner = &inner_, change, goal] { return inner->apply(change, goal); });
}

void BoundedHost::sync_tasks() {
  const std::lock_guard lock(shared_->mutex);
  if (is_late(*shared_) || (syncing_ && !syncing_->done)) return;
  syncing_ = std::make_shared<Task>("moving new tasks to their class", limits_.change, [inner = &inner_] {
    inner->sync_tasks();
    return Result<>(Done{});
  });
  shared_->tasks.push_back(syncing_);
  shared_->changed.notify_all();
}

std::string BoundedHost::hung() {
  const std::lock_guard lock(shared_->mutex);
  (void)is_late(*shared_);
  return shared_->hung;
}

std::vector<std::string> BoundedHost::restore() {
  if (lost_) return {};  // that was said
  // In mid-run the loop does not wait for a host that hangs; the end of the run does.
  const auto limit = restored_before_ ? limits_.restore
                     : hung().empty() ? limits_.change
                                      : std::chrono::milliseconds(0);
  if (!restoring_) restoring_ = std::make_unique<Pending>([inner = &inner_] { return inner->restore(); });
  auto left = restoring_->wait(limit);
  if (left) restoring_.reset();
  lost_ = !left && restored_before_;
  restored_before_ = true;
  if (lost_) return {fmt::format("it did not answer within {} ms", limits_.restore.count())};
  return left.value_or(std::vector<std::string>());
}

Pending::Pending(std::function<std::vector<std::string>()> call) {
  std::thread([answer = answer_, call = std::move(call)] {
    std::vector<std::string> value = call();
    const std::lock_guard lock(answer->mutex);
    answer->value = std::move(value);
    answer->come.notify_all();
  }).detach();
}

std::optional<std::vector<std::string>> Pending::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(answer_->mutex);
  answer_->come.wait_for(lock, limit, [this] { return answer_->value.has_value(); });
  return answer_->value;
}

}  // namespace cbench
