#include "runtime/driver/run_lines.h"

#include <fmt/format.h>

namespace cbench {
namespace {

constexpr int64_t kQuietLineNs = 10'000'000'000;
/// Lines of actions between two of progress; a policy may act in each step.
constexpr int64_t kMostActions = 20;

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

void RunLines::take(const News& news) {
  std::visit([this](const auto& one) { take_one(one); }, news);
}

void RunLines::take_one(const Preparing& news) {
  if (doing_[news.slot] == news.what) return;
  doing_[news.slot] = news.what;
  print(fmt::format("{}: {}", facts_.spec.containers[news.slot].name.value, news.what));
}

void RunLines::take_one(const TraceEvent& event) {
  if (event.slot < 0) return;
  const std::string& name = facts_.spec.containers[static_cast<size_t>(event.slot)].name.value;
  if (event.kind == EventKind::Start)
    print(fmt::format("{:7.2f} s  {} started{}{}", seconds(event.time_ns), name,
                      event.text.empty()                                    ? ""
                      : event.text.find_first_of(",-") == std::string::npos ? " on CPU "
                                                                            : " on CPUs ",
                      event.text));
  if (event.kind == EventKind::Exit)
    print(fmt::format("{:7.2f} s  {} ended with exit code {}{}{}", seconds(event.time_ns), name, event.code,
                      event.text.empty() ? "" : ": ", event.text));
}

void RunLines::take_one(const Decision& decision) {
  // A failed one is a warning already.
  if (!touches_host(decision) || decision.outcome == Outcome::Failed) return;
  const std::string action =
      fmt::format("{}: {}{}{}", describe(decision, *facts_.plan), name(decision.outcome),
                  decision.reason.empty() ? "" : ": ", decision.reason);
  if (action == last_action_) {
    ++repeated_;
    return;
  }
  tell_folded();
  last_action_ = action;
  if (actions_++ < kMostActions)
    print(fmt::format("{:7.2f} s  {}", seconds(decision.time_ns), action));
  else
    ++untold_;
}

/// The last action came again.
void RunLines::tell_folded() {
  if (repeated_ > 0 && actions_ <= kMostActions)
    print(fmt::format("           the same {} more time{}", repeated_, repeated_ == 1 ? "" : "s"));
  else
    untold_ += repeated_;
  repeated_ = 0;
}

void RunLines::take_one(const Omitted& omitted) {
  console_.log(
      RunObserver::Level::Warn,
      fmt::format("{} things that happened are not told here: they came too fast; the trace has them",
                  omitted.count));
}

void RunLines::tick(const LiveFigures& figures) {
  if (next_line_ns_ == 0) next_line_ns_ = kQuietLineNs;
  if (figures.elapsed_ns < next_line_ns_) return;
  tell_folded();
  std::string line =
      fmt::format("{:.1f}/{:.1f} s  {} running, {} waiting, {} ended", seconds(figures.elapsed_ns),
                  seconds(facts_.spec.max_ns), figures.running, figures.waiting, figures.ended);
  if (figures.missed_steps > 0) line += fmt::format(", {} steps missed", figures.missed_steps);
  if (untold_ > 0) line += fmt::format(", {} more actions", untold_);
  print(line);
  actions_ = untold_ = 0;
  next_line_ns_ = figures.elapsed_ns - figures.elapsed_ns % kQuietLineNs + kQuietLineNs;
}

}  // namespace cbench
