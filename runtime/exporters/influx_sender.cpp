#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <vector>

#include <fmt/format.h>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/line_syntax.h"
#include "runtime/exporters/write_request.h"

namespace cbench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int64_t kNever = INT64_MAX;
// A server that refuses this many single lines and has never stored one will not store the next million
// either.
constexpr uint64_t kHopeless = 100;

/// Points of a batch: each one's text.
using Points = std::vector<std::string_view>;

std::string_view text_of(const Points& points, size_t begin, size_t end) {
  const char* first = points[begin].data();
  return {first, static_cast<size_t>(points[end - 1].data() + points[end - 1].size() - first)};
}

}  // namespace

struct InfluxSender::Impl {
  Impl(const InfluxTarget& t, const SendLimits& l) : target(t), limits(l), request(t, l) {
    if (!request.problem().empty()) stop(request.problem());
  }

  void batch(const Points& points);
  /// Sends one range, again and again where that may help. nullopt: given up.
  std::optional<Verdict> attempt(std::string_view lines);
  /// Settles a failed try. True when it is worth another, after the pause that it took.
  bool pause_after(const WriteAnswer& answer);
  void refuse(const Points& points, size_t begin, size_t end);

  void stop(const std::string& why) {
    stopped = true;
    note(stoppage, why);
  }
  /// The first reason of a kind is the one that is reported: later ones mostly follow from it.
  void note(std::string& reason, const std::string& why) {
    const std::lock_guard lock(mutex);
    if (reason.empty()) reason = why;
  }
  void count(uint64_t ExportReport::* figure, uint64_t lines) {
    const std::lock_guard lock(mutex);
    figures.*figure += lines;
  }
  [[nodiscard]] bool out_of_time() const {
    return Clock::now().time_since_epoch() / std::chrono::nanoseconds(1) >= stop_ns;
  }

  InfluxTarget target;
  SendLimits limits;
  WriteRequest request;
  WriteAnswer last;       ///< answer to the last try
  bool stopped = false;   ///< no write can succeed any more
  bool given_up = false;  ///< until a write succeeds again, one try each `longest_pause`
  Clock::time_point next_try{};
  std::optional<Clock::time_point> failing_since;
  milliseconds backoff{0};
  uint64_t lone_refusals = 0;  ///< of single lines, before anything was stored
  std::minstd_rand random{std::random_device{}()};

  std::atomic<int64_t> stop_ns{kNever};
  mutable std::mutex mutex;
  std::condition_variable wake;
  ExportReport figures;
  std::string refusal, stoppage;  ///< why lines were refused, and why they were not sent
};

InfluxSender::InfluxSender(const InfluxTarget& target, const SendLimits& limits)
    : impl_(std::make_unique<Impl>(target, limits)) {}
InfluxSender::~InfluxSender() = default;

void InfluxSender::send(std::string_view lines) {
  Points points;
  size_t bytes = 0;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = point_end(lines, begin);
    const std::string_view point = lines.substr(begin, end - begin);
    begin = end;
    if (point == "\n") continue;
    if (!points.empty() && (points.size() == impl_->limits.request_lines ||
                            bytes + point.size() > impl_->limits.request_bytes)) {
      impl_->batch(points);
      points.clear();
      bytes = 0;
    }
    points.push_back(point);
    bytes += point.size();
  }
  if (!points.empty()) impl_->batch(points);
}

void InfluxSender::stop_at(Clock::time_point time) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop_ns = time.time_since_epoch() / std::chrono::nanoseconds(1);
  }
  impl_->wake.notify_all();
}

ExportReport InfluxSender::report() const {
  const std::lock_guard lock(impl_->mutex);
  ExportReport report = impl_->figures;
  const bool both = !impl_->refusal.empty() && !impl_->stoppage.empty();
  report.problem = impl_->refusal + (both ? "; " : "") + impl_->stoppage;
  return report;
}

