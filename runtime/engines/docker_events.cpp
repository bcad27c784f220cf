// Follows the daemon's events: tells acts of others on a container from what this run did itself, and opens
// the stream again when it breaks.
#include "runtime/engines/docker_events.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <string.h>

#include "runtime/engines/docker_engine.h"

namespace cbench {
namespace {

constexpr size_t kLongestLine = 1 << 20, kLongestWords = 160;
/// A stream that ends as soon as it has begun is not asked for without a pause.
constexpr std::chrono::milliseconds kReopenAfter{100};
/// How soon a container ends when the OOM killer took its first process or its command; its end tells of it
/// then.
constexpr std::chrono::milliseconds kOomEnds{1000};

struct Act {
  std::string_view action, words;  ///< {}: the detail
};
/// Actions of API 1.41 (moby, daemon/events.go and its callers). `stop` follows a `kill`, and is told when
/// that was not seen. Not here: what only looks (attach, top, exec_create), and what comes before a start or
/// after an end.
constexpr std::array<Act, 13> kActs = {{
    {"pause", "was paused by somebody else"},
    {"unpause", "was unpaused by somebody else"},
    {"update", "was given other resources by somebody else"},
    {"restart", "was restarted by somebody else"},
    {"exec_start", "was made to execute a command of somebody else: {}"},
    {"kill", "was sent {} by somebody else"},
    {"stop", "was stopped by somebody else"},
    {"rename", "was renamed to {} by somebody else"},
    {"commit", "was committed to an image by somebody else"},
    {"export", "was exported by somebody else"},
    {"archive-path", "had files copied out of it by somebody else"},
    {"extract-to-dir", "had files copied into it by somebody else"},
    {"oom", "had a process killed by the OOM killer"},
}};

/// Of one line, without control characters, and not longer than a line should be.
std::string presentable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (text.size() <= kLongestWords) return text;
  size_t end = kLongestWords;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole UTF-8 sequences
  return text.substr(0, end) + "…";
}

std::string signal_name(const std::string& number) {
  const bool digits =
      !number.empty() && number.size() < 4 && number.find_first_not_of("0123456789") == std::string::npos;
  const char* name = digits ? sigabbrev_np(std::stoi(number)) : nullptr;
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", presentable(number));
}

int64_t wall_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string act_in_words(const DaemonEvent& event) {
  const auto act =
      std::find_if(kActs.begin(), kActs.end(), [&](const Act& a) { return a.action == event.action; });
  if (act == kActs.end()) return "";
  std::string words(act->words);
  if (const size_t place = words.find("{}"); place != std::string::npos)
    words.replace(place, 2, event.action == "kill" ? signal_name(event.detail) : presentable(event.detail));
  return words;
}

std::vector<DaemonEvent> EventLines::feed(std::string_view bytes) {
  std::vector<DaemonEvent> events;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (line_.size() + std::min(end, bytes.size()) > kLongestLine) too_long_ = true;
    if (!too_long_) line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, "");
    if (std::exchange(too_long_, false)) continue;
    std::optional<DaemonEvent> event = parse_event(line);
    if (event && is_new(line, event->time_ns)) events.push_back(std::move(*event));
  }
  return events;
}

void EventLines::begin() {
  line_.clear();
  too_long_ = false;
}

bool EventLines::is_new(const std::string& line, int64_t time_ns) {
  if (time_ns < since_ns_) return true;  // two of the daemon's threads: a moment out of order
  if (time_ns > since_ns_) newest_.clear();
  if (std::find(newest_.begin(), newest_.end(), line) != newest_.end()) return false;
  since_ns_ = time_ns;
  newest_.push_back(line);
  return true;
}

void DockerEngine::Slot::begin_measuring() { measured_from = wall_now(); }

void DockerEngine::Slot::end_measuring() { measured_until = std::min(measured_until, wall_now()); }

Result<> DockerEngine::open_events() {
  lines_ = EventLines(wall_now());
  const Result<HttpResponse> opened = send_events_request().get();
  if (opened && opened->good()) return Done{};
  return Error{
      Exit::HostLacks,
      fmt::format("Docker at {} does not tell its events: {}", client_.socket(),
                  opened ? error_message(opened->body) : opened.error().message),
      "cbench reads GET /events to learn who else acts on a container that is measured; does a proxy "
      "in front of the socket refuse it?"};
}

std::future<Result<HttpResponse>> DockerEngine::send_events_request() {
  lines_.begin();
  const auto on_bytes = [this](std::string_view bytes) {
    for (const DaemonEvent& event : lines_.feed(bytes)) on_event(event);
    return true;
  };
  const auto on_end = [this](const std::string&) {
    {
      const std::lock_guard lock(mutex_);
      events_cut_ = Clock::now();
    }
    post(event_for(0, Happening::EventsEnded), kReopenAfter);
  };
  return streams_->send(client_.events_request(fmt::format("{}={}", kRunLabel, run_id_), lines_.since_ns()),
                        on_bytes, on_end);
}

/// Never waits: exits are noticed on this thread. Each stream that ended is followed here until another one
/// has been opened in its place.
void DockerEngine::follow_events(const Event& event) {
  if (!reopened_.valid()) {
    reopened_ = send_events_request();
    return look_again(event);
  }
  if (reopened_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return look_again(event);
  const Result<HttpResponse> answer = reopened_.get();
  if (answer && answer->good()) return;
  if (Clock::now() < event.give_up) return look_again(event);
  const std::lock_guard lock(mutex_);
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (!slots_[slot].measured_at(wall_now()) || slots_[slot].exited) continue;
    exits_.push(Interference{slot, "is no longer watched for acts of others: " +
                                       (answer ? error_message(answer->body) : answer.error().message)});
  }
}

void DockerEngine::on_event(const DaemonEvent& event) {
  std::string words = act_in_words(event);
  if (words.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    const auto at =
        std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.id == event.container; });
    if (at == slots_.end() || !at->measured_at(event.time_ns)) return;
    const auto slot = static_cast<size_t>(at - slots_.begin());
    const bool ours = (!event.exec_id.empty() && event.exec_id == at->exec_id) ||
                      (!at->health_check.empty() && event.detail == at->health_check);
    if (event.action == "exec_start" && ours) return;
    if (event.action == "stop" && !at->killed.empty()) return;
    if (event.action == "kill" || event.action == "stop") at->killed = "it " + words;
    if (event.action != "oom") return exits_.push(Interference{slot, std::move(words)});
    const Event look = event_for(slot, Happening::OutOfMemory);
    events_.emplace(Clock::now() + kOomEnds, look);
  }
  changed_.notify_all();
}

/// The OOM killer was at work a moment ago. A container that has ended since tells of it by its end.
void DockerEngine::out_of_memory(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (slots_[event.slot].exited || slots_[event.slot].noticed) return;
  DaemonEvent seen;
  seen.action = "oom";
  exits_.push(Interference{event.slot, act_in_words(seen)});
}

}  // namespace cbench
