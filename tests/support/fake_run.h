// A run with every edge faked, on a clock that jumps from deadline to deadline; policy, loop and trace are
// the real ones.
#pragma once

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/loop/run.h"

namespace cbench {

inline constexpr int64_t kMs = 1'000'000;

/// Time that passes only where something says so. Waiting jumps to the deadline unless a descriptor is ready.
class FakeClock final : public Clock {
 public:
  int64_t monotonic_ns() override { return now; }
  int64_t wall_ns() override { return 1'700'000'000'000'000'000 + now; }
  int wait(int epoll_fd, int64_t deadline, epoll_event* events, int capacity) override {
    const int ready = epoll_wait(epoll_fd, events, capacity, 0);
    if (ready > 0) return ready;
    if (deadline == kNever) {
      ADD_FAILURE() << "the loop waits for something that will never come";
      std::abort();
    }
    now = std::max(now, deadline);
    return 0;
  }
  int64_t now = 5'000 * kMs;
};

/// Records what is asked of it, with the time; a test scripts what it answers.
class FakeEngine final : public Engine {
 public:
  FakeEngine(const RunSpec& spec, Clock& clock) : spec_(spec), clock_(clock) {}
  ~FakeEngine() override { close(fd_); }

  struct Call {
    std::string what;
    size_t slot = 0;
    int64_t at = 0;
    CpuSet cpus;
  };

  Result<> check() override { return Done{}; }
  Result<> prepare(size_t slot, const Progress& progress) override {
    note({"prepare", slot, clock_.monotonic_ns(), {}});
    progress("preparing " + spec_.containers[slot].name.value, -1);
    if (on_prepare) on_prepare(slot);
    const std::lock_guard lock(mutex_);
    left_.insert(slot);
    return fail_prepare == static_cast<int>(slot)
               ? Result<>(Error{Exit::HostLacks, "no such image", "build it"})
               : Done{};
  }
  Result<Started> start(size_t slot, const CpuSet& cores) override {
    note({"start", slot, clock_.monotonic_ns(), cores});
    if (fail_start == static_cast<int>(slot)) return Error{Exit::RunFailed, "permission denied", ""};
    {
      const std::lock_guard lock(mutex_);
      running_.insert(slot);
    }
    if (on_start) on_start(slot);
    Started started;
    started.id = spec_.containers[slot].name.value;
    if (cgroup_of) started.cgroup = cgroup_of(slot);
    return started;
  }
  Result<> stop(size_t slot, std::chrono::milliseconds) override {
    note({"stop", slot, clock_.monotonic_ns(), {}});
    if (on_stop) on_stop(slot);
    end(slot, {.slot = slot, .code = 143, .oom = false, .stopped = true, .message = ""});
    return Done{};
  }
  std::vector<std::string> remove_all() override {
    note({"remove_all", 0, clock_.monotonic_ns(), {}});
    const std::lock_guard lock(mutex_);
    left_.clear();
    running_.clear();
    removing = true;
    return {};
  }
  int exit_fd() const override { return fd_; }
  std::vector<ExitNotice> take_exits() override {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(exits_, {});
  }

  std::vector<Interference> take_interferences() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(interferences_, {});
  }

  /// Somebody else acts on the container.
  void disturb(size_t slot, const std::string& what) {
    const std::lock_guard lock(mutex_);
    interferences_.push_back({slot, what});
    tell();
  }
  /// The workload ends by itself.
  void ends(size_t slot, int code, bool oom = false) {
    end(slot, {.slot = slot, .code = code, .oom = oom, .stopped = false, .message = ""});
  }
  [[nodiscard]] size_t left() const { return left_.size() + running_.size(); }
  [[nodiscard]] std::vector<Call> calls(const std::string& what) const {
    std::vector<Call> out;
    for (const Call& call : calls_)
      if (call.what == what) out.push_back(call);
    return out;
  }

  std::function<void(size_t)> on_prepare, on_start, on_stop;
  std::function<CgroupPaths(size_t)> cgroup_of;  ///< of a container that starts
  int fail_prepare = -1, fail_start = -1;
  std::atomic<bool> removing = false;

 private:
  void note(Call call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  void end(size_t slot, const ExitNotice& notice) {
    const std::lock_guard lock(mutex_);
    if (running_.erase(slot) == 0) return;
    exits_.push_back(notice);
    tell();
  }
  void tell() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
  }

  const RunSpec& spec_;
  Clock& clock_;
  int fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::mutex mutex_;
  std::set<size_t> left_, running_;
  std::vector<ExitNotice> exits_;
  std::vector<Interference> interferences_;
  std::vector<Call> calls_;
};

