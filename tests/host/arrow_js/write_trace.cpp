// Writes two traces, one closed and compacted and one abandoned, and prints, from our own reader, what every
// Arrow reader has to find in them: rows, and for each column the number of nulls and a digest of its values.
#include <bit>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "runtime/trace/schema.h"
#include "runtime/trace/trace.h"

namespace cbench {
namespace {

constexpr int64_t kWall = 1'700'000'000'000'000'000;
constexpr int64_t kStep = 100'000'000;

// Nulls and FNV-1a (32 bits) over the values' texts, row by row.
struct Digest {
  int64_t nulls = 0;
  uint32_t hash = 2166136261;

  void add(const std::optional<std::string>& value) {
    nulls += value ? 0 : 1;
    for (const char c : value.value_or("~") + "\n") hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  }
};

std::string bits(double value) {
  char hex[17];
  std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(std::bit_cast<uint64_t>(value)));
  return hex;
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

class Expected {
 public:
  explicit Expected(const TraceHeader& header) : header_(header) {
    for (const trace::Field& field : trace::trace_fields(header.columns)) {
      names_.push_back(field.name);
      digests_[field.name] = {};
    }
  }

  void add(const Frame& frame) {
    for (size_t row = 0; row <= frame.slots(); ++row) {
      const bool host = row == frame.host_row();
      if (!host && frame.running[row] == 0) continue;
      begin("sample", frame.step, frame.now_ns, host ? -1 : static_cast<int32_t>(row));
      cells_["dt_ns"] = std::to_string(frame.dt_ns);
      for (size_t c = 0; c < frame.columns().size(); ++c) add_metric(frame, c, row);
      end_row();
    }
  }
  void add(const Decision& d) {
    const bool remark = d.verb == Verb::Log || d.verb == Verb::Annotate || d.verb == Verb::Emit;
    begin(remark ? "annotation" : "action", d.step, d.time_ns, d.slot);
    cells_["verb"] = std::string(info(d.verb).name);
    cells_["target"] = unless_empty(trace::target_of(d, header_));
    if (d.cls >= 0) cells_["class"] = header_.plan.classes[static_cast<size_t>(d.cls)];
    if (d.domain >= 0) cells_["domain"] = std::to_string(d.domain);
    if (d.value != 0 || d.verb == Verb::Quota) cells_["value"] = bits(d.value);
    cells_["outcome"] = std::string(name(d.outcome));
    cells_["detail"] = unless_empty(d.detail);
    cells_["reason"] = unless_empty(d.reason);
    cells_["why"] = unless_empty(d.why);
    cells_["ordinal"] = std::to_string(d.ordinal);
    if (d.rule >= 0) {
      cells_["rule"] = std::to_string(d.rule);
      cells_["line"] = std::to_string(header_.plan.rules[static_cast<size_t>(d.rule)].line);
    }
    end_row();
  }
  void add(const TraceEvent& event) {
    begin("event", event.step, event.time_ns, event.slot);
    cells_["event"] = std::string(kEventNames[static_cast<size_t>(event.kind)]);
    cells_["code"] = std::to_string(event.code);
    cells_["detail"] = unless_empty(event.text);
    end_row();
  }
  void add(const TraceEnd& end) {
    begin("end", end.step, end.time_ns, -1);
    cells_["outcome"] = unless_empty(end.outcome);
    cells_["detail"] = unless_empty(end.text);
    cells_["samples"] = std::to_string(end.samples);
    cells_["missed_steps"] = std::to_string(end.missed_steps);
    end_row();
  }

  [[nodiscard]] nlohmann::json json() const {
    nlohmann::json columns = nlohmann::json::object();
    for (const auto& [name, digest] : digests_)
      columns[name] = {{"nulls", digest.nulls}, {"digest", digest.hash}};
    return {{"rows", rows_}, {"run_id", header_.run_id}, {"columns", columns}};
  }

 private:
  void begin(const char* kind, int64_t step, int64_t time_ns, int32_t slot) {
    cells_.clear();
    cells_["kind"] = kind;
    cells_["step"] = std::to_string(step);
    cells_["time_ns"] = std::to_string(time_ns);
    cells_["wall_ns"] = std::to_string(kWall + time_ns);
    if (slot < 0) return;
    cells_["slot"] = std::to_string(slot);
    cells_["container"] = header_.container_names[static_cast<size_t>(slot)];
  }
  void add_metric(const Frame& frame, size_t column, size_t row) {
    const MetricInfo& metric = info(frame.columns()[column]);
    const std::string field(metric.field);
    cells_[field + ".status"] = std::to_string(static_cast<int>(frame.status(column, row)));
    if (!frame.has(column, row)) return;
    cells_[field] = metric.type == MetricType::Str   ? std::string(frame.text(column, row))
                    : metric.type == MetricType::F64 ? bits(frame.f64(column, row))
                                                     : std::to_string(frame.i64(column, row));
  }
  void end_row() {
    ++rows_;
    for (const std::string& name : names_)
      digests_[name].add(cells_.contains(name) ? cells_[name] : std::nullopt);
  }

