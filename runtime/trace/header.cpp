#include "runtime/trace/header.h"

#include <charconv>
#include <functional>
#include <set>

#include <fmt/format.h>

#include "runtime/trace/json_reader.h"
#include "runtime/trace/plan_json.h"
#include "runtime/trace/utf8.h"
#include "stdlib/abi/own_metric.h"

namespace cbench::trace {
namespace {

using nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kVersionKey = "cbench.trace_version";
constexpr const char* kOwnKey = "cbench.own_metrics";
// Where the run has them.
constexpr const char* kImportsKey = "cbench.imports";
constexpr const char* kSeedKey = "cbench.seed";
constexpr const char* kTimeScaleKey = "cbench.time_scale";

double positive(const json& value) {
  if (!value.is_number() || !(value.get<double>() > 0)) throw BadJson("a number above 0 was expected");
  return value.get<double>();
}

std::string pairs_json(const Pairs& pairs) {
  json list = json::array();
  for (const auto& [key, value] : pairs) list.push_back(json::array({key, value}));
  return dump_json(list);
}

Pairs pairs_of(const std::string& words) {
  const json list = parse_json(words);
  Pairs pairs;
  for (const json& item : array(list)) {
    if (array(item).size() != 2) throw BadJson("a pair was expected");
    pairs.emplace_back(text(item[0]), text(item[1]));
  }
  return pairs;
}

// The position in `table` of the entry whose name is `wanted`; throws when there is none.
template <class Table, class Name>
size_t place_of(const Table& table, const std::string& wanted, Name name) {
  for (size_t i = 0; i < std::size(table); ++i)
    if (std::invoke(name, table[i]) == wanted) return i;
  throw BadJson(fmt::format("this cbench does not know `{}`", wanted));
}

std::string fields_json(const std::vector<Metric>& metrics) {
  json list = json::array();
  for (const Metric metric : metrics) list.push_back(info(metric).field);
  return dump_json(list);
}

// The metrics beside metrics.def that the header names: [group, name, unit] each. The plan may need one that
// is not measured.
std::string own_json(const TraceHeader& header) {
  std::set<Metric> own;
  const auto add = [&](Metric metric) {
    if (is_own(metric)) own.insert(metric);
  };
  for (const Metric metric : header.columns) add(metric);
  for (const Metric metric : header.plan.columns) add(metric);
  for (const auto& need : header.plan.needs) add(need.what);
  json list = json::array();
  for (const Metric metric : own) {
    const MetricInfo& m = info(metric);
    list.push_back({kMetricGroups[static_cast<size_t>(m.group)], m.name, info(m.unit).name});
  }
  return dump_json(list);
}

std::vector<Metric> own_metrics_of(const std::string& words) {
  const json list = parse_json(words);
  std::vector<Metric> own;
  for (const json& item : array(list)) {
    if (array(item).size() != 3) throw BadJson("group, name and unit were expected");
    const auto group = static_cast<MetricGroup>(place_of(kMetricGroups, text(item[0]), std::identity{}));
    const auto unit = static_cast<Unit>(place_of(kUnits, text(item[2]), &UnitInfo::name));
    const std::string name = text(item[1]);
    if (!may_be_own_name(group, name)) throw BadJson(fmt::format("`{}` cannot be a metric's name", name));
    const auto metric = declare_metric(group, name, unit);
    if (!metric) throw BadJson("there are too many metrics of one's own");
    own.push_back(*metric);
  }
  return own;
}

std::vector<Metric> metrics_of(const std::string& words, std::span<const Metric> own) {
  const json list = parse_json(words);
  std::vector<Metric> metrics;
  std::vector<bool> seen(kMetricIds, false);
  for (const json& item : array(list)) {
    const std::string field = text(item);
    const std::optional<Metric> metric = find_metric_field(field, own);
    if (!metric) throw BadJson(fmt::format("this cbench does not know the metric `{}`", field));
    if (seen[static_cast<size_t>(*metric)]) throw BadJson(fmt::format("the metric `{}` stands twice", field));
    seen[static_cast<size_t>(*metric)] = true;
    metrics.push_back(*metric);
  }
  return metrics;
}

std::vector<std::string> names_of(const std::string& words) {
  const json list = parse_json(words);
  std::vector<std::string> names;
  for (const json& item : array(list)) names.push_back(text(item));
  return names;
}

// nullptr when the key is absent.
const std::string* find_value(const Metadata& metadata, std::string_view key) {
  for (const auto& [name, value] : metadata)
    if (name == key) return &value;
  return nullptr;
}

// The value of a key; throws when it is absent.
const std::string& value_of(const Metadata& metadata, std::string_view key) {
  if (const std::string* value = find_value(metadata, key)) return *value;
  throw BadJson("it is absent");
}

TraceHeader read(const Metadata& metadata, std::string& key) {
  const auto get = [&](const char* name) -> const std::string& {
    return value_of(metadata, key = std::string("cbench.") + name);
  };
  TraceHeader header;
  header.run_id = get("run_id");
  header.cbench_version = get("version");
  header.mode = get("mode");
  header.engine = get("engine");
  if (const std::string* words = find_value(metadata, "cbench.observer")) header.observer = *words;
  header.degraded = flag(parse_json(get("degraded")));
  header.start_wall_ns = integer<int64_t>(parse_json(get("start_wall_ns")));
  header.step_ns = integer<int64_t>(parse_json(get("step_ns")));
  header.config_path = get("config_path");
  header.config_text = get("config");
  header.variables = pairs_of(get("variables"));
  if (const std::string* words = find_value(metadata, key = kImportsKey))
    for (auto& [path, text] : pairs_of(*words)) header.imports.push_back({path, text});
  if (const std::string* words = find_value(metadata, key = kSeedKey))
    header.seed = integer<uint64_t>(parse_json(*words));
  if (const std::string* words = find_value(metadata, key = kTimeScaleKey))
    header.time_scale = positive(parse_json(*words));
  header.policy_path = get("policy_path");
  header.policy_text = get("policy");
  header.params = pairs_of(get("params"));
  header.host_json = get("host");
  header.container_names = names_of(get("containers"));
  std::vector<Metric> own;
  if (const std::string* words = find_value(metadata, key = kOwnKey)) own = own_metrics_of(*words);
  header.columns = metrics_of(get("columns"), own);
  Result<Plan> plan = plan_from_json(get("plan"), own);
  if (!plan) throw BadJson(plan.error().message);
  header.plan = std::move(*plan);
  return header;
}

// The trace's version; nullopt when this is no trace of ours.
std::optional<int64_t> version_of(const Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key != kVersionKey) continue;
    int64_t version = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), version);
    if (problem == std::errc() && end == value.data() + value.size() && version > 0) return version;
  }
  return std::nullopt;
}

}  // namespace

