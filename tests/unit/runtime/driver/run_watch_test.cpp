// What the loop tells of a run on its way to those who show it: nothing of it waits for them, or allocates in
// a step.
#include "runtime/driver/run_watch.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "runtime/driver/console.h"
#include "runtime/driver/run_json.h"
#include "runtime/driver/run_lines.h"

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
using testing::HasSubstr;
using testing::Not;
using json = nlohmann::json;

constexpr int64_t kMs = 1'000'000;
const std::vector<Metric> kColumns = {Metric::perf_instructions, Metric::perf_cycles,
                                      Metric::docker_cpu_usage_total, Metric::docker_memory_usage};

class run_watch : public testing::Test {
 protected:
  run_watch() : frame(kColumns, 2) {
    spec.name.value = "watched";
    spec.max_ns = 60'000 * kMs;
    spec.step_ns = 10 * kMs;
    for (const char* name : {"a", "b"}) {
      ContainerSpec& made = spec.containers.emplace_back();
      made.name.value = name;
      made.sampling.docker_period_ns = made.sampling.perf_period_ns = spec.step_ns;
    }
    lives.resize(2);
    lives[0].state = ContainerState::Running;
    plan.policy = "caps";
    plan.rules.push_back({.text = "when busy(c)", .line = 7, .span = {}});
    plan.slot_names = {"a", "b"};
    frame.running = {1, 0};
    facts.plan = &plan;
  }

  /// The next sample of `a`: half a core, 1.5 instructions a cycle.
  void sample(bool perf = true) {
    frame.now_ns += spec.step_ns;
    ++frame.step;
    const auto column = [&](Metric metric) { return static_cast<size_t>(frame.column(metric)); };
    frame.set_i64(column(Metric::docker_cpu_usage_total), 0, frame.now_ns / 2);
    frame.set_i64(column(Metric::docker_memory_usage), 0, 4096);
    frame.set_i64(column(Metric::perf_instructions), 0, 1500);
    frame.set_i64(column(Metric::perf_cycles), 0, 1000);
    if (!perf) frame.set_missing(column(Metric::perf_cycles), 0, Status::Unsupported);
  }
  [[nodiscard]] RunObserver::Progress progress() const {
    return {.elapsed_ns = frame.now_ns,
            .total_ns = spec.max_ns,
            .running = 1,
            .steps = frame.step,
            .lives = &lives};
  }
  [[nodiscard]] Decision quota(Outcome outcome, double value = 0.5) const {
    Decision made;
    made.step = frame.step;
    made.time_ns = frame.now_ns;
    made.rule = 0;
    made.verb = Verb::Quota;
    made.slot = 0;
    made.value = value;
    made.outcome = outcome;
    return made;
  }
  static TraceEvent event(EventKind kind, int32_t slot = -1, int64_t code = 0, std::string text = "") {
    return {.kind = kind,
            .step = 3,
            .time_ns = 30 * kMs,
            .wall_ns = 0,
            .slot = slot,
            .code = code,
            .text = std::move(text)};
  }

  RunSpec spec;
  Plan plan;
  Frame frame;
  std::vector<ContainerLife> lives;
  RunFacts facts{.spec = spec,
                 .plan = nullptr,
                 .run_id = "id",
                 .mode = "act",
                 .engine = "process",
                 .trace_path = "t.arrows",
                 .warnings = {"a CPU is shared"}};
};

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

class run_json : public run_watch {
 protected:
  run_json() {
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  }
  ~run_json() override {
    for (const int fd : ends)
      if (fd >= 0) ::close(fd);
  }
  /// All that can be read now.
  std::string read_all() const {
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string out;
    char piece[65536];
    for (ssize_t count = 0; (count = ::read(ends[0], piece, sizeof piece)) > 0;)
      out.append(piece, static_cast<size_t>(count));
    return out;
  }
  static std::vector<json> objects(const std::string& text) {
    std::vector<json> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
    return out;
  }
  int ends[2] = {-1, -1};
  LiveFigures figures;
};

