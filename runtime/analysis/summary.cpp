#include "runtime/analysis/summary.h"

#include <algorithm>
#include <deque>
#include <variant>

#include "runtime/host/probe.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

/// Sums over one span of the run.
class Sums {
 public:
  void add(const Frame& frame, size_t slot) {
    if (const auto used = number(frame, Metric::docker_cpu_usage_total, slot)) {
      if (!first_cpu_) first_cpu_ = {frame.now_ns, *used};
      last_cpu_ = {frame.now_ns, *used};
    }
    const auto instructions = number(frame, Metric::perf_instructions, slot);
    const auto cycles = number(frame, Metric::perf_cycles, slot);
    if (instructions && cycles) {
      instructions_ += *instructions;
      cycles_ += *cycles;
    }
    auto memory = number(frame, Metric::docker_memory_working_set, slot);
    if (!memory) memory = number(frame, Metric::docker_memory_usage, slot);
    if (memory) memory_ = std::max(memory_.value_or(0), static_cast<int64_t>(*memory));
  }

  /// Takes in the sums of a later span.
  void add(const Sums& later) {
    if (!first_cpu_) first_cpu_ = later.first_cpu_;
    if (later.last_cpu_) last_cpu_ = later.last_cpu_;
    instructions_ += later.instructions_;
    cycles_ += later.cycles_;
    if (later.memory_) memory_ = std::max(memory_.value_or(0), *later.memory_);
  }

  [[nodiscard]] ContainerFigures figures() const {
    ContainerFigures out;
    if (first_cpu_ && last_cpu_->at > first_cpu_->at)
      out.cpu_percent =
          100 * (last_cpu_->used - first_cpu_->used) / static_cast<double>(last_cpu_->at - first_cpu_->at);
    if (cycles_ > 0) out.ipc = instructions_ / cycles_;
    out.memory_bytes = memory_;
    return out;
  }

 private:
  static std::optional<double> number(const Frame& frame, Metric metric, size_t slot) {
    const int column = frame.column(metric);
    if (column < 0 || !frame.has(static_cast<size_t>(column), slot)) return std::nullopt;
    return frame.number(static_cast<size_t>(column), slot);
  }

  struct CpuTime {
    int64_t at = 0;
    double used = 0;
  };
  std::optional<CpuTime> first_cpu_, last_cpu_;
  double instructions_ = 0, cycles_ = 0;
  std::optional<int64_t> memory_;
};

struct Spans {
  Sums whole, before, after;
};

/// What the first action is compared with: this long before it. Longer, and the calm before a neighbour came
/// would count.
constexpr int64_t kBeforeNs = 1'000'000'000;

class Summing {
 public:
  Summing(TraceReader& trace, int64_t discard_ns)
      : trace_(trace), discard_ns_(discard_ns), spans_(trace.header().container_names.size()) {
    const TraceHeader& header = trace.header();
    out_.run_id = header.run_id;
    out_.mode = header.mode;
    if (const auto facts = host_facts_from_json(header.host_json, own_of(header.columns));
        facts.ok() && facts->rdt.simulated)
      out_.simulated = facts->rdt.profile.empty() ? "unknown profile" : facts->rdt.profile;
    out_.plan = header.plan;
    out_.policy = header.policy_text.empty() ? "" : header.plan.policy;
    for (const std::string& name : header.container_names) out_.containers.emplace_back().name = name;
  }

  Result<RunSummary> go() {
    while (true) {
      Result<std::optional<TraceItem>> item = trace_.next();
      if (!item.ok()) return item.error();
      if (!item->has_value()) break;
      std::visit([this](const auto& it) { take(it); }, **item);
    }
    for (size_t slot = 0; slot < spans_.size(); ++slot) {
      for (const Step& step : recent_) spans_[slot].before.add(step.sums[slot]);
      out_.containers[slot].whole = spans_[slot].whole.figures();
      out_.containers[slot].before = spans_[slot].before.figures();
      out_.containers[slot].after = spans_[slot].after.figures();
    }
    if (!latencies_.empty()) {
      const auto at = [&](size_t percent) {  // nearest rank
        const size_t rank = (latencies_.size() * percent + 99) / 100;
        std::nth_element(latencies_.begin(), latencies_.begin() + static_cast<std::ptrdiff_t>(rank - 1),
                         latencies_.end());
        return latencies_[rank - 1];
      };
      out_.latency = {.p50_ns = at(50), .p99_ns = at(99)};
    }
    return std::move(out_);
  }

