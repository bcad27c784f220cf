// What the loop tells of a run on its way to those who show it: nothing of it waits for them, or allocates in
// a step.
#include "runtime/driver/run_watch.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <new>

#include <gmock/gmock.h>

#include "watched_run.h"

namespace {
thread_local int64_t allocations = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cbench {
namespace {

using testing::ElementsAre;

class run_watch : public WatchedRun {};

/// Remembers what it is told, and waits where it is asked to.
class Remembering final : public RunFace {
 public:
  explicit Remembering(std::shared_future<void> gate = {}) : gate_(std::move(gate)) {}
  void take(const News& news) override {
    if (gate_.valid()) gate_.wait();
    taken.push_back(news);
  }
  void tick(const LiveFigures& figures) override { newest = figures; }
  void end() override { ended = true; }
  std::vector<News> taken;
  LiveFigures newest;
  bool ended = false;

 private:
  std::shared_future<void> gate_;
};

TEST_F(run_watch, everything_arrives_in_its_order) {
  auto made = std::make_unique<Remembering>();
  Remembering& face = *made;
  std::vector<std::unique_ptr<RunFace>> faces;
  faces.push_back(std::move(made));
  RunWatch watch(facts, std::move(faces), false);
  watch.preparing(1, "pulling x", 0.5);
  watch.prepared(1);
  watch.event(event(EventKind::Begin));
  watch.decision(quota(Outcome::NoChange));
  watch.decision(quota(Outcome::Applied));
  watch.log(RunObserver::Level::Warn, "careful");
  watch.end(std::chrono::seconds(10));
  ASSERT_TRUE(face.ended);
  std::vector<size_t> kinds;
  for (const News& one : face.taken) kinds.push_back(one.index());
  EXPECT_THAT(kinds, ElementsAre(0, 1, 2, 3, 4)) << "what changed nothing is left out";
}

TEST_F(run_watch, a_step_allocates_nothing_and_waits_for_no_face) {
  std::promise<void> open;
  std::vector<std::unique_ptr<RunFace>> faces;
  faces.push_back(std::make_unique<Remembering>(open.get_future().share()));
  RunWatch watch(facts, std::move(faces), false);
  watch.event(event(EventKind::Begin));
  std::this_thread::sleep_for(std::chrono::milliseconds(250));  // its thread is stuck in take() now
  watch.progress(progress());                                   // the first has the begin with it
  const auto from = std::chrono::steady_clock::now();
  const int64_t before = allocations;
  for (int i = 0; i < 10'000; ++i) {
    sample();
    watch.sample(frame);
    watch.progress(progress());
  }
  EXPECT_EQ(allocations, before);
  EXPECT_LT(std::chrono::steady_clock::now() - from, std::chrono::seconds(5));
  for (int i = 0; i < 200'000; ++i) watch.decision(quota(Outcome::Applied, i));
  open.set_value();
  watch.end(std::chrono::seconds(20));
}

TEST_F(run_watch, what_comes_too_fast_is_left_out_and_counted) {
  std::promise<void> open;
  auto made = std::make_unique<Remembering>(open.get_future().share());
  Remembering& face = *made;
  std::vector<std::unique_ptr<RunFace>> faces;
  faces.push_back(std::move(made));
  RunWatch watch(facts, std::move(faces), false);
  watch.event(event(EventKind::Begin));
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  constexpr int64_t kMade = 300'000;
  for (int64_t i = 0; i < kMade; ++i) {
    watch.decision(quota(Outcome::Applied));
    if (i % 1000 == 0) watch.progress(progress());
  }
  open.set_value();
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    watch.progress(progress());
  }
  watch.end(std::chrono::seconds(20));
  int64_t arrived = 0, omitted = 0;
  for (const News& one : face.taken) {
    if (std::holds_alternative<Decision>(one)) ++arrived;
    if (const auto* some = std::get_if<Omitted>(&one)) omitted += some->count;
  }
  EXPECT_GT(omitted, 0);
  EXPECT_EQ(arrived + omitted, kMade);
}

TEST_F(run_watch, figures_are_those_of_the_summary_over_half_a_second) {
  FigureTap tap(spec);
  LiveFigures figures;
  figures.slots.resize(2);
  for (int i = 0; i < 40; ++i) sample(), tap.take(frame);
  tap.fill(progress(), figures);
  EXPECT_FALSE(figures.slots[0].sampled) << "too early to say";
  for (int i = 0; i < 40; ++i) sample(), tap.take(frame);
  tap.fill(progress(), figures);
  const SlotFigures& a = figures.slots[0];
  EXPECT_DOUBLE_EQ(a.cpu_percent, 50);
  EXPECT_DOUBLE_EQ(a.ipc, 1.5);
  EXPECT_DOUBLE_EQ(a.memory_bytes, 4096);
  EXPECT_EQ(a.points, 1U);
  EXPECT_TRUE(std::isnan(figures.slots[1].cpu_percent));
  EXPECT_FALSE(figures.slots[1].sampled) << "it has not run";
}

TEST_F(run_watch, a_figure_that_is_measured_no_more_is_not_shown_for_ever) {
  FigureTap tap(spec);
  LiveFigures figures;
  figures.slots.resize(2);
  const auto run_for = [&](int steps, bool perf) {
    for (int i = 0; i < steps; ++i) {
      sample(perf);
      tap.take(frame);
      tap.fill(progress(), figures);
    }
  };
  run_for(100, true);
  EXPECT_DOUBLE_EQ(figures.slots[0].ipc, 1.5);
  run_for(60, false);
  EXPECT_DOUBLE_EQ(figures.slots[0].ipc, 1.5) << "a late one is waited for";
  run_for(200, false);
  EXPECT_TRUE(std::isnan(figures.slots[0].ipc));
  EXPECT_DOUBLE_EQ(figures.slots[0].cpu_percent, 50);
}

}  // namespace
}  // namespace cbench
