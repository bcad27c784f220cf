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

/// What `call` returns when it does so within `limit`; else, it going on on a thread of its own, nothing.
/// What it works on must then outlive the process.
std::optional<std::vector<std::string>> within(std::chrono::milliseconds limit,
                                               std::function<std::vector<std::string>()> call);

class BoundedHost final : public ControlledHost {
 public:
  struct Limits {
    /// A write takes some 100 us; moving the memory of a container between nodes takes longest.
    std::chrono::milliseconds change{1000};
    /// These wait for the disk, which has the journal.
    std::chrono::milliseconds attach{10'000}, restore{5'000};
  };

  /// A call of the inner host's that is not one of ControlledHost's, with the limit of attach().
  Result<> ask(std::string what, std::function<Result<>()> call) {
    return this->call(std::move(what), limits_.attach, std::move(call));
  }
  /// `inner` must outlive the process, not only this, once hung() is true: a thread is still in it.
  explicit BoundedHost(ControlledHost& inner) : BoundedHost(inner, Limits{}) {}
  BoundedHost(ControlledHost& inner, Limits limits);
  ~BoundedHost() override;
  BoundedHost(const BoundedHost&) = delete;
  BoundedHost& operator=(const BoundedHost&) = delete;

  // As those of the inner host. An error (RunFailed) says that it did not answer in time; nothing is asked of
  // it afterwards.
  Result<> attach(size_t slot, const Started& started, const Allocation& goal) override;
  void detach(size_t slot) override;
  Result<> apply(const Change& change, const Allocation& goal) override;
  /// Does not wait. Skipped while an earlier one is at it.
  void sync_tasks() override;
  /// Also after a hang, since what hangs may be one file of many: on yet another thread. After a call of this
  /// has hung, nothing more is tried, and cbench ends without waiting for it.
  std::vector<std::string> restore() override;
  [[nodiscard]] std::string hung() override;
  /// Is a thread still in the inner host, so that it must not be destroyed?
  [[nodiscard]] bool abandoned() { return lost_ || !hung().empty(); }

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
  bool lost_ = false;  ///< putting the host back has hung as well
  std::thread thread_;
};

}  // namespace cbench
