// cbench metrics: every metric that a configuration may enable and a policy may read.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "runtime/analysis/table.h"
#include "runtime/driver/commands.h"
#include "stdlib/abi/vocabulary.h"

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

int print_metrics(bool json) {
  if (json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const MetricInfo& m : kMetrics)
      all.push_back({{"field", m.field},
                     {"group", kMetricGroups[static_cast<size_t>(m.group)]},
                     {"name", m.name},
                     {"type", type_name(m.type)},
                     {"unit", info(m.unit).suffix},
                     {"kind", kind_name(m.kind)},
                     {"scope", m.scope == MetricScope::Host ? "host" : "container"},
                     {"source", m.source},
                     {"doc", m.doc}});
    std::puts(all.dump(2).c_str());
    return 0;
  }
  Table table({{"field"}, {"type"}, {"unit"}, {"kind"}, {"meaning"}});
  for (const MetricInfo& m : kMetrics)
    table.row({std::string(m.field), type_name(m.type), std::string(info(m.unit).suffix), kind_name(m.kind),
               std::string(m.doc)});
  std::fputs(table.text().c_str(), stdout);
  return 0;
}

}  // namespace

void add_metrics(CLI::App& app, Command& chosen) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      app.add_subcommand("metrics", "List every metric: exported field, type, unit, kind, meaning");
  command->add_flag("--json", *json, "as JSON, with the source of each");
  command->footer("In a policy a field perf_cycles is written c.perf.cycles.");
  command->callback([json, &chosen] { chosen = [json](Console&) { return print_metrics(*json); }; });
}

}  // namespace cbench
