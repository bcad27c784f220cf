// cbench trace: looks into a trace.
#include "runtime/trace/trace.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/analysis/summary.h"
#include "runtime/driver/commands.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

using Json = nlohmann::ordered_json;

struct TraceOptions {
  std::string path;
  uint64_t rows = 20;
  bool json = false;
};

/// The value of a cell; null when it has none.
Json cell(const Frame& frame, size_t column, size_t row) {
  if (!frame.has(column, row)) return nullptr;
  switch (info(frame.columns()[column]).type) {
    case MetricType::I64:
      return frame.i64(column, row);
    case MetricType::F64:
      return frame.f64(column, row);
    case MetricType::Str:
      return frame.text(column, row);
  }
  return nullptr;
}

/// Rows of a trace as JSON objects, one a row, in the trace's order.
class Rows {
 public:
  explicit Rows(const TraceHeader& header) : header_(header) {}

  std::vector<Json> of(const TraceItem& item, const Frame& frame) const {
    return std::visit([&](const auto& it) { return rows(it, frame); }, item);
  }

 private:
  std::vector<Json> rows(const SampleMark&, const Frame& frame) const {
    std::vector<Json> out;
    for (size_t row = 0; row <= frame.slots(); ++row) {
      const bool host = row == frame.host_row();
      if (!host && frame.running[row] == 0) continue;
      Json json = {{"kind", "sample"}, {"step", frame.step}, {"time_ns", frame.now_ns}};
      json[host ? "scope" : "container"] = host ? "host" : header_.container_names[row];
      for (size_t column = 0; column < frame.columns().size(); ++column) {
        const MetricInfo& metric = info(frame.columns()[column]);
        if ((metric.scope == MetricScope::Host) != host) continue;
        json[std::string(metric.field)] = frame.has(column, row) ? cell(frame, column, row) : Json(nullptr);
        if (frame.status(column, row) != Status::Ok)
          json[std::string(metric.field) + ".status"] = name(frame.status(column, row));
      }
      out.push_back(std::move(json));
    }
    return out;
  }

  std::vector<Json> rows(const Decision& decision, const Frame&) const {
    Json json = {{"kind", "action"}};
    json.update(Json::parse(decision_json(decision, header_.plan)));
    return {std::move(json)};
  }

  std::vector<Json> rows(const TraceEvent& event, const Frame&) const {
    Json json = {{"kind", "event"}};
    json.update(Json::parse(event_json(event, header_.container_names)));
    return {std::move(json)};
  }

  std::vector<Json> rows(const TraceEnd& end, const Frame&) const {
    return {Json{{"kind", "end"},
                 {"step", end.step},
                 {"time_ns", end.time_ns},
                 {"outcome", end.outcome},
                 {"text", end.text},
                 {"samples", end.samples},
                 {"missed_steps", end.missed_steps}}};
  }

  const TraceHeader& header_;
};

/// `kind  1.20 s  name=value …` for a person.
std::string in_words(const Json& row) {
  std::string out =
      fmt::format("{:<6} {:>9.3f} s ", row["kind"].get<std::string>(), row["time_ns"].get<double>() / 1e9);
  for (const auto& [key, value] : row.items()) {
    if (key == "kind" || key == "time_ns" || value.is_null()) continue;
    out += " " + key + "=" + (value.is_string() ? value.get<std::string>() : dump_json(value));
  }
  return out;
}

int cat(const TraceOptions& options, uint64_t most, Console& console) {
  Result<std::unique_ptr<TraceReader>> trace = TraceReader::open(options.path);
  if (!trace.ok()) return console.fail(trace.error());
  const Rows rows((*trace)->header());
  uint64_t printed = 0;
  while (printed < most) {
    const Result<std::optional<TraceItem>> item = (*trace)->next();
    if (!item.ok()) return console.fail(item.error());
    if (!item->has_value()) break;
    for (const Json& row : rows.of(**item, (*trace)->frame())) {
      if (printed++ == most) break;
      if (std::puts((options.json ? dump_json(row) : in_words(row)).c_str()) < 0)
        return 0;  // the reader has seen enough
    }
  }
  if ((*trace)->truncated()) console.warn("the trace was cut off here: the run did not end in order");
  return 0;
}