 private:
  struct Step {
    int64_t now_ns = 0;
    std::vector<Sums> sums;  ///< [slot]
  };

  void take(const SampleMark&) {
    const Frame& frame = trace_.frame();
    ++out_.steps;
    out_.duration_ns = frame.now_ns;
    Step step{frame.now_ns, std::vector<Sums>(spans_.size())};
    for (size_t slot = 0; slot < spans_.size(); ++slot) {
      if (frame.running[slot] == 0) continue;
      ++out_.containers[slot].samples;
      if (frame.now_ns < discard_ns_) continue;
      spans_[slot].whole.add(frame, slot);
      (out_.first_action ? spans_[slot].after : step.sums[slot]).add(frame, slot);
    }
    if (out_.first_action) return;
    recent_.push_back(std::move(step));
    while (recent_.front().now_ns < frame.now_ns - kBeforeNs) recent_.pop_front();
  }

  void take(const Decision& decision) {
    const bool acted = decision.outcome == Outcome::Applied && decision.step > 0 &&
                       info(decision.verb).resource != ActionResource::None;
    if (acted && !out_.first_action && out_.steps > 0) out_.first_action = decision;
    if (decision.verb == Verb::Reject && decision.outcome == Outcome::Applied && known(decision.slot))
      out_.containers[static_cast<size_t>(decision.slot)].rejected = true;
    if (decision.latency_ns >= 0) latencies_.push_back(decision.latency_ns);
    out_.decisions.push_back(decision);
  }

  void take(const TraceEvent& event) {
    switch (event.kind) {
      case EventKind::Exit:
        if (!known(event.slot)) return;
        out_.containers[static_cast<size_t>(event.slot)].exit_code = event.code;
        out_.containers[static_cast<size_t>(event.slot)].out_of_memory = event.text == "out of memory";
        return;
      case EventKind::Stop:  // an end by itself has its exit first
        if (known(event.slot)) {
          ContainerSummary& container = out_.containers[static_cast<size_t>(event.slot)];
          container.stopped = !container.exit_code;
        }
        return;
      case EventKind::Image:
        if (known(event.slot)) {
          ContainerSummary& container = out_.containers[static_cast<size_t>(event.slot)];
          const size_t blank = event.text.find(' ');
          container.image_id = event.text.substr(0, blank);
          if (blank != std::string::npos) container.image_digest = event.text.substr(blank + 1);
        }
        return;
      case EventKind::MissedSteps:
        out_.missed_steps += event.code;
        for (size_t slot = 0; slot < spans_.size(); ++slot)
          if (trace_.frame().running[slot] != 0) out_.containers[slot].missed += event.code;
        return;
      case EventKind::PolicyFault:
      case EventKind::PolicyStop:
        out_.policy_stopped = event.text;
        return;
      default:
        return;
    }
  }

  void take(const TraceEnd& end) {
    out_.end = end;
    out_.duration_ns = std::max(out_.duration_ns, end.time_ns);
  }

  [[nodiscard]] bool known(int32_t slot) const {
    return slot >= 0 && static_cast<size_t>(slot) < spans_.size();
  }

  TraceReader& trace_;
  int64_t discard_ns_;
  std::vector<Spans> spans_;
  std::vector<int64_t> latencies_;
  std::deque<Step> recent_;  ///< the last kBeforeNs, until the first action
  RunSummary out_;
};

}  // namespace

Result<RunSummary> summarize(TraceReader& trace, int64_t discard_ns) {
  return Summing(trace, discard_ns).go();
}

}  // namespace cbench
