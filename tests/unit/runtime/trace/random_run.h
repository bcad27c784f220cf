// Random runs for the trace's tests: a header, and items in the order in which a run would record them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <unistd.h>

#include "runtime/trace/trace.h"
#include "stdlib/abi/own_metric.h"

namespace cbench::test {

/// A folder that is removed with its content.
struct TemporaryFolder {
  std::string path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "cbench-trace-XXXXXX").string();
    path = ::mkdtemp(name.data()) != nullptr ? name : "";
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }
};

/// A sample, decision or event, as given to the writer.
using Recorded = std::variant<Frame, Decision, TraceEvent>;
struct Recording {
  TraceHeader header;
  std::vector<Recorded> items;
  TraceEnd end;
};

class RandomRun {
 public:
  explicit RandomRun(uint64_t seed) : bits_(seed) {}

  Recording make(size_t items) {
    Recording run;
    make_header(run.header);
    Frame frame(run.header.columns, run.header.container_names.size());
    for (size_t i = 0; i < items; ++i) {
      switch (below(4)) {
        case 0:
          run.items.emplace_back(decision(run.header));
          break;
        case 1:
          run.items.emplace_back(event(run.header));
          break;
        default:
          fill(frame);
          run.items.emplace_back(frame);
      }
    }
    run.end = {integer(), integer(), integer(), one_of({"ok", "failed", "interrupted", "odd"}),
               text(),    integer(), integer()};
    return run;
  }

  size_t below(size_t n) { return static_cast<size_t>(bits_() % n); }
  int64_t integer() {
    constexpr int64_t kEdges[] = {0, -1, 1, std::numeric_limits<int64_t>::min(),
                                  std::numeric_limits<int64_t>::max()};
    return below(4) == 0 ? kEdges[below(std::size(kEdges))] : static_cast<int64_t>(bits_());
  }
  /// Any bits: also NaN with a payload, infinities, subnormal numbers and -0.
  double real() {
    constexpr uint64_t kEdges[] = {0x8000000000000000, 0x7FF0000000000000, 0xFFF0000000000000,
                                   0x7FF8000000000001, 0xFFF123456789ABCD, 1};
    return std::bit_cast<double>(below(3) == 0 ? kEdges[below(std::size(kEdges))] : bits_());
  }
  std::string text() {
    static const std::string kPieces[] = {
        "a", "jail", " ", "\n", "\"", "ä", "→", "😀", std::string(1, '\0'), "0-3,8", ","};
    std::string out;
    for (size_t n = below(8); n > 0; --n) out += kPieces[below(std::size(kPieces))];
    return out;
  }

 private:
  std::string one_of(const std::vector<std::string>& words) { return words[below(words.size())]; }

  void make_header(TraceHeader& h) {
    h.run_id = text();
    h.cbench_version = "0.1.0";
    h.config_path = text();
    h.config_text = text();
    h.policy_path = text();
    h.policy_text = text();
    h.host_json = "{}";
    h.mode = "act";
    h.engine = "process";
    h.observer = text();
    h.degraded = below(2) == 0;
    h.start_wall_ns = integer();
    h.step_ns = integer();
    for (size_t n = below(4); n > 0; --n) h.variables.emplace_back(text(), text());
    for (size_t n = below(3); n > 0; --n) h.imports.push_back({text(), text()});
    if (below(2) == 0) h.seed = static_cast<uint64_t>(integer());
    if (below(2) == 0) h.time_scale = 0.1 + static_cast<double>(below(1000));
    for (size_t n = below(4); n > 0; --n) h.params.emplace_back(text(), text());
    for (size_t i = 0; i < kMetricCount; ++i)
      if (below(3) == 0) h.columns.push_back(static_cast<Metric>(i));
    for (size_t n = below(4); n > 0; --n)
      if (const auto own =
              declare_metric(below(2) == 0 ? MetricGroup::app : MetricGroup::perf, "own_" + std::to_string(n),
                             static_cast<Unit>(below(std::size(kUnits)))))
        h.columns.push_back(*own);
    for (size_t n = below(6); n > 0; --n) h.container_names.push_back("c" + std::to_string(n) + text());
    make_plan(h.plan, h);
  }

