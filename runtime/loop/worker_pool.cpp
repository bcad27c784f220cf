#include "runtime/loop/worker_pool.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

namespace cbench {

struct WorkerPool::Shared {
  explicit Shared(unsigned count) : limit(count), event(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Shared() { close(event); }

  void announce(Completion completion) {
    if (completion) completions.push_back(std::move(completion));
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written =
        write(event, &one, sizeof one);  // fails only when already readable
  }

  const unsigned limit;
  const int event;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;
  std::vector<Completion> completions;
  std::vector<std::thread> threads;
  size_t idle = 0, outstanding = 0;
  bool closing = false, abandoned = false;
};

namespace {

/// A job's end is counted on the loop's thread, together with its completion.
template <class Shared>
WorkerPool::Completion counted(Shared* shared, WorkerPool::Completion completion) {
  return [shared, completion = std::move(completion)] {
    {
      const std::lock_guard lock(shared->mutex);
      --shared->outstanding;
    }
    if (completion) completion();
  };
}

template <class Shared>
void work(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  while (true) {
    ++shared->idle;
    shared->wake.wait(lock, [&] { return shared->closing || !shared->queue.empty(); });
    --shared->idle;
    if (shared->queue.empty()) return;
    WorkerPool::Job job = std::move(shared->queue.front());
    shared->queue.pop_front();
    lock.unlock();
    WorkerPool::Completion completion = job();
    job = nullptr;
    lock.lock();
    shared->announce(counted(shared.get(), std::move(completion)));
  }
}

}  // namespace

WorkerPool::WorkerPool(unsigned threads) : shared_(std::make_shared<Shared>(threads)) {}

WorkerPool::~WorkerPool() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->closing = true;
    shared_->queue.clear();
    threads.swap(shared_->threads);
  }
  shared_->wake.notify_all();
  for (std::thread& thread : threads) {
    if (shared_->abandoned)
      thread.detach();
    else
      thread.join();
  }
}

void WorkerPool::submit(Job job) {
  if (shared_->limit == 0) {
    ++shared_->outstanding;
    Completion completion = job();
    const std::lock_guard lock(shared_->mutex);
    shared_->announce(counted(shared_.get(), std::move(completion)));
    return;
  }
  {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->outstanding;
    shared_->queue.push_back(std::move(job));
    if (shared_->queue.size() > shared_->idle && shared_->threads.size() < shared_->limit)
      shared_->threads.emplace_back([shared = shared_] { work(shared); });
  }
  shared_->wake.notify_one();
}

void WorkerPool::post(Completion message) {
  const std::lock_guard lock(shared_->mutex);
  shared_->announce(std::move(message));
}

int WorkerPool::fd() const { return shared_->event; }

void WorkerPool::run_completions() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(shared_->event, &count, sizeof count);
  std::vector<Completion> completions;
  {
    const std::lock_guard lock(shared_->mutex);
    completions.swap(shared_->completions);
  }
  for (const Completion& completion : completions) completion();
}

size_t WorkerPool::outstanding() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->outstanding;
}

void WorkerPool::drop_queued() {
  const std::lock_guard lock(shared_->mutex);
  shared_->outstanding -= shared_->queue.size();
  shared_->queue.clear();
}

void WorkerPool::abandon() {
  const std::lock_guard lock(shared_->mutex);
  shared_->abandoned = true;
}

}  // namespace cbench