/// CPU use by a formula of slot and step; `on_collect` may make it slow.
class FakeSampler final : public SampleSource {
 public:
  std::vector<std::string> attach(size_t slot, const Started&) override {
    attached.insert(slot);
    return {};
  }
  void detach(size_t slot) override { attached.erase(slot); }
  void collect(Frame& frame) override {
    steps.push_back(frame.step);
    times.push_back(frame.now_ns);
    for (size_t column = 0; column < frame.columns().size(); ++column)
      for (size_t row = 0; row <= frame.slots(); ++row) {
        const bool host = info(frame.columns()[column]).scope == MetricScope::Host;
        if (host != (row == frame.host_row()))
          frame.set_missing(column, row, Status::Unsupported);
        else if (!host && frame.running[row] == 0)
          frame.set_missing(column, row, Status::Stopped);
        else if (info(frame.columns()[column]).type == MetricType::F64)
          frame.set_f64(column, row, value(row, frame.step));
        else
          frame.set_i64(column, row, static_cast<int64_t>(value(row, frame.step)));
      }
    if (on_collect) on_collect(frame);
  }
  void set_period(size_t slot, int64_t period_ns) override {
    if (period_ns > 0 || periods.contains(slot)) periods[slot] = period_ns;
  }
  void sync_tasks() override { ++syncs; }
  static double value(size_t slot, int64_t step) {
    return static_cast<double>((slot + 1) * 1000 + static_cast<size_t>(step));
  }

  std::function<void(Frame&)> on_collect;
  std::set<size_t> attached;
  std::map<size_t, int64_t> periods;  ///< that were set
  std::vector<int64_t> steps, times;
  int syncs = 0;
};

class FakeHost final : public ControlledHost {
 public:
  Result<> attach(size_t slot, const Started&, const Allocation& goal) override {
    if (on_attach) on_attach();
    attached.insert(slot);
    classes.push_back(goal.containers[slot].cls);
    return fail_attach ? Result<>(Error{Exit::RunFailed, "no space left", ""}) : Done{};
  }
  void detach(size_t slot) override { attached.erase(slot); }
  Result<> apply(const Change& change, const Allocation& goal) override {
    if (refuse && refuse(change))
      return Error{Exit::RunFailed, hangs.empty() ? "the kernel said no" : hangs, ""};
    applied.push_back(change);
    masks.push_back(of_container(change.target) ? 0 : goal.classes[static_cast<size_t>(change.index)].ways);
    return Done{};
  }
  void sync_tasks() override { ++syncs; }
  std::vector<std::string> restore() override {
    ++restores;
    return {};
  }

  std::string hung() override { return hangs; }

  std::string hangs;            ///< says hung()
  std::vector<uint64_t> masks;  ///< of what was applied, with one L3 domain
  std::function<bool(const Change&)> refuse;
  std::function<void()> on_attach;
  bool fail_attach = false;
  std::vector<int32_t> classes;  ///< that containers were taken into
  std::set<size_t> attached;
  std::vector<Change> applied;
  int syncs = 0, restores = 0;
};

class FakeObserver final : public RunObserver {
 public:
  void progress(const Progress& progress) override { seen.push_back(progress); }
  void log(Level, const std::string& text) override { lines.push_back(text); }
  std::vector<Progress> seen;
  std::vector<std::string> lines;
};

/// A policy written in C++ against the ABI, in the place of compiled code.
class FakePolicy {
 public:
  using Script = std::function<abi::i32(abi::PolicyContext&, abi::Event, int32_t slot)>;
  static inline Script script;
  static abi::i32 entry(abi::PolicyContext* context, abi::i32 event, abi::i32 slot) {
    return script(*context, static_cast<abi::Event>(event), slot);
  }
};

/// What a trace holds.
struct TraceContent {
  std::vector<TraceEvent> events;
  std::vector<Decision> decisions;
  std::vector<int64_t> steps;
  std::optional<TraceEnd> end;
  bool truncated = false;

  [[nodiscard]] std::vector<TraceEvent> of(EventKind kind) const {
    std::vector<TraceEvent> out;
    for (const TraceEvent& event : events)
      if (event.kind == kind) out.push_back(event);
    return out;
  }
};

class FakeRun : public testing::Test {
 protected:
  FakeRun() {
    char folder[] = "/tmp/cbench-run-XXXXXX";
    folder_ = mkdtemp(folder);
    trace_path = folder_ + "/trace.arrows";
    spec.path = "bench.yml";
    spec.name.value = "fake";
    spec.max_ns = 1000 * kMs;
    spec.step_ns = 100 * kMs;
    facts.online = *parse_cpu_list("0-3");
    for (uint32_t cpu = 0; cpu < 4; ++cpu)
      facts.cpus.push_back({.cpu = cpu, .core = cpu, .socket = 0, .numa = 0, .l3_domain = 0});
    plan.policy = "fake";
    plan.rules.push_back({.text = "when busy(c)", .line = 7, .span = {}});
    plan.faults.push_back({.what = "integer overflow", .line = 9, .span = {}});
    plan.texts = {"too crowded"};
    plan.acts.push_back({.what = Verb::Quota, .line = 8, .span = {}});
    plan.acts.push_back({.what = Verb::Pin, .line = 8, .span = {}});
    plan.state_bytes = 64;
    plan.dwell_steps = 1;
  }
  ~FakeRun() override { std::filesystem::remove_all(folder_); }