int show_info(const TraceOptions& options, Console& console) {
  Result<std::unique_ptr<TraceReader>> trace = TraceReader::open(options.path);
  if (!trace.ok()) return console.fail(trace.error());
  const TraceHeader header = (*trace)->header();
  const Result<RunSummary> summary = summarize(**trace);
  if (!summary.ok()) return console.fail(summary.error());
  if (options.json) {
    std::puts(to_json(*summary).c_str());
    return 0;
  }
  std::string fields;
  for (const Metric metric : header.columns)
    fields += (fields.empty() ? "" : " ") + std::string(info(metric).field);
  std::vector<std::pair<std::string, std::string>> images;  // with the containers that have it
  for (const ContainerSummary& container : summary->containers) {
    const std::string& image = container.image_digest.empty() ? container.image_id : container.image_digest;
    if (image.empty()) continue;
    const auto at =
        std::find_if(images.begin(), images.end(), [&](const auto& seen) { return seen.first == image; });
    if (at == images.end())
      images.emplace_back(image, container.name);
    else
      at->second += ", " + container.name;
  }
  std::string image_lines;
  for (const auto& [image, containers] : images)
    image_lines += fmt::format("image    {} ({})\n", image, containers);
  std::fputs(
      fmt::format("run      {}\nbench    {}\npolicy   {}\nmode     {}{}\nengine   {}\ncbench   {}{}{}\nstep  "
                  "   {} ms\n"
                  "{}metrics  {}\n\n{}",
                  header.run_id, header.config_path, header.policy_text.empty() ? "none" : header.policy_path,
                  header.mode, header.degraded ? " (degraded)" : "", header.engine, header.cbench_version,
                  header.observer.empty() ? "" : ", ", header.observer,
                  static_cast<double>(header.step_ns) / 1e6, image_lines, fields, to_text(*summary))
          .c_str(),
      stdout);
  return 0;
}

void add_one(CLI::App& trace, Command& chosen, const char* name, const char* doc, const char* footer,
             int (*show)(const TraceOptions&, Console&)) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* command = trace.add_subcommand(name, doc);
  command->add_option("TRACE", options->path, "a trace (.arrows)")->required();
  command->add_flag("--json", options->json, "as JSON");
  if (std::string_view(name) == "head")
    command->add_option("-n", options->rows, "number of rows")->type_name("N")->capture_default_str();
  command->footer(footer);
  command->callback([options, &chosen, show] {
    chosen = [options, show](Console& console) { return show(*options, console); };
  });
}

}  // namespace

void add_trace(CLI::App& app, Command& chosen) {
  CLI::App* trace = app.add_subcommand("trace", "Look into a trace");
  trace->require_subcommand(1);
  add_one(*trace, chosen, "info", "What a trace holds and how its run went",
          "Example:\n  cbench trace info results/NAME/latest/trace.arrows", show_info);
  add_one(*trace, chosen, "head", "The first rows", "Example:\n  cbench trace head -n 20 trace.arrows",
          [](const TraceOptions& o, Console& c) { return cat(o, o.rows, c); });
  add_one(*trace, chosen, "cat", "All rows",
          "Example:\n  cbench trace cat --json trace.arrows | jq 'select(.kind==\"action\")'",
          [](const TraceOptions& o, Console& c) { return cat(o, std::numeric_limits<uint64_t>::max(), c); });
  trace->footer(
      "Examples:\n  cbench trace info trace.arrows\n  cbench trace cat --json trace.arrows | jq "
      "'select(.kind==\"action\")'");
}

}  // namespace cbench
