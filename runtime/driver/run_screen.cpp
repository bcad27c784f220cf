#include "runtime/driver/run_screen.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "runtime/host/monotonic.h"

namespace cbench {
namespace {

constexpr size_t kMostActions = 5;
/// Of lines that wait for a stopped terminal.
constexpr size_t kMostAbove = 1 << 18;
/// How long the end of a run waits for the terminal with nothing else going on; after that a signal ends it.
constexpr std::chrono::milliseconds kPatience{500};

}  // namespace

RunScreen::RunScreen(const RunFacts& facts, const Console& console, std::unique_ptr<Terminal> terminal)
    : facts_(facts),
      console_(console),
      terminal_(std::move(terminal)),
      cpus_(facts.spec.containers.size()),
      points_(facts.spec.containers.size(), 0) {
  view_.name = facts.spec.name.value;
  view_.mode = facts.mode;
  view_.total_ns = facts.spec.max_ns;
  if (facts.plan != nullptr) {
    view_.policy = facts.plan->policy;
    view_.classes = facts.plan->classes;
  }
  for (const ContainerSpec& container : facts.spec.containers)
    view_.rows.push_back(
        {.name = container.name.value, .important = container.critical || container.priority});
}

void RunScreen::take(const News& news) {
  std::visit([this](const auto& one) { take_one(one); }, news);
}

void RunScreen::take_one(const Preparing& news) {
  view_.rows[news.slot].doing = news.what;
  view_.rows[news.slot].fraction = news.fraction;
}

void RunScreen::take_one(const Prepared& news) { view_.rows[news.slot].prepared = true; }

void RunScreen::take_one(const TraceEvent& event) {
  if (event.kind == EventKind::Begin) view_.phase = RunView::Phase::Measuring;
  if (event.kind == EventKind::End || event.kind == EventKind::Signal)
    if (view_.phase == RunView::Phase::Measuring) view_.phase = RunView::Phase::Ending;
}

void RunScreen::take_one(const Decision& decision) {
  if (!touches_host(decision)) return;
  RunView::Action action{.time_ns = decision.time_ns,
                         .what = describe(decision, *facts_.plan),
                         .outcome = decision.outcome,
                         .reason = decision.reason};
  if (!view_.actions.empty()) {
    RunView::Action& last = view_.actions.back();
    if (last.what == action.what && last.outcome == action.outcome && last.reason == action.reason) {
      ++last.times;
      last.time_ns = action.time_ns;
      return;
    }
  }
  if (view_.actions.size() == kMostActions) view_.actions.erase(view_.actions.begin());
  view_.actions.push_back(std::move(action));
}

void RunScreen::take_one(const Said& said) {
  if (above_.size() >= kMostAbove) return;
  std::string text = said.text;
  for (char& c : text)
    if (c != '\n' && static_cast<unsigned char>(c) < 0x20) c = ' ';  // it may not move the cursor
  above_ += console_.line(said.level, text);
}

void RunScreen::tick(const LiveFigures& figures) {
  bring_up_to_date(figures);
  if (!terminal_->ready()) return;
  terminal_->show(draw(view_, terminal_->screen()), above_);
  above_.clear();
}

void RunScreen::bring_up_to_date(const LiveFigures& figures) {
  view_.steps = figures.steps;
  view_.missed_steps = figures.missed_steps;
  view_.elapsed_ns = figures.elapsed_ns;
  // The loop tells of itself when something happens; meanwhile time goes on.
  if (view_.phase != RunView::Phase::Preparing && figures.elapsed_ns > 0)
    view_.elapsed_ns += std::max<int64_t>(0, monotonic_ns() - figures.at_ns);
  for (size_t i = 0; i < view_.rows.size(); ++i) {
    const SlotFigures& slot = figures.slots[i];
    RunView::Row& row = view_.rows[i];
    row.state = slot.state;
    row.paused = slot.paused;
    row.sampled = slot.sampled;
    row.cpu_percent = slot.cpu_percent;
    row.ipc = slot.ipc;
    row.memory_bytes = slot.memory_bytes;
    if (slot.exited && !row.exit)
      row.exit = ExitNotice{
          .slot = i, .code = slot.exit_code, .oom = slot.oom, .stopped = slot.stopped, .message = ""};
    if (slot.points != points_[i]) {
      row.sparks.push(slot.cpu_percent);
      points_[i] = slot.points;
    }
    if (slot.cpus != cpus_[i]) {
      row.cores = to_list(slot.cpus);
      cpus_[i] = slot.cpus;
    }
    const auto cls = static_cast<size_t>(slot.cls);
    row.cls = figures.controlled && slot.cls >= 0 && cls < view_.classes.size() ? view_.classes[cls] : "-";
  }
}

void RunScreen::end() {
  bool gone = terminal_->clear(above_, kPatience);
  above_.clear();
  while (!gone) gone = terminal_->clear("", kPatience);
}

}  // namespace cbench