  ContainerSpec& container(const std::string& name) {
    ContainerSpec& made = spec.containers.emplace_back();
    made.name.value = name;
    made.index = static_cast<int64_t>(spec.containers.size()) - 1;
    made.stop_ns = spec.max_ns;
    for (const Metric metric : columns) made.sampling.enabled.set(static_cast<size_t>(metric));
    made.sampling.docker_period_ns = spec.step_ns;
    return made;
  }

  /// Runs with `policy` in place (none: mode observe) and closes the trace.
  RunOutcome go(FakePolicy::Script policy = nullptr, Mode mode = Mode::Act) {
    plan.slots = static_cast<uint32_t>(spec.containers.size());
    plan.columns = columns;
    plan.slot_names.clear();
    for (const ContainerSpec& one : spec.containers) plan.slot_names.push_back(one.name.value);
    engine = std::make_unique<FakeEngine>(spec, *clock);
    if (script_engine) script_engine(*engine);
    Frame frame(columns, spec.containers.size());
    TraceHeader header;
    header.run_id = "00000000-0000-7000-8000-000000000000";
    header.mode = policy ? (mode == Mode::Act ? "act" : "advise") : "observe";
    header.columns = columns;
    header.container_names = plan.slot_names;
    header.step_ns = spec.step_ns;
    if (policy) {
      header.policy_text = "policy fake 1";
      header.plan = plan;
    }
    Result<std::unique_ptr<TraceWriter>> trace = TraceWriter::create(trace_path, header);
    EXPECT_TRUE(trace.ok());
    FakePolicy::script = std::move(policy);
    const bool decides = static_cast<bool>(FakePolicy::script);
    SignalWatch signals;
    const RunInputs inputs{.spec = spec,
                           .facts = facts,
                           .mode = decides ? mode : Mode::Observe,
                           .engine = *engine,
                           .sampler = sampler,
                           .host = decides && mode == Mode::Act ? &host : nullptr,
                           .frame = frame,
                           .trace = **trace,
                           .sink = nullptr,
                           .observer = observer,
                           .clock = *clock,
                           .signals = signals,
                           .plan = decides ? &plan : nullptr,
                           .entry = decides ? FakePolicy::entry : nullptr,
                           .logs = "logs",
                           .workers = workers,
                           .patience = std::chrono::minutes(1)};
    return run(inputs);
  }

  TraceContent content() {
    TraceContent out;
    Result<std::unique_ptr<TraceReader>> reader = TraceReader::open(trace_path);
    EXPECT_TRUE(reader.ok());
    while (true) {
      Result<std::optional<TraceItem>> item = (*reader)->next();
      EXPECT_TRUE(item.ok());
      if (!item.ok() || !item->has_value()) break;
      if (std::holds_alternative<SampleMark>(**item)) out.steps.push_back((*reader)->frame().step);
      if (const auto* event = std::get_if<TraceEvent>(&**item)) out.events.push_back(*event);
      if (const auto* decision = std::get_if<Decision>(&**item)) out.decisions.push_back(*decision);
      if (const auto* end = std::get_if<TraceEnd>(&**item)) out.end = *end;
    }
    out.truncated = (*reader)->truncated();
    return out;
  }

  /// What must hold however a run ended.
  void expect_nothing_left(const std::string& outcome) {
    EXPECT_EQ(engine->left(), 0U);
    EXPECT_TRUE(sampler.attached.empty());
    const TraceContent trace = content();
    EXPECT_FALSE(trace.truncated);
    ASSERT_TRUE(trace.end.has_value());
    EXPECT_EQ(trace.end->outcome, outcome);
  }

  std::vector<Metric> columns{Metric::docker_cpu_usage_total, Metric::docker_cpu_usage_percent,
                              Metric::self_lateness, Metric::self_policy_time, Metric::self_missed_steps};
  RunSpec spec;
  HostFacts facts;
  Plan plan;
  FakeClock fake_clock;
  Clock* clock = &fake_clock;
  std::unique_ptr<FakeEngine> engine;
  std::function<void(FakeEngine&)> script_engine;
  FakeSampler sampler;
  FakeHost host;
  FakeObserver observer;
  unsigned workers = 0;
  std::string trace_path;

 private:
  std::string folder_;
};

}  // namespace cbench
