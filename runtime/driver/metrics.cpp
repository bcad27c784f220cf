// cbench metrics: every metric that a configuration may enable and a policy may read.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include <fmt/format.h>

#include "runtime/analysis/table.h"
#include "runtime/collectors/collector.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/preflight.h"
#include "runtime/host/json_text.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

const char* kind_name(MetricKind kind) {
  switch (kind) {
    case MetricKind::Delta:
      return "delta";
    case MetricKind::Cumulative:
      return "cumulative";
    case MetricKind::Gauge:
      return "gauge";
    case MetricKind::Derived:
      return "derived";
  }
  return "";
}

const char* type_name(MetricType type) {
  return type == MetricType::I64 ? "integer" : type == MetricType::F64 ? "float" : "string";
}

std::string unit_name(const MetricInfo& m) {
  if (m.type == MetricType::Str) return "";
  return m.unit == Unit::Count ? "count" : m.unit == Unit::Ratio ? "ratio" : std::string(info(m.unit).suffix);
}

struct MetricsOptions {
  bool json = false, markdown = false;
  std::string group;
};

std::string_view group_name(const MetricInfo& m) { return kMetricGroups[static_cast<size_t>(m.group)]; }

std::vector<Metric> chosen_metrics(const MetricsOptions& options) {
  std::vector<Metric> all;
  for (size_t i = 0; i < kMetricCount; ++i)
    if (options.group.empty() || group_name(kMetrics[i]) == options.group)
      all.push_back(static_cast<Metric>(i));
  return all;
}

/// With what each metric needs looked at.
HostFacts whole_host() {
  HostFacts facts = look_at_host();
  probe_metrics(every_metric(), facts);
  return facts;
}

std::string as_json(const std::vector<Metric>& metrics, const HostFacts& facts) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Metric metric : metrics) {
    const MetricInfo& m = info(metric);
    const auto why = facts.unavailable.find(metric);
    all.push_back({{"field", m.field},
                   {"group", group_name(m)},
                   {"name", m.name},
                   {"type", type_name(m.type)},
                   {"unit", info(m.unit).suffix},
                   {"kind", kind_name(m.kind)},
                   {"scope", m.scope == MetricScope::Host ? "host" : "container"},
                   {"source", m.source},
                   {"doc", m.doc},
                   {"available", why == facts.unavailable.end()}});
    if (why != facts.unavailable.end()) all.back()["reason"] = why->second;
  }
  return dump_json(all, 2) + "\n";
}

/// Reasons stand below the table, each once.
std::string as_table(const std::vector<Metric>& metrics, const HostFacts& facts) {
  Table table({{"field"}, {"here"}, {"type"}, {"unit"}, {"kind"}, {"meaning"}});
  std::vector<std::string> reasons;
  for (const Metric metric : metrics) {
    const MetricInfo& m = info(metric);
    std::string here = "yes";
    if (const auto why = facts.unavailable.find(metric); why != facts.unavailable.end()) {
      const auto known = std::find(reasons.begin(), reasons.end(), why->second);
      here = fmt::format("no [{}]", known - reasons.begin() + 1);
      if (known == reasons.end()) reasons.push_back(why->second);
    }
    table.row(
        {std::string(m.field), here, type_name(m.type), unit_name(m), kind_name(m.kind), std::string(m.doc)});
  }
  std::string out = table.text();
  for (size_t i = 0; i < reasons.size(); ++i)
    out += fmt::format("{}[{}] {}\n", i == 0 ? "\n" : "", i + 1, reasons[i]);
  return out;
}

int print_metrics(const MetricsOptions& options) {
  const std::vector<Metric> metrics = chosen_metrics(options);
  std::fputs((options.markdown ? metrics_page()
              : options.json   ? as_json(metrics, whole_host())
                               : as_table(metrics, whole_host()))
                 .c_str(),
             stdout);
  return 0;
}

}  // namespace

std::string metrics_page() {
  std::string out =
      "# Metrics\n\n"
      "Every metric that a configuration may enable and a policy may read: the page is what `cbench metrics "
      "--markdown` "
      "prints of `stdlib/abi/metrics.def`; `cbench metrics` shows the same with what this host can measure. "
      "A field "
      "`perf_cycles` is `cycles` of `perf` in bench.yml, and `c.perf.cycles` in a policy. Beside these there "
      "are metrics "
      "[of your own](language.md#metrics-of-your-own), and where a host has several L3 domains the parts of "
      "`rdt_l3_cache_occupancy` and `rdt_memory_bandwidth_*` by domain (`_d0`, `_d1` …) and by node of "
      "sub-NUMA "
      "clustering (`_n0` …).\n\n"
      "Kinds: a *delta* is the change in the sampling interval, a *cumulative* figure counts from the "
      "container's start, a "
      "*gauge* is the value now, a *derived* one is computed from others of the same interval. How true they "
      "are: "
      "[accuracy](accuracy.md).\n";
  for (size_t g = 0; g < std::size(kMetricGroups); ++g) {
    out += fmt::format(
        "\n## {}\n\n| field | type | unit | kind | source | meaning |\n| --- | --- | --- | --- | --- | --- "
        "|\n",
        kMetricGroups[g]);
    for (const MetricInfo& m : kMetrics)
      if (static_cast<size_t>(m.group) == g)
        out += fmt::format("| `{}` | {} | {} | {} | `{}` | {} |\n", m.field, type_name(m.type), unit_name(m),
                           kind_name(m.kind), m.source, m.doc);
  }
  return out;
}

void add_metrics(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<MetricsOptions>();
  CLI::App* command = app.add_subcommand(
      "metrics", "List every metric: exported field, whether this host has it, type, unit, kind, meaning");
  command->add_flag("--json", options->json, "as JSON, with the source of each");
  command->add_flag("--markdown", options->markdown,
                    "as the page docs/metrics.md, which is the same on every host");
  command->add_option("--group", options->group, "only of this group")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kMetricGroups), std::end(kMetricGroups))));
  command->footer(
      "Examples:\n  cbench metrics --group perf\n  cbench metrics --json\n"
      "In a policy a field perf_cycles is written c.perf.cycles.");
  command->callback([options, &chosen] { chosen = [options](Console&) { return print_metrics(*options); }; });
}

}  // namespace cbench
