#include "runtime/loop/bounded_host.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <future>
#include <memory>

#include <gmock/gmock.h>

namespace cbench {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Hangs in what it is told to, for good.
class HangingHost final : public ControlledHost {
 public:
  Result<> attach(size_t, const Started&, const Allocation&) override { return enter("attach"); }
  void detach(size_t) override { static_cast<void>(enter("detach")); }
  Result<> apply(const Change& change, const Allocation& goal) override {
    auto entered = enter("apply");
    applied.push_back(change.index);
    quota = goal.containers.at(0).quota;
    return refuse ? Result<>(Error{Exit::RunFailed, "the kernel said no", ""}) : entered;
  }
  void sync_tasks() override {
    static_cast<void>(enter("sync"));
    ++syncs;
  }
  std::vector<std::string> restore() override {
    static_cast<void>(enter("restore"));
    return {"cpuset.cpus"};
  }
  std::string hangs_in;
  bool refuse = false;
  std::vector<int32_t> applied;
  double quota = 0;
  std::atomic<int> syncs = 0;

 private:
  Result<> enter(const std::string& what) const {
    if (what != hangs_in) return Done{};
    sigset_t all;  // other tests of this process send signals, which are not for this thread
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (true) std::this_thread::sleep_for(1h);
  }
};

/// A host that threads may be in until the process ends, as that of a run is.
HangingHost& a_host() {
  static auto* const kept = new std::deque<HangingHost>;  // never destroyed
  return kept->emplace_back();
}

constexpr BoundedHost::Limits kShort{.change = 50ms, .attach = 60ms, .restore = 70ms};

Allocation one_container(double quota = 1) {
  Allocation goal;
  goal.containers.resize(1);
  goal.containers[0].quota = quota;
  return goal;
}

TEST(bounded_host, what_answers_is_passed_on_in_order_with_its_errors) {
  HangingHost& inner = a_host();
  BoundedHost host(inner);
  for (int32_t i = 0; i < 100; ++i)
    ASSERT_TRUE(host.apply({.target = Target::ContainerQuota, .index = i}, one_container(i)).ok());
  EXPECT_EQ(inner.applied.size(), 100U);
  EXPECT_TRUE(std::is_sorted(inner.applied.begin(), inner.applied.end()));
  EXPECT_EQ(inner.quota, 99);
  inner.refuse = true;
  EXPECT_EQ(host.apply({}, one_container()).error().message, "the kernel said no");
  EXPECT_THAT(host.restore(), ElementsAre("cpuset.cpus"));
  EXPECT_FALSE(host.abandoned());
}

TEST(bounded_host, a_change_that_hangs_is_given_up_and_nothing_more_is_asked) {
  HangingHost& inner = a_host();
  inner.hangs_in = "apply";
  BoundedHost host(inner, kShort);
  const auto begun = std::chrono::steady_clock::now();
  const auto refused = host.apply({.target = Target::ClassWays}, one_container());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kShort.change);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "the host did not answer within 50 ms: a change of a class's cache ways");
  EXPECT_EQ(host.hung(), refused.error().message);
  EXPECT_EQ(host.attach(0, {}, one_container()).error().message, refused.error().message);
  host.sync_tasks();
  EXPECT_EQ(inner.syncs, 0);
  EXPECT_TRUE(host.abandoned());
}

TEST(bounded_host, after_a_hang_the_rest_of_the_host_is_put_back_and_the_run_does_not_wait_for_it) {
  HangingHost& inner = a_host();
  inner.hangs_in = "apply";
  BoundedHost host(inner, kShort);
  ASSERT_FALSE(host.apply({}, one_container()).ok());
  const auto begun = std::chrono::steady_clock::now();
  static_cast<void>(host.restore());  // what it answers comes later
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kShort.change);
  EXPECT_THAT(host.restore(), ElementsAre("cpuset.cpus"));
}

TEST(bounded_host, putting_back_that_hangs_is_waited_for_once_more) {
  HangingHost& inner = a_host();
  inner.hangs_in = "restore";
  BoundedHost host(inner, kShort);
  EXPECT_THAT(host.restore(), IsEmpty()) << "it may still come";
  EXPECT_TRUE(host.abandoned());
  EXPECT_THAT(host.restore(), ElementsAre("it did not answer within 70 ms"));
  EXPECT_THAT(host.restore(), IsEmpty());
}

TEST(bounded_host, moving_new_tasks_is_not_waited_for_and_its_hang_is_seen) {
  HangingHost& inner = a_host();
  inner.hangs_in = "sync";
  BoundedHost host(inner, kShort);
  host.sync_tasks();
  host.sync_tasks();
  EXPECT_EQ(host.hung(), "");
  std::this_thread::sleep_for(2 * kShort.change);
  EXPECT_THAT(host.hung(), HasSubstr("moving new tasks"));
}

TEST(bounded_host, who_waits_behind_another_is_not_late) {
  HangingHost& inner = a_host();
  BoundedHost host(inner, {.change = 200ms, .attach = 200ms, .restore = 200ms});
  std::vector<std::future<Result<>>> calls;
  for (int i = 0; i < 6; ++i)
    calls.push_back(std::async(std::launch::async, [&] {
      return host.ask("sleeping", [] {
        std::this_thread::sleep_for(60ms);
        return Result<>(Done{});
      });
    }));
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
}

TEST(pending, gives_up_after_the_limit_and_can_be_asked_again) {
  EXPECT_THAT(Pending([] { return std::vector<std::string>{"a"}; }).wait(10s),
              testing::Optional(ElementsAre("a")));
  const auto release = std::make_shared<std::promise<void>>();
  Pending call([release] {
    release->get_future().wait();
    return std::vector<std::string>();
  });
  EXPECT_EQ(call.wait(20ms), std::nullopt);
  release->set_value();
  EXPECT_THAT(call.wait(10s), testing::Optional(IsEmpty()));
}

}  // namespace
}  // namespace cbench
