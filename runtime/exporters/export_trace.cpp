#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "runtime/exporters/exporter.h"
#include "runtime/exporters/line_syntax.h"

namespace cbench {
namespace {

constexpr size_t kChunk = 1 << 20;  // lines collected before they are sent or written

/// Where the lines go: a server or a file.
class Sink {
 public:
  Sink(const InfluxTarget& target, std::string path) : path_(std::move(path)) {
    if (!target.host.empty()) sender_.emplace(target);
  }
  ~Sink() { (void)close(); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  Result<> open() {
    if (sender_) return Done{};
    file_ = path_ == "-" ? stdout : std::fopen(path_.c_str(), "we");
    return file_ != nullptr ? Result<>(Done{}) : failed();
  }
  Result<> write(const std::string& lines) {
    if (sender_) {
      sender_->send(lines);
      return Done{};
    }
    written_ += count_points(lines);
    return std::fwrite(lines.data(), 1, lines.size(), file_) == lines.size() ? Result<>(Done{}) : failed();
  }
  Result<> close() {
    if (file_ == nullptr) return Done{};
    std::FILE* file = std::exchange(file_, nullptr);
    return (file == stdout ? std::fflush(file) : std::fclose(file)) == 0 ? Result<>(Done{}) : failed();
  }
  [[nodiscard]] ExportReport report() const {
    if (sender_) return sender_->report();
    ExportReport report;
    report.stored = written_;
    return report;
  }

 private:
  [[nodiscard]] Error failed() const {
    return {Exit::ExportPartial, fmt::format("cannot write `{}`: {}", path_, std::strerror(errno)),
            "name a path that can be written, on a disk with room"};
  }

  std::string path_;
  std::optional<InfluxSender> sender_;
  std::FILE* file_ = nullptr;
  uint64_t written_ = 0;
};

/// The trace's containers must be the configuration's: tags come from the latter, rows from the former.
Result<> same_containers(const TraceHeader& header, const RunSpec& spec) {
  bool same = header.container_names.size() == spec.containers.size();
  for (size_t slot = 0; same && slot < spec.containers.size(); ++slot)
    same = header.container_names[slot] == spec.containers[slot].name.value;
  if (same) return Done{};
  return Error{Exit::Invalid, "the trace was not recorded with this configuration: its containers are others",
               "export it with the configuration that it holds"};
}

/// What is known of the end of a run whose trace has no end row.
struct LastSeen {
  int64_t step = 0, time_ns = 0, wall_ns = 0, samples = 0, missed_steps = 0;
  void sample(const Frame& frame) {
    step = frame.step, time_ns = frame.now_ns, wall_ns = frame.wall_ns;
    ++samples;
  }
  [[nodiscard]] TraceEnd end() const {
    return {step,
            time_ns,
            wall_ns,
            "cut_off",
            "the trace has no end: the run was killed or its trace is damaged",
            samples,
            missed_steps};
  }
};

}  // namespace

Result<ExportReport> export_trace(TraceReader& trace, const RunSpec& spec, const HostFacts& facts,
                                  const InfluxTarget& target, const std::string& path) {
  if (auto same = same_containers(trace.header(), spec); !same.ok()) return same.error();
  Sink sink(target, path);
  LineProtocol protocol(spec, trace.header(), facts);
  LastSeen seen;
  std::string lines, damage;
  bool opened = false, ended = false;
  for (;;) {
    auto item = trace.next();
    if (!item.ok()) {
      if (!opened) return item.error();
      damage = item.error().message;
      break;
    }
    if (!opened) {
      if (auto open = sink.open(); !open.ok()) return open.error();
      opened = true;
    }
    if (!item->has_value()) break;
    const TraceItem& row = **item;
    if (std::holds_alternative<SampleMark>(row)) {
      seen.sample(trace.frame());
      protocol.sample(trace.frame(), lines);
    } else if (const auto* decision = std::get_if<Decision>(&row)) {
      protocol.decision(*decision, lines);
    } else if (const auto* event = std::get_if<TraceEvent>(&row)) {
      if (event->kind == EventKind::MissedSteps) seen.missed_steps += event->code;
      protocol.event(*event);
    } else {
      protocol.meta(std::get<TraceEnd>(row), lines);
      ended = true;
    }
    if (lines.size() >= kChunk) {
      if (auto written = sink.write(lines); !written.ok()) return written.error();
      lines.clear();
    }
  }
  if (!ended) protocol.meta(seen.end(), lines);
  if (auto written = sink.write(lines); !written.ok()) return written.error();
  if (auto closed = sink.close(); !closed.ok()) return closed.error();
  ExportReport report = sink.report();
  if (!damage.empty())
    report.problem += (report.problem.empty() ? "" : "; ") + damage + "; what comes before it was exported";
  return report;
}

}  // namespace cbench
