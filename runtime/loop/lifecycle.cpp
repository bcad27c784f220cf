#include "runtime/loop/lifecycle.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "runtime/loop/placement.h"

namespace cbench {
namespace {

/// How long an exit notice may come after the engine's stop has returned.
constexpr int64_t kNoticeGraceNs = 2'000'000'000;

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

Lifecycle::Lifecycle(const RunInputs& inputs, RunLog& log, Decider& decider)
    : in_(inputs),
      log_(log),
      decider_(decider),
      lives_(inputs.spec.containers.size()),
      by_start_(inputs.spec.containers.size()),
      stop_done_ns_(inputs.spec.containers.size(), -1),
      pool_(inputs.workers) {
  std::iota(by_start_.begin(), by_start_.end(), size_t{0});
  std::sort(by_start_.begin(), by_start_.end(), [this](size_t a, size_t b) {
    return std::pair(spec(a).start_ns, a) < std::pair(spec(b).start_ns, b);
  });
}

void Lifecycle::prepare_all() {
  unprepared_ = lives_.size();
  for (size_t slot = 0; slot < lives_.size(); ++slot) {
    pool_.submit([this, slot]() -> WorkerPool::Completion {
      const Progress progress = [this, slot](const std::string& what, double fraction) {
        pool_.post([this, slot, what, fraction] { in_.observer.preparing(slot, what, fraction); });
      };
      return [this, slot, result = in_.engine.prepare(slot, progress)] { on_prepared(slot, result); };
    });
  }
}

void Lifecycle::on_prepared(size_t slot, const Result<>& result) {
  --unprepared_;
  if (result.ok()) return in_.observer.prepared(slot);
  lives_[slot].state = ContainerState::Failed;
  if (admitting_) breaks(slot, "prepared", result.error());  // else the run's end is why
}

void Lifecycle::breaks(size_t slot, const char* what, const Error& error) {
  lives_[slot].state = ContainerState::Failed;
  if (!broken_) broken_exit_ = error.exit == Exit::HostLacks ? Exit::HostLacks : Exit::RunFailed;
  broken_ = true;
  log_.problem(fmt::format("`{}` could not be {}: {}", spec(slot).name.value, what, in_words(error)));
}

/// With `drain` a container without a stop of its own (config gives it max_t) runs to its end.
int64_t Lifecycle::stop_time(size_t slot) const {
  const int64_t started = lives_[slot].started_ns;
  return started < 0 ? planned_end(slot, spec(slot).start_ns) : planned_end(slot, started);
}

int64_t Lifecycle::planned_end(size_t slot, int64_t now_ns) const {
  const bool to_its_end = in_.spec.drain && spec(slot).stop_ns == in_.spec.max_ns;
  const int64_t stop = to_its_end ? kNever : spec(slot).stop_ns;
  return spec(slot).length_ns ? std::min(stop, now_ns + *spec(slot).length_ns) : stop;
}

bool Lifecycle::holds_cpus(size_t slot) const {
  const ContainerState state = lives_[slot].state;
  return state == ContainerState::Starting || state == ContainerState::Running ||
         state == ContainerState::Stopping;
}

bool Lifecycle::queues(size_t slot) const {
  return in_.spec.admission != Admission::Share && spec(slot).cores.value.none();
}

bool Lifecycle::may_start(size_t slot) const {
  return admitting_ && lives_[slot].state == ContainerState::Waiting;
}

int64_t Lifecycle::next_due() const {
  int64_t due = kNever;
  for (size_t slot = 0; slot < lives_.size(); ++slot) {
    if (may_start(slot) && spec(slot).start_ns > acted_ns_) due = std::min(due, spec(slot).start_ns);
    if (lives_[slot].state == ContainerState::Running) due = std::min(due, stop_time(slot));
    if (lives_[slot].state == ContainerState::Stopping && stop_done_ns_[slot] >= 0)
      due = std::min(due, stop_done_ns_[slot] + kNoticeGraceNs);
  }
  return due;
}

void Lifecycle::act(int64_t now_ns) {
  for (size_t slot = 0; slot < lives_.size(); ++slot) {
    ContainerLife& life = lives_[slot];
    if (life.state == ContainerState::Running && stop_time(slot) <= now_ns) request_stop(slot);
    if (life.state == ContainerState::Stopping && stop_done_ns_[slot] >= 0 &&
        now_ns >= stop_done_ns_[slot] + kNoticeGraceNs) {
      life.state = ContainerState::Ended;  // the engine stopped it and lost its exit code
      life.ended_ns = stop_done_ns_[slot];
      log_.say(RunObserver::Level::Warn,
               fmt::format("`{}` was stopped, its exit code is not known", spec(slot).name.value));
    }
  }
  start_due(now_ns);
  acted_ns_ = now_ns;
}

void Lifecycle::start_due(int64_t now_ns) {
  bool blocked = false;
  for (const size_t slot : by_start_) {
    if (spec(slot).start_ns > now_ns) return;
    if (!may_start(slot)) continue;
    if (!queues(slot)) {
      request_start(slot, now_ns);
    } else if (!blocked) {
      const CpuSet free = in_.facts.online & ~taken_cpus(slot, now_ns);
      if (static_cast<int64_t>(free.count()) >= spec(slot).num_cores)
        request_start(slot, now_ns);
      else
        blocked = in_.spec.admission == Admission::Queue;
    }
  }
}

template <class Visit>
void Lifecycle::each_claim(int64_t until_ns, const Visit& visit) const {
  for (size_t other = 0; other < lives_.size(); ++other) {
    if (holds_cpus(other))
      visit(decider_.cpus(other, lives_[other].cpus));
    else if (may_start(other) && spec(other).start_ns <= until_ns)
      visit(spec(other).cores.value);
  }
}

CpuSet Lifecycle::taken_cpus(size_t slot, int64_t now_ns) const {
  CpuSet taken;
  each_claim(planned_end(slot, now_ns) - 1, [&](const CpuSet& cpus) { taken |= cpus; });
  return taken;
}

CpuSet Lifecycle::propose_cpus(size_t slot, int64_t now_ns) const {
  if (spec(slot).cores.value.any()) return spec(slot).cores.value;
  std::vector<CpuSet> occupied;
  each_claim(planned_end(slot, now_ns), [&](const CpuSet& cpus) { occupied.push_back(cpus); });
  return choose_cpus(in_.facts, occupied, spec(slot).num_cores, in_.own_cpus);
}

void Lifecycle::request_start(size_t slot, int64_t now_ns) {
  ContainerLife& life = lives_[slot];
  const double quota = spec(slot).cpus > 0 ? spec(slot).cpus : std::numeric_limits<double>::infinity();
  const Decider::Admission admission = decider_.admit(slot, propose_cpus(slot, now_ns), quota);
  if (admission.rejected) {
    life.state = ContainerState::Rejected;
    log_.say(RunObserver::Level::Info,
             fmt::format("`{}` is not started: {}", spec(slot).name.value, admission.why));
    return;
  }
  life.cpus = admission.cpus;
  life.requested_ns = log_.now();
  life.state = ContainerState::Starting;
  pool_.submit([this, slot, admission, quota]() -> WorkerPool::Completion {
    const Result<Started> started = in_.engine.start(slot, admission.cpus);
    const bool controlled = started.ok() && admission.goal && in_.host != nullptr;
    const Result<> attached =
        controlled ? in_.host->attach(slot, *started, *admission.goal) : Result<>(Done{});
    return [this, slot, admission, quota, started, attached] {
      on_started(slot, started, admission, quota, attached);
    };
  });
}

void Lifecycle::on_started(size_t slot, const Result<Started>& result, const Decider::Admission& admission,
                           double quota, const Result<>& attached) {
  ContainerLife& life = lives_[slot];
  if (!result.ok()) {
    return breaks(slot, "started", result.error());
  }
  if (!result->image_id.empty())
    log_.event(EventKind::Image, static_cast<int32_t>(slot), 0,
               result->image_id + (result->image_digest.empty() ? "" : " " + result->image_digest));
  life.started_ns = log_.now();
  life.state = ContainerState::Running;
  if (stopping_) {  // the run ended while the engine was at it
    life.stop_requested_ns = log_.now();
    life.state = ContainerState::Stopping;
    submit_stop(slot);
  } else {
    for (const std::string& line : in_.sampler.attach(slot, *result))
      if (said_.insert(line).second) log_.say(RunObserver::Level::Warn, line);
    decider_.start(slot, admission, quota, attached);
  }
  if (life.exit) on_exit(*life.exit);
}

void Lifecycle::request_stop(size_t slot) {
  lives_[slot].stop_requested_ns = log_.now();
  lives_[slot].state = ContainerState::Stopping;
  leave(slot);  // first: what it is measured by goes with it
  submit_stop(slot);
}

void Lifecycle::submit_stop(size_t slot) {
  pool_.submit([this, slot]() -> WorkerPool::Completion {
    return [this, slot, result = in_.engine.stop(slot, in_.stop_grace)] { on_stopped(slot, result); };
  });
}

void Lifecycle::on_stopped(size_t slot, const Result<>& result) {
  stop_done_ns_[slot] = log_.now();
  if (!result.ok())
    log_.problem(
        fmt::format("`{}` could not be stopped: {}", spec(slot).name.value, in_words(result.error())));
}

void Lifecycle::take_interferences() {
  for (const Interference& seen : in_.engine.take_interferences()) {
    if (seen.slot >= lives_.size()) continue;
    log_.event(EventKind::Interference, static_cast<int32_t>(seen.slot), 0, seen.what);
    const std::string line =
        fmt::format("`{}` {}; its figures may be disturbed", spec(seen.slot).name.value, seen.what);
    if (said_.insert(line).second) log_.say(RunObserver::Level::Warn, line);
  }
}

void Lifecycle::take_exits() {
  for (const ExitNotice& notice : in_.engine.take_exits()) {
    if (notice.slot >= lives_.size()) continue;
    lives_[notice.slot].exit = notice;
    if (lives_[notice.slot].state != ContainerState::Starting)
      on_exit(notice);  // else once its start has returned
  }
}

void Lifecycle::on_exit(const ExitNotice& notice) {
  ContainerLife& life = lives_[notice.slot];
  const bool by_itself = life.state == ContainerState::Running;
  life.ended_ns = log_.now();
  life.state = ContainerState::Ended;
  log_.event(EventKind::Exit, static_cast<int32_t>(notice.slot), notice.code,
             notice.oom ? "out of memory" : notice.message);
  if (by_itself) {
    leave(notice.slot);
    submit_stop(notice.slot);  // a command that was run inside a container leaves the container behind
  }
  judge(notice.slot, notice);
}

void Lifecycle::leave(size_t slot) {
  in_.sampler.detach(slot);
  decider_.stop(slot);
}

void Lifecycle::judge(size_t slot, const ExitNotice& notice) {
  const ContainerLife& life = lives_[slot];
  const ContainerSpec& container = spec(slot);
  const int64_t ran_ns = life.ended_ns - life.requested_ns;
  std::string problem;
  if (notice.oom) {
    problem = fmt::format("`{}` ran out of memory (exit code {})", container.name.value, notice.code);
  } else if (!notice.stopped && notice.code != 0) {
    problem = fmt::format("`{}` ended with exit code {}{}{}; its output is in {}/{}.stderr",
                          container.name.value, notice.code, notice.message.empty() ? "" : ": ",
                          notice.message, in_.logs, container.name.value);
  } else if (!notice.stopped && container.expected_ns && ran_ns < *container.expected_ns) {
    problem = fmt::format("`{}` ended after {:.3g} s, earlier than its `expected_t` of {:.3g} s",
                          container.name.value, seconds(ran_ns), seconds(*container.expected_ns));
  }
  if (problem.empty()) return;
  if (container.allow_failure)
    log_.say(RunObserver::Level::Warn, problem + " (allowed)");
  else
    log_.problem(std::move(problem));
}

void Lifecycle::stop_all() {
  admitting_ = false;
  for (size_t slot = 0; slot < lives_.size(); ++slot)
    if (lives_[slot].state == ContainerState::Running) request_stop(slot);
  stopping_ = true;
}

void Lifecycle::tell_unstarted() {
  size_t count = 0, first = 0;
  for (size_t slot = lives_.size(); slot-- > 0;)
    if (queues(slot) && lives_[slot].state == ContainerState::Waiting && spec(slot).start_ns <= acted_ns_)
      ++count, first = slot;
  if (count == 0) return;
  log_.say(
      RunObserver::Level::Warn,
      fmt::format("{} of {} containers were not started, `{}` the first of them: too few CPUs became free "
                  "before the run's end",
                  count, lives_.size(), spec(first).name.value));
}

bool Lifecycle::settled() const {
  const bool ended = std::none_of(lives_.begin(), lives_.end(), [this](const ContainerLife& life) {
    return life.state == ContainerState::Starting || life.state == ContainerState::Running ||
           life.state == ContainerState::Stopping || (admitting_ && life.state == ContainerState::Waiting);
  });
  return ended && pool_.outstanding() == 0;
}

void Lifecycle::mark_running(Frame& frame) {
  for (size_t slot = 0; slot < lives_.size(); ++slot) {
    const bool running = lives_[slot].state == ContainerState::Running;
    frame.running[slot] = running ? 1 : 0;
    if (running) ++lives_[slot].samples;
  }
}

void Lifecycle::count(RunObserver::Progress& progress) const {
  progress.lives = &lives_;
  for (const ContainerLife& life : lives_) {
    const bool waits = life.state == ContainerState::Waiting || life.state == ContainerState::Starting;
    const bool runs = life.state == ContainerState::Running || life.state == ContainerState::Stopping;
    ++(waits ? progress.waiting : runs ? progress.running : progress.ended);
  }
}

}  // namespace cbench