TEST_F(run_json, each_thing_that_happens_is_an_object_on_a_line) {
  RunJson face(facts, ends[1]);
  face.take(Prepared{0});
  face.take(event(EventKind::Begin));
  face.take(event(EventKind::Start, 0, -1, "0-1"));
  Decision refused = quota(Outcome::Refused);
  refused.reason = "too \"small\"";
  face.take(refused);
  face.take(event(EventKind::MissedSteps, -1, 4));
  face.take(Said{RunObserver::Level::Info, "not a warning"});
  face.take(Said{RunObserver::Level::Error, "two\nlines, and no UTF-8: \xFF"});
  figures.elapsed_ns = 1500 * kMs;
  figures.running = 2;
  face.tick(figures);
  face.tick(figures);
  face.take(event(EventKind::Exit, 1, 137, "out of memory"));
  face.end();
  const std::vector<json> lines = objects(read_all());
  std::vector<std::string> events;
  for (const json& line : lines) events.push_back(line["event"]);
  ASSERT_THAT(events, ElementsAre("begin", "warning", "prepared", "start", "action", "missed", "warning",
                                  "progress", "exit"));
  EXPECT_EQ(lines[0]["run_id"], "id");
  EXPECT_EQ(lines[0]["containers"], json({"a", "b"}));
  EXPECT_EQ(lines[1]["text"], "a CPU is shared");
  EXPECT_EQ(lines[3], json({{"event", "start"},
                            {"step", 3},
                            {"time_ns", 30 * kMs},
                            {"container", "a"},
                            {"code", -1},
                            {"text", "0-1"}}));
  EXPECT_EQ(lines[4]["outcome"], "refused");
  EXPECT_EQ(lines[4]["reason"], "too \"small\"");
  EXPECT_EQ(lines[4]["line"], 7);
  EXPECT_EQ(lines[5]["missed_steps"], 4);
  EXPECT_EQ(lines[6]["level"], "error");
  EXPECT_EQ(lines[7]["running"], 2);
  EXPECT_EQ(lines[8]["code"], 137);
}

TEST_F(run_json, a_reader_that_does_not_read_is_not_waited_for_until_the_end) {
  RunJson face(facts, ends[1]);
  const std::string text(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    face.take(Said{RunObserver::Level::Warn, text});
    face.tick(figures);  // would hang
  }
  auto ended = std::async(std::launch::async, [&] { face.end(); });
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  std::string all;
  while (ended.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) all += read_all();
  all += read_all();
  EXPECT_EQ(objects(all).size(), 1002U);
}

TEST_F(run_json, what_a_reader_does_not_take_for_long_is_left_out_and_counted) {
  RunJson face(facts, ends[1]);
  const std::string text(100'000, 'x');
  for (int i = 0; i < 300; ++i) {
    face.take(Said{RunObserver::Level::Warn, text});
    face.tick(figures);
  }
  auto ended = std::async(std::launch::async, [&] { face.end(); });
  std::string all;
  while (ended.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) all += read_all();
  const std::vector<json> lines = objects(all + read_all());
  EXPECT_LT(lines.size(), 200U);
  EXPECT_EQ(lines.back()["text"],
            std::to_string(303 - lines.size()) +
                " lines were left out here, since standard output was not read; the trace has all of it");
}

TEST_F(run_json, a_reader_that_has_gone_ends_nothing) {
  ::signal(SIGPIPE, [](int) {});
  RunJson face(facts, ends[1]);
  ::close(std::exchange(ends[0], -1));
  face.tick(figures);
  face.take(Prepared{0});
  face.tick(figures);
  face.end();
}

class run_lines : public run_watch {
 protected:
  run_lines() { testing::internal::CaptureStderr(); }
  static std::string told() { return testing::internal::GetCapturedStderr(); }
  Console console{Console::Verbosity::Normal};
};

TEST_F(run_lines, there_is_one_for_each_thing_that_happens) {
  RunLines face(facts, console);
  face.take(Preparing{1, "pulling x", 0.1});
  face.take(Preparing{1, "pulling x", 0.2});
  face.take(event(EventKind::Start, 0, -1, "0"));
  face.take(quota(Outcome::Applied));
  Decision refused = quota(Outcome::Refused);
  refused.reason = "too small";
  for (int i = 0; i < 3; ++i) face.take(refused);
  face.take(quota(Outcome::NoChange));
  face.take(event(EventKind::Exit, 0, 7));
  LiveFigures figures;
  figures.elapsed_ns = 10'010 * kMs;
  figures.running = 2;
  figures.missed_steps = 3;
  face.tick(figures);
  face.tick(figures);
  face.end();
  const std::string lines = told();
  EXPECT_EQ(lines,
            "b: pulling x\n"
            "   0.03 s  a started on CPU 0\n"
            "   0.00 s  quota a = 50%: applied\n"
            "   0.00 s  quota a = 50%: refused: too small\n"
            "   0.03 s  a ended with exit code 7\n"
            "           the same 2 more times\n"
            "10.0/60.0 s  2 running, 0 waiting, 0 ended, 3 steps missed\n");
  EXPECT_THAT(lines, Not(HasSubstr("\x1b")));
}

TEST_F(run_lines, a_policy_that_acts_all_the_time_does_not_fill_the_screen) {
  RunLines face(facts, console);
  for (int i = 0; i < 1000; ++i) face.take(quota(Outcome::Applied, 0.1 + i * 0.001));
  LiveFigures figures;
  figures.elapsed_ns = 10'010 * kMs;
  face.tick(figures);
  face.take(quota(Outcome::Applied, 3));
  const std::string lines = told();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 22);
  EXPECT_THAT(lines, HasSubstr("980 more actions"));
}

}  // namespace
}  // namespace cbench