Metadata to_metadata(const TraceHeader& header) {
  Metadata metadata = {
      {std::string(kVersionKey), std::to_string(kTraceVersion)},
      {"cbench.version", header.cbench_version},
      {"cbench.run_id", header.run_id},
      {"cbench.mode", header.mode},
      {"cbench.engine", header.engine},
      {"cbench.observer", header.observer},
      {"cbench.degraded", header.degraded ? "true" : "false"},
      {"cbench.start_wall_ns", std::to_string(header.start_wall_ns)},
      {"cbench.step_ns", std::to_string(header.step_ns)},
      {"cbench.config_path", header.config_path},
      {"cbench.config", header.config_text},
      {"cbench.variables", pairs_json(header.variables)},
      {"cbench.policy_path", header.policy_path},
      {"cbench.policy", header.policy_text},
      {"cbench.params", pairs_json(header.params)},
      {"cbench.host", header.host_json},
      {"cbench.containers", dump_json(json(header.container_names))},
      {"cbench.columns", fields_json(header.columns)},
      {"cbench.statuses",
       dump_json(json(std::vector<std::string>(std::begin(kStatusNames), std::end(kStatusNames))))},
      {"cbench.plan", to_json(header.plan)}};
  if (!header.imports.empty()) {
    Pairs imports;
    for (const ImportedText& file : header.imports) imports.emplace_back(file.path, file.text);
    metadata.emplace_back(kImportsKey, pairs_json(imports));
  }
  if (header.seed) metadata.emplace_back(kSeedKey, std::to_string(*header.seed));
  if (header.time_scale != 1) metadata.emplace_back(kTimeScaleKey, dump_json(json(header.time_scale)));
  if (std::string own = own_json(header); own != "[]") metadata.emplace_back(kOwnKey, std::move(own));
  for (auto& [key, value] : metadata) value = to_utf8(value);
  return metadata;
}

Result<TraceHeader> header_from_metadata(const std::string& path, const Metadata& metadata) {
  const std::optional<int64_t> version = version_of(metadata);
  if (!version)
    return Error{Exit::Invalid,
                 fmt::format("`{}` is an Arrow stream, but not a trace of cbench: its schema has no `{}`",
                             path, kVersionKey),
                 "traces are the .arrows files that `cbench run` writes"};
  if (*version > kTraceVersion)
    return Error{Exit::Invalid,
                 fmt::format("the trace `{}` has version {}; this cbench reads up to {}", path, *version,
                             kTraceVersion),
                 "read it with a newer cbench"};
  std::string key;
  try {
    return read(metadata, key);
  } catch (const std::exception& problem) {
    return Error{
        Exit::Invalid,
        fmt::format("the header of the trace `{}` cannot be read: `{}`: {}", path, key, problem.what()),
        "it was made by another version of cbench, or is damaged"};
  }
}

}  // namespace cbench::trace
