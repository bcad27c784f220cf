#include "runtime/loop/run.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/loop/decider.h"
#include "runtime/loop/lifecycle.h"
#include "runtime/loop/log.h"
#include "runtime/loop/self_metrics.h"
#include "runtime/loop/step_schedule.h"

namespace cbench {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kProgressNs = kSecond / 10;
/// Rows are written each second, and earlier where that many bytes wait: a millisecond's step has no room for
/// a second's rows at once.
constexpr size_t kFlushBytes = size_t{64} << 10U;
/// How long the trace may be unwritable before the run is given up: what it measures would be lost.
constexpr int64_t kUnwritableNs = 10 * kSecond;

class Run {
 public:
  explicit Run(const RunInputs& inputs)
      : in_(inputs),
        log_(inputs),
        decider_(inputs, log_),
        lives_(inputs, log_, decider_),
        self_(inputs.frame) {
    for (const int fd : {in_.signals.fd(), lives_.pool().fd(), in_.engine.exit_fd()}) watch(fd);
  }
  ~Run() { close(epoll_); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  RunOutcome go() {
    prepare();
    if (!must_end()) measure();
    finish();
    return close_trace();
  }

 private:
  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  /// Why the run ends before its time.
  [[nodiscard]] bool must_end() const { return signal_ != 0 || lives_.broken() || unwritable_; }

  void prepare() {
    lives_.prepare_all();
    while (lives_.preparing() && !must_end()) turn(kNever);
    if (lives_.preparing()) lives_.pool().drop_queued();
  }

  void measure() {
    log_.begin();
    begun_ = true;
    next_flush_ = next_sync_ = log_.t0();
    StepSchedule schedule(log_.t0(), in_.spec.step_ns);
    decider_.begin();
    while (!must_end()) {
      if (const auto due = schedule.take(in_.clock.monotonic_ns())) step(*due);
      const int64_t now = log_.now();
      if (now >= in_.spec.max_ns) {
        if (!in_.spec.drain) return;
        lives_.close_admission();
      }
      lives_.act(now);
      if (lives_.settled()) return;
      periodic();
      turn(std::min({schedule.next_due(), next_flush_, next_sync_, next_progress_,
                     after_begin(lives_.next_due()),
                     log_.now() < in_.spec.max_ns ? after_begin(in_.spec.max_ns) : kNever}));
    }
  }

  [[nodiscard]] int64_t after_begin(int64_t relative) const {
    return relative == kNever ? kNever : log_.t0() + relative;
  }

  void step(const StepSchedule::Due& due) {
    if (due.missed > 0) {
      outcome_.missed_steps += due.missed;
      log_.event(EventKind::MissedSteps, -1, due.missed);
    }
    Frame& frame = in_.frame;
    const int64_t from = in_.clock.monotonic_ns();
    const int64_t now = from - log_.t0();
    frame.dt_ns = outcome_.steps == 0 ? 0 : now - frame.now_ns;
    frame.step = due.step;
    frame.now_ns = now;
    frame.wall_ns = in_.clock.wall_ns();
    lives_.mark_running(frame);
    in_.sampler.collect(frame);
    figures_.lateness = due.lateness_ns;
    figures_.sample_time = in_.clock.monotonic_ns() - from;
    figures_.missed_steps = outcome_.missed_steps;
    self_.fill(frame, figures_);
    log_.sample();
    ++outcome_.steps;
    outcome_.samples += std::count(frame.running.begin(), frame.running.end(), uint8_t{1});
    decider_.step();
    figures_.policy_time = decider_.policy_time_ns();
    figures_.step_time = in_.clock.monotonic_ns() - from;
  }

  /// What happens now and then: tasks follow their class, the trace reaches the disk, the watcher learns how
  /// far we are.
  void periodic() {
    const int64_t now = in_.clock.monotonic_ns();
    if (now >= next_sync_) {
      decider_.sync_tasks();
      in_.sampler.sync_tasks();
      next_sync_ = now + in_.spec.pid_sync_ns;
    }
    // A disk that takes nothing is not tried in every step.
    if (now >= next_flush_ || (unwritable_since_ < 0 && in_.trace.pending_bytes() >= kFlushBytes)) {
      flush(now);
      next_flush_ = now + kSecond;
    }
    if (now >= next_progress_) {
      next_progress_ = now + kProgressNs;
      tell_progress();
    }
  }

  void tell_progress() {
    RunObserver::Progress progress{.elapsed_ns = log_.now(),
                                   .total_ns = in_.spec.max_ns,
                                   .steps = outcome_.steps,
                                   .missed_steps = outcome_.missed_steps,
                                   .real = decider_.real()};
    lives_.count(progress);
    in_.observer.progress(progress);
  }

  void flush(int64_t now) {
    const Result<> flushed = in_.trace.flush();
    if (flushed.ok()) {
      unwritable_since_ = -1;
    } else if (unwritable_since_ < 0) {
      unwritable_since_ = now;
      log_.say(RunObserver::Level::Error, in_words(flushed.error()));
    } else if (now - unwritable_since_ >= kUnwritableNs && !unwritable_) {
      unwritable_ = true;
      log_.problem(fmt::format("the trace could not be written for {} s: {}", kUnwritableNs / kSecond,
                               flushed.error().message));
    }
  }

  void finish() {
    if (begun_) {
      lives_.stop_all();
      decider_.end();
      flush(in_.clock.monotonic_ns());
    }
    if (begun_) lives_.tell_unstarted();
    lives_.close_admission();
    tell_progress();
    while (!lives_.settled() && signals_seen_ < 2 && !lives_.preparing()) {
      turn(after_begin(lives_.next_due()));
      lives_.act(log_.now());
      tell_progress();
    }
    if (!lives_.settled()) {  // killed, not waited for
      lives_.pool().drop_queued();
      in_.engine.remove_all();
      wait_for_engine();
    }
    if (lives_.pool().outstanding() > 0) {
      outcome_.abandoned = true;
      lives_.pool().abandon();
    }
    decider_.restore();
    for (const std::string& left : in_.engine.remove_all()) log_.problem("could not be removed: " + left);
    lives_.take_interferences();
  }

  void wait_for_engine() {
    const int64_t until = in_.clock.monotonic_ns() + std::chrono::nanoseconds(in_.patience).count();
    while (lives_.pool().outstanding() > 0 && in_.clock.monotonic_ns() < until) turn(until);
  }

  /// Waits for the next thing to happen and lets everyone know of it.
  void turn(int64_t deadline) {
    std::array<epoll_event, 8> events{};
    const int count = in_.clock.wait(epoll_, deadline, events.data(), static_cast<int>(events.size()));
    const auto ready = [&](int fd) {
      return std::any_of(events.begin(), events.begin() + count,
                         [fd](const epoll_event& e) { return e.data.fd == fd; });
    };
    if (ready(in_.signals.fd())) take_signals();
    if (ready(lives_.pool().fd())) lives_.pool().run_completions();
    if (ready(in_.engine.exit_fd())) {
      lives_.take_interferences();
      lives_.take_exits();
    }
  }

  void take_signals() {
    while (const int signal = in_.signals.take()) {
      ++signals_seen_;
      log_.event(EventKind::Signal, -1, signal);
      if (signal_ == 0) {
        signal_ = signal;
        log_.say(RunObserver::Level::Warn, "stopping the containers (once more: kill them)");
      }
    }
  }

  RunOutcome close_trace() {
    outcome_.signal = signal_;
    outcome_.problems = log_.problems();
    outcome_.exit = lives_.broken_exit();
    outcome_.policy_stopped = decider_.stopped_because();
    outcome_.containers = lives_.lives();
    outcome_.end = {.step = in_.frame.step,
                    .time_ns = log_.now(),
                    .wall_ns = in_.clock.wall_ns(),
                    .outcome = outcome_.name(),
                    .text = fmt::format("{}", fmt::join(outcome_.problems, "\n")),
                    .samples = outcome_.samples,
                    .missed_steps = outcome_.missed_steps};
    if (const Result<> closed = in_.trace.close(outcome_.end); !closed.ok())
      outcome_.problems.push_back("the trace could not be closed: " + in_words(closed.error()));
    return std::move(outcome_);
  }

  const RunInputs& in_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  RunLog log_;
  Decider decider_;
  Lifecycle lives_;
  SelfMetrics self_;
  SelfMetrics::Figures figures_;
  RunOutcome outcome_;
  int signal_ = 0, signals_seen_ = 0;
  bool begun_ = false, unwritable_ = false;
  int64_t next_flush_ = kNever, next_sync_ = kNever, next_progress_ = 0, unwritable_since_ = -1;
};

}  // namespace

RunOutcome run(const RunInputs& inputs) {
  auto whole = std::make_unique<Run>(inputs);
  RunOutcome outcome = whole->go();
  static std::vector<std::unique_ptr<Run>> abandoned;  // threads still refer to it
  if (outcome.abandoned) abandoned.push_back(std::move(whole));
  return outcome;
}

}  // namespace cbench