  TraceHeader header_;
  std::vector<std::string> names_;
  std::map<std::string, Digest> digests_;
  std::map<std::string, std::optional<std::string>> cells_;
  int64_t rows_ = 0;
};

TraceHeader make_header() {
  TraceHeader header;
  header.run_id = "018bcfe5-6800-7000-8000-00000000cb01";
  header.cbench_version = "0.1.0";
  header.config_text = "benchmark:\n  name: größe → 😀\n";
  header.host_json = "{}";
  header.mode = "act";
  header.engine = "process";
  header.start_wall_ns = kWall;
  header.step_ns = kStep;
  for (size_t i = 0; i < kMetricCount; ++i) header.columns.push_back(static_cast<Metric>(i));
  header.container_names = {"victim", "hog", "später"};
  header.plan.classes = {"shared", "jail"};
  header.plan.rules = {{"when noisy(c)", 12, {}, ""}};
  return header;
}

void sample(Frame& frame, int64_t step) {
  frame.step = step;
  frame.now_ns = step * kStep;
  frame.dt_ns = kStep;
  frame.wall_ns = kWall + frame.now_ns;
  frame.running = {1, 1, static_cast<uint8_t>(step > 20 ? 1 : 0)};
  for (size_t c = 0; c < frame.columns().size(); ++c)
    for (size_t row = 0; row <= frame.slots(); ++row) {
      const auto mixed =
          static_cast<int64_t>((static_cast<uint64_t>(step) * 131 + c * 31 + row) * 0x9E3779B97F4A7C15);
      const bool stopped = row < frame.slots() && frame.running[row] == 0;
      const MetricType type = info(frame.columns()[c]).type;
      if (stopped || (c + row) % 5 == 0)
        frame.set_missing(c, row, stopped ? Status::Stopped : Status::Unsupported);
      else if (type == MetricType::Str)
        frame.set_text(c, row, step % 25 < 12 ? "shared" : "jail, the " + std::to_string(step / 25));
      else if (type == MetricType::F64)
        frame.set_f64(c, row, std::bit_cast<double>(mixed), Status::Multiplexed);
      else
        frame.set_i64(c, row, mixed);
    }
}

bool check(const Result<>& result) {
  if (!result) std::cerr << result.error().message << "\n";
  return result.ok();
}

// A hundred steps, in batches of a few; texts that are new in mid-run make dictionaries be replaced.
bool write(const std::string& path, bool closed) {
  const TraceHeader header = make_header();
  auto writer = TraceWriter::create(path, header);
  if (!writer) return check(writer.error());
  Frame frame(header.columns, header.container_names.size());
  (*writer)->event({.kind = EventKind::Begin, .wall_ns = kWall, .text = ""});
  for (int64_t step = 1; step <= 100; ++step) {
    sample(frame, step);
    (*writer)->sample(frame);
    Decision d;
    d.step = step;
    d.time_ns = frame.now_ns;
    d.rule = 0;
    d.verb = Verb::Move;
    d.slot = 1;
    d.cls = static_cast<int32_t>(step % 2);
    d.outcome = step % 3 == 0 ? Outcome::Refused : Outcome::Applied;
    d.reason = step % 3 == 0 ? "no free way: 2 > 1" : "";
    d.why = "misses = 17.5mpki → hi";
    (*writer)->decision(d, frame.wall_ns);
    d = {};
    d.step = step;
    d.time_ns = frame.now_ns;
    d.ordinal = 1;
    d.verb = step % 2 == 0 ? Verb::Log : Verb::Quota;
    d.slot = 0;
    d.value = step % 2 == 0 ? 2 : 0;
    d.detail = step % 2 == 0 ? "hog not jailed" : "";
    (*writer)->decision(d, frame.wall_ns);
    if (step % 7 == 0 && !check((*writer)->flush())) return false;
  }
  const TraceEnd end{.step = 100,
                     .time_ns = 100 * kStep,
                     .wall_ns = kWall + 100 * kStep,
                     .outcome = "interrupted",
                     .text = "SIGINT",
                     .samples = 100};
  return !closed || check((*writer)->close(end));
}

bool print_expected(const std::string& path, const std::string& to) {
  auto reader = TraceReader::open(path);
  if (!reader) return check(reader.error());
  Expected expected((*reader)->header());
  for (;;) {
    const auto item = (*reader)->next();
    if (!item) return check(item.error());
    if (!item->has_value()) break;
    std::visit(
        [&]<class T>(const T& what) {
          if constexpr (std::is_same_v<T, SampleMark>)
            expected.add((*reader)->frame());
          else
            expected.add(what);
        },
        **item);
  }
  std::ofstream out(to);
  out << expected.json().dump(1) << "\n";
  return out.good();
}

}  // namespace
}  // namespace cbench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_trace FOLDER\n";
    return 2;
  }
  const std::string folder = argv[1];
  for (const bool closed : {true, false}) {
    const std::string path = folder + (closed ? "/closed" : "/abandoned");
    if (!cbench::write(path + ".arrows", closed) || !cbench::print_expected(path + ".arrows", path + ".json"))
      return 1;
  }
  return 0;
}
