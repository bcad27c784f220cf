// WorkerPool: runs the engine's blocking calls beside the loop, so that sampling is never blocked by them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace cbench {

/// A bounded set of threads, made when needed. They live as long as the pool: a process's PDEATHSIG is tied
/// to the thread that made it.
class WorkerPool {
 public:
  /// What a job leaves behind for the loop's thread.
  using Completion = std::function<void()>;
  using Job = std::function<Completion()>;

  /// With 0 threads a job runs inside submit() (tests on a jumping clock).
  explicit WorkerPool(unsigned threads);
  /// Waits for jobs that run, unless they were abandoned.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void submit(Job job);
  /// Called inside a job: has `message` run on the loop's thread before the job's own completion.
  void post(Completion message);
  /// Readable when run_completions() has something.
  [[nodiscard]] int fd() const;
  /// Runs what jobs left behind, on the calling thread.
  void run_completions();
  /// Jobs submitted whose completion has not run.
  [[nodiscard]] size_t outstanding() const;
  /// Forgets jobs that no thread has begun.
  void drop_queued();
  /// Lets running jobs go on without anyone waiting for them. What they refer to must then live until the
  /// process ends.
  void abandon();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace cbench
