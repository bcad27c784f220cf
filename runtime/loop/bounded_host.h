// BoundedHost: a controlled host whose calls may hang, as a write to a kernel file can. They run on a thread
// of their own, and the run waits for each no longer than a limit.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/loop/edges.h"

namespace cbench {

/// A call on a thread of its own, which may hang: then what it works on must outlive the process.
class Pending {
 public:
  explicit Pending(std::function<std::vector<std::string>()> call);
  /// What it has returned, if it does so within `limit`.
  std::optional<std::vector<std::string>> wait(std::chrono::milliseconds limit);

 private:
  struct Answer {
    std::mutex mutex;
    std::condition_variable come;
    std::optional<std::vector<std::string>> value;
  };
  std::shared_ptr<Answer> answer_ = std::make_shared<Answer>();
};

class BoundedHost final : public ControlledHost {
 public:
  struct Limits {
    /// A write takes some 100 us; moving the memory of a container between nodes takes longest.
    std::chrono::milliseconds change{1000};
    /// These wait for the disk, which has the journal.
    std::chrono::milliseconds attach{10'000}, restore{5'000};
  };

  /// `inner` must outlive the process, not only this, once hung() is true: a thread is still in it.
  explicit BoundedHost(ControlledHost& inner) : BoundedHost(inner, Limits{}) {}
  BoundedHost(ControlledHost& inner, Limits limits);
  ~BoundedHost() override;
  BoundedHost(const BoundedHost&) = delete;
  BoundedHost& operator=(const BoundedHost&) = delete;

  /// A call of the inner host's that is not one of ControlledHost's, with the limit of attach().
  Result<> ask(std::string what, std::function<Result<>()> call) {
    return this->call(std::move(what), limits_.attach, std::move(call));
  }
  // As those of the inner host. An error (RunFailed) says that it did not answer in time; nothing is asked of
  // it afterwards.
  Result<> attach(size_t slot, const Started& started, const Allocation& goal) override;
  void detach(size_t slot) override;
  Result<> apply(const Change& change, const Allocation& goal) override;
  /// Does not wait. Skipped while an earlier one is at it.
  void sync_tasks() override;
  /// Also after a hang, since what hangs may be one file of many: on yet another thread. The first call waits
  /// for a change's time, or not at all after a hang, so that a run goes on; the next waits for the rest, and
  /// when that has not come nothing more is tried.
  std::vector<std::string> restore() override;
  [[nodiscard]] std::string hung() override;
  /// Is a thread still in the inner host, so that it must not be destroyed?
  [[nodiscard]] bool abandoned() { return restoring_ || !hung().empty(); }

 private:
  struct Task {
    std::string what;  ///< for the message
    std::chrono::milliseconds limit;
    std::function<Result<>()> call;
    std::chrono::steady_clock::time_point begun{};
    bool done = false;
    Result<> result = Done{};
  };
  /// What the thread works on; it outlives us when the thread hangs.
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<Task>> tasks;
    std::shared_ptr<Task> running;
    std::string hung;  ///< what did not answer
    bool ending = false;
  };

  static void work(const std::shared_ptr<Shared>& shared);
  static bool is_late(Shared& shared);
  Result<> call(std::string what, std::chrono::milliseconds limit, std::function<Result<>()> call);
  static Error no_answer(const Shared& shared);

  ControlledHost& inner_;
  Limits limits_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<Task> syncing_;
  std::unique_ptr<Pending> restoring_;
  bool restored_before_ = false;
  bool lost_ = false;  ///< putting the host back has hung as well
  std::thread thread_;
};

}  // namespace cbench