  void make_plan(Plan& p, const TraceHeader& h) {
    p.policy = text();
    p.doc = text();
    p.slots = static_cast<uint32_t>(h.container_names.size());
    p.slot_names = h.container_names;
    p.columns = h.columns;
    for (size_t n = below(4); n > 0; --n) p.classes.push_back("class" + std::to_string(n));
    p.default_class = static_cast<int32_t>(below(p.classes.size() + 1)) - 1;
    for (size_t n = below(4); n > 0; --n)
      p.params.push_back({text(), text(), static_cast<Unit>(below(std::size(kUnits))), below(2) == 0, 0.1,
                          -1e300, std::numeric_limits<double>::infinity()});
    for (size_t n = below(4); n > 0; --n)
      p.rules.push_back({text(), static_cast<uint32_t>(below(100)), {0, 3, 9}, text()});
    for (size_t n = below(4); n > 0; --n) p.faults.push_back({text(), static_cast<uint32_t>(below(100)), {}});
    for (size_t n = below(4); n > 0; --n) p.texts.push_back(text());
    for (size_t n = below(4); n > 0; --n)
      p.needs.push_back({static_cast<Metric>(below(kMetricCount)), 4, {1, 2, 3}});
    if (below(3) == 0)  // needed, and not measured
      if (const auto own = declare_metric(MetricGroup::rdt, "own_part_d1", Unit::Bytes))
        p.needs.push_back({*own, 4, {}});
    for (size_t n = below(4); n > 0; --n)
      p.acts.push_back({static_cast<Verb>(below(std::size(kActions))), 5, {}});
    p.state_bytes = bits_();
    p.operations = bits_();
    p.deadline_ns = integer();
  }

  Decision decision(const TraceHeader& h) {
    Decision d;
    d.step = integer();
    d.time_ns = integer();
    d.ordinal = static_cast<uint32_t>(bits_());
    d.rule = static_cast<int32_t>(below(h.plan.rules.size() + 1)) - 1;
    d.verb = static_cast<Verb>(below(std::size(kActions)));
    d.slot = static_cast<int32_t>(below(h.container_names.size() + 1)) - 1;
    d.cls = static_cast<int32_t>(below(h.plan.classes.size() + 1)) - 1;
    d.value = below(2) == 0 ? 0 : real();
    d.outcome = static_cast<Outcome>(below(std::size(kOutcomeNames)));
    d.detail = text();
    d.reason = text();
    d.why = text();
    return d;
  }

  TraceEvent event(const TraceHeader& h) {
    return {static_cast<EventKind>(below(std::size(kEventNames))),         integer(), integer(), integer(),
            static_cast<int32_t>(below(h.container_names.size() + 1)) - 1, integer(), text()};
  }

  // As a sampler leaves it: cells of a container that does not run are stopped.
  void fill(Frame& f) {
    f.step = integer();
    f.now_ns = integer();
    f.dt_ns = integer();
    f.wall_ns = integer();
    for (size_t slot = 0; slot < f.slots(); ++slot) f.running[slot] = below(3) == 0 ? 0 : 1;
    for (size_t c = 0; c < f.columns().size(); ++c)
      for (size_t row = 0; row <= f.slots(); ++row) {
        const auto status = static_cast<Status>(below(4) == 0 ? below(std::size(kStatusNames)) : below(2));
        if (row < f.slots() && f.running[row] == 0)
          f.set_missing(c, row, Status::Stopped);
        else if (!has_value(status))
          f.set_missing(c, row, status);
        else if (info(f.columns()[c]).type == MetricType::Str)
          f.set_text(c, row, text());
        else if (info(f.columns()[c]).type == MetricType::F64)
          f.set_f64(c, row, real(), status);
        else
          f.set_i64(c, row, integer(), status);
      }
  }

  std::mt19937_64 bits_;
};

inline void record(TraceWriter& writer, const Recorded& item) {
  if (const auto* frame = std::get_if<Frame>(&item)) writer.sample(*frame);
  if (const auto* decision = std::get_if<Decision>(&item)) writer.decision(*decision, decision->time_ns);
  if (const auto* event = std::get_if<TraceEvent>(&item)) writer.event(*event);
}

}  // namespace cbench::test
