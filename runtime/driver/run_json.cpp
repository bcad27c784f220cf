#include "runtime/driver/run_json.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <nlohmann/json.hpp>
#include <string_view>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/analysis/summary.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kSecond = 1'000'000'000;
/// What waits for a reader at most; more is left out, and said.
constexpr size_t kMostWaiting = size_t{16} << 20U;

}  // namespace

RunJson::RunJson(const RunFacts& facts, int fd) : facts_(facts), fd_(fd) {
  for (const ContainerSpec& container : facts.spec.containers) names_.push_back(container.name.value);
  line(dump_json(Json{{"event", "begin"},
                      {"run_id", facts.run_id},
                      {"name", facts.spec.name.value},
                      {"trace", facts.trace_path},
                      {"policy", facts.plan == nullptr ? Json(nullptr) : Json(facts.plan->policy)},
                      {"mode", facts.mode},
                      {"engine", facts.engine},
                      {"step_ns", facts.spec.step_ns},
                      {"total_ns", facts.spec.max_ns},
                      {"containers", names_}}));
  for (const std::string& text : facts.warnings) take_one(Said{RunObserver::Level::Warn, text});
}

void RunJson::take(const News& news) {
  std::visit([this](const auto& one) { take_one(one); }, news);
}

void RunJson::take_one(const Prepared& news) {
  line(dump_json(Json{{"event", "prepared"}, {"container", names_[news.slot]}}));
}

void RunJson::take_one(const TraceEvent& event) {
  if (event.kind == EventKind::Begin || event.kind == EventKind::End)
    measuring_ = event.kind == EventKind::Begin;
  if (event.kind == EventKind::Begin) return;  // the line of that name stands at the very beginning
  if (event.kind == EventKind::MissedSteps)
    return line(dump_json(Json{{"event", "missed"},
                               {"step", event.step},
                               {"time_ns", event.time_ns},
                               {"missed_steps", event.code}}));
  line(event_json(event, names_));
}

void RunJson::take_one(const Decision& decision) {
  line(with_event("action", decision_json(decision, *facts_.plan)));
}

void RunJson::take_one(const Said& said) {
  if (said.level < RunObserver::Level::Warn) return;
  line(dump_json(Json{{"event", "warning"},
                      {"level", said.level == RunObserver::Level::Warn ? "warning" : "error"},
                      {"text", said.text}}));
}

void RunJson::take_one(const Omitted& omitted) { dropped_ += omitted.count; }

void RunJson::tick(const LiveFigures& figures) {
  if (measuring_ && figures.elapsed_ns >= next_progress_ns_) {
    next_progress_ns_ = figures.elapsed_ns - figures.elapsed_ns % kSecond + kSecond;
    line(dump_json(Json{{"event", "progress"},
                        {"time_ns", figures.elapsed_ns},
                        {"total_ns", facts_.spec.max_ns},
                        {"waiting", figures.waiting},
                        {"running", figures.running},
                        {"ended", figures.ended},
                        {"steps", figures.steps},
                        {"missed_steps", figures.missed_steps}}));
  }
  write_out(false);
}

void RunJson::line(const std::string& object) {
  if (gone_) return;
  if (out_.size() > kMostWaiting) {
    ++dropped_;
    return;
  }
  tell_dropped();
  out_ += object;
  out_ += '\n';
}

void RunJson::tell_dropped() {
  if (dropped_ == 0) return;
  const std::string text = fmt::format(
      "{} lines were left out here, since standard output was not read; the trace has all of it", dropped_);
  dropped_ = 0;
  out_ += dump_json(Json{{"event", "warning"}, {"level", "warning"}, {"text", text}}) + "\n";
}

void RunJson::write_out(bool wait) {
  size_t written = 0;
  while (!gone_ && written < out_.size()) {
    // A pipe that is ready takes so much without waiting, and the descriptor's flags are not ours to change.
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    const int answered = ::poll(&ready, 1, wait ? -1 : 0);
    if (answered == 0) break;
    const size_t piece = std::min<size_t>(out_.size() - written, PIPE_BUF);
    const ssize_t count = answered < 0 ? -1 : ::write(fd_, out_.data() + written, piece);
    if (count > 0)
      written += static_cast<size_t>(count);
    else if (count < 0 && errno != EINTR && errno != EAGAIN)
      gone_ = true;
  }
  out_.erase(0, written);
  if (gone_) out_.clear();
}

void RunJson::end() {
  write_out(true);
  tell_dropped();
  write_out(true);
}

}  // namespace cbench