void InfluxSender::Impl::batch(const Points& points) {
  std::vector<std::pair<size_t, size_t>> ranges = {
      {0, points.size()}};  // yet to be settled, the next one last
  while (!ranges.empty()) {
    const auto [begin, end] = ranges.back();
    ranges.pop_back();
    const std::optional<Verdict> result = stopped ? std::nullopt : attempt(text_of(points, begin, end));
    if (!result) {
      count(&ExportReport::unsent, end - begin);
    } else if (*result == Verdict::Stored) {
      count(&ExportReport::stored, end - begin);
    } else if (*result == Verdict::Refuse || end - begin == 1) {
      refuse(points, begin, end);
    } else {
      const size_t middle = begin + (end - begin) / 2;
      ranges.emplace_back(middle, end);
      ranges.emplace_back(begin, middle);
    }
  }
}

std::optional<Verdict> InfluxSender::Impl::attempt(std::string_view lines) {
  if (given_up && Clock::now() < next_try) return std::nullopt;
  for (;;) {
    if (out_of_time()) {
      note(stoppage, "the time for sending was over before everything was sent");
      return std::nullopt;
    }
    last = request.post(lines, stop_ns);
    const Verdict result = verdict(last);
    if (result == Verdict::Stop) {
      stop(stop_words(last, target, request.where()));
      return std::nullopt;
    }
    if (result == Verdict::Retry) {
      if (!pause_after(last)) return std::nullopt;
      continue;
    }
    given_up = false;
    failing_since.reset();
    backoff = milliseconds(0);
    return result;
  }
}

bool InfluxSender::Impl::pause_after(const WriteAnswer& answer) {
  if (out_of_time()) return true;  // the loop says so
  const auto now = Clock::now();
  if (!failing_since) failing_since = now;
  backoff = std::clamp(backoff * 2, limits.first_pause, std::max(limits.first_pause, limits.longest_pause));
  // Half of the pause is random, so that the hosts of a sweep do not come back all at once.
  const auto half = backoff.count() / 2;
  milliseconds pause(backoff.count() - half + std::uniform_int_distribution<int64_t>(0, half)(random));
  if (const auto asked = retry_after(answer.retry_after, std::chrono::system_clock::now()))
    pause = std::min(std::max(*asked, limits.first_pause), limits.longest_pause);
  if (given_up || now + pause - *failing_since > limits.give_up_after) {
    const std::string words = server_words(answer);
    note(
        stoppage,
        fmt::format(
            "{} {}{}{}; gave up after {:.0f} s; start it, or free it, and send the rest with `cbench export`",
            request.where(),
            answer.status == 0 ? "does not answer" : fmt::format("answered {}", answer.status),
            words.empty() ? "" : ": ", words, std::chrono::duration<double>(now - *failing_since).count()));
    given_up = true;
    next_try = now + limits.longest_pause;
    return false;
  }
  std::unique_lock lock(mutex);
  for (const auto until = now + pause; !out_of_time() && Clock::now() < until;)
    wake.wait_until(lock, std::min(until, Clock::time_point(std::chrono::nanoseconds(stop_ns.load()))));
  return true;
}

void InfluxSender::Impl::refuse(const Points& points, size_t begin, size_t end) {
  std::string_view line = points[begin].substr(0, 120);
  line = line.substr(0, line.find('\n'));
  note(refusal,
       fmt::format("{} answered {}: {}; {} refused, the first: {}", request.where(), last.status,
                   server_words(last),
                   end - begin == 1 ? "a line was" : fmt::format("{} lines were", end - begin), line));
  count(&ExportReport::refused, end - begin);
  const auto nothing_stored = [&] {
    const std::lock_guard lock(mutex);
    return figures.stored == 0;
  };
  if (last.status == 400 && nothing_stored() && ++lone_refusals == kHopeless)
    stop(fmt::format("stopped after {} lines, of which none was stored", kHopeless));
}

}  // namespace cbench
