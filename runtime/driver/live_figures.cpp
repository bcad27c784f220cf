#include "runtime/driver/live_figures.h"

#include <algorithm>

namespace cbench {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool read(const Frame& frame, Metric metric, size_t slot, double& value) {
  const int column = frame.column(metric);
  if (column < 0 || !frame.has(static_cast<size_t>(column), slot)) return false;
  value = frame.number(static_cast<size_t>(column), slot);
  return true;
}

}  // namespace

FigureTap::FigureTap(const RunSpec& spec) : sums_(spec.containers.size()) {
  for (size_t slot = 0; slot < sums_.size(); ++slot) {
    const Sampling& sampling = spec.containers[slot].sampling;
    sums_[slot].stale_after_ns = 2 * std::max({kSpanNs, sampling.docker_period_ns, sampling.perf_period_ns});
  }
}

void FigureTap::take(const Frame& frame) {
  for (size_t slot = 0; slot < sums_.size(); ++slot) {
    if (frame.running[slot] == 0) continue;
    Sums& sums = sums_[slot];
    if (sums.begun_ns < 0) sums.begun_ns = frame.now_ns;
    sums.last_ns = frame.now_ns;
    double first = 0, second = 0;
    if (read(frame, Metric::docker_cpu_usage_total, slot, first)) {
      if (sums.cpu_from_ns < 0) sums.cpu_from_ns = frame.now_ns, sums.cpu_from = first;
      sums.cpu_at_ns = frame.now_ns, sums.cpu_at = first;
    }
    if (read(frame, Metric::perf_instructions, slot, first) &&
        read(frame, Metric::perf_cycles, slot, second)) {
      sums.instructions += first, sums.cycles += second;
      sums.ipc_ns = frame.now_ns;
    }
    if (read(frame, Metric::docker_memory_working_set, slot, first) ||
        read(frame, Metric::docker_memory_usage, slot, first)) {
      sums.memory = first;
      sums.memory_ns = frame.now_ns;
    }
  }
}

/// The formulas are those of the summary.
void FigureTap::close_span(Sums& sums, SlotFigures& slot) const {
  const auto stale = [&](int64_t seen_ns) {
    return seen_ns < 0 || sums.last_ns - seen_ns > sums.stale_after_ns;
  };
  if (sums.cpu_at_ns > sums.cpu_from_ns && sums.cpu_from_ns >= 0) {
    slot.cpu_percent =
        100 * (sums.cpu_at - sums.cpu_from) / static_cast<double>(sums.cpu_at_ns - sums.cpu_from_ns);
    ++slot.points;
    sums.cpu_from_ns = sums.cpu_at_ns, sums.cpu_from = sums.cpu_at;
  } else if (stale(sums.cpu_at_ns)) {
    slot.cpu_percent = kNone;
  }
  if (sums.cycles > 0)
    slot.ipc = sums.instructions / sums.cycles;
  else if (stale(sums.ipc_ns))
    slot.ipc = kNone;
  slot.memory_bytes = stale(sums.memory_ns) ? kNone : sums.memory;
  slot.sampled = true;
  sums.instructions = sums.cycles = 0;
  sums.begun_ns = sums.last_ns;
}

void FigureTap::fill(const RunObserver::Progress& progress, LiveFigures& figures) {
  figures.elapsed_ns = progress.elapsed_ns;
  figures.waiting = progress.waiting;
  figures.running = progress.running;
  figures.ended = progress.ended;
  figures.steps = progress.steps;
  figures.missed_steps = progress.missed_steps;
  figures.controlled = progress.real != nullptr;
  for (size_t i = 0; i < sums_.size() && i < figures.slots.size(); ++i) {
    SlotFigures& slot = figures.slots[i];
    if (sums_[i].begun_ns >= 0 && sums_[i].last_ns - sums_[i].begun_ns >= kSpanNs) close_span(sums_[i], slot);
    if (progress.lives == nullptr) continue;
    const ContainerLife& life = (*progress.lives)[i];
    slot.state = life.state;
    slot.cpus = life.cpus;
    slot.paused = false;
    slot.cls = -1;
    if (life.exit) {
      slot.exited = true;
      slot.exit_code = life.exit->code;
      slot.stopped = life.exit->stopped;
      slot.oom = life.exit->oom;
    }
    if (progress.real == nullptr || i >= progress.real->containers.size()) continue;
    const Allocation::Container& real = progress.real->containers[i];
    if (real.cpus.any()) slot.cpus = real.cpus;
    slot.paused = real.paused;
    slot.cls = real.cls;
  }
}

}  // namespace cbench
