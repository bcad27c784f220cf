#include "runtime/trace/schema.h"

#include <span>

namespace cbench::trace {
namespace {

constexpr std::string_view kMetricKinds[] = {"delta", "cumulative", "gauge", "derived"};

Field metric_field(Metric metric) {
  const MetricInfo& m = info(metric);
  const Type type = m.type == MetricType::I64   ? Type::I64
                    : m.type == MetricType::F64 ? Type::F64
                                                : Type::Dictionary;
  return {std::string(m.field),
          type,
          true,
          {{"unit", std::string(info(m.unit).suffix)},
           {"kind", std::string(kMetricKinds[static_cast<size_t>(m.kind)])},
           {"description", std::string(m.doc)}}};
}

void add_names(std::vector<std::string>& out, std::span<const std::string_view> names) {
  out.insert(out.end(), names.begin(), names.end());
}

// What the dictionary of a column begins with. The texts of metrics, and the outcome of a run, come as they
// come.
std::vector<std::string> seed(std::string_view column, const TraceHeader& header) {
  std::vector<std::string> names;
  if (column == "kind") add_names(names, kRowKindNames);
  if (column == "event") add_names(names, kEventNames);
  if (column == "outcome") add_names(names, kOutcomeNames);
  if (column == "verb")
    for (const ActionInfo& action : kActions) names.emplace_back(action.name);
  if (column == "container" || column == "target") names = header.container_names;
  if (column == "class" || column == "target")
    names.insert(names.end(), header.plan.classes.begin(), header.plan.classes.end());
  if (column == "target") names.insert(names.end(), {"l3", "l2"});
  return names;
}

}  // namespace

std::vector<Field> trace_fields(const std::vector<Metric>& metrics) {
  std::vector<Field> fields = {{"kind", Type::Dictionary, false, {}},
                               {"step", Type::I64, false, {}},
                               {"time_ns", Type::I64, false, {}},
                               {"wall_ns", Type::Timestamp, false, {}},
                               {"container", Type::Dictionary, true, {}},
                               {"slot", Type::I32, true, {}},
                               {"dt_ns", Type::I64, true, {}}};
  for (const Metric metric : metrics) {
    fields.push_back(metric_field(metric));
    fields.push_back({std::string(info(metric).field) + ".status", Type::U8, true, {}});
  }
  const std::vector<Field> rest = {
      {"event", Type::Dictionary, true, {}}, {"code", Type::I64, true, {}},
      {"verb", Type::Dictionary, true, {}},  {"target", Type::Dictionary, true, {}},
      {"class", Type::Dictionary, true, {}}, {"domain", Type::I32, true, {}},
      {"value", Type::F64, true, {}},        {"outcome", Type::Dictionary, true, {}},
      {"detail", Type::Utf8, true, {}},      {"reason", Type::Utf8, true, {}},
      {"why", Type::Utf8, true, {}},         {"rule", Type::I32, true, {}},
      {"line", Type::U32, true, {}},         {"ordinal", Type::U32, true, {}},
      {"samples", Type::I64, true, {}},      {"missed_steps", Type::I64, true, {}},
      {"latency_ns", Type::I64, true, {}}};
  fields.insert(fields.end(), rest.begin(), rest.end());
  return fields;
}

std::vector<Dictionary> trace_dictionaries(const TraceHeader& header, const std::vector<Field>& fields) {
  std::vector<Dictionary> dictionaries;
  for (const Field& field : fields)
    if (field.type == Type::Dictionary) dictionaries.emplace_back(seed(field.name, header));
  return dictionaries;
}

std::vector<int> dictionary_numbers(const std::vector<Field>& fields) {
  std::vector<int> numbers;
  int next = 0;
  for (const Field& field : fields) numbers.push_back(field.type == Type::Dictionary ? next++ : -1);
  return numbers;
}

std::string target_of(const Decision& decision, const TraceHeader& header) {
  const auto name = [](const std::vector<std::string>& names, int32_t index) {
    return index >= 0 && static_cast<size_t>(index) < names.size() ? names[static_cast<size_t>(index)]
                                                                   : std::string();
  };
  switch (info(decision.verb).target) {
    case ActionTarget::Container:
      return name(header.container_names, decision.slot);
    case ActionTarget::Class:
      return name(header.plan.classes, decision.cls);
    case ActionTarget::Layout:
      return decision.verb == Verb::LayoutL2 ? "l2" : "l3";
    case ActionTarget::None:
      return "";
  }
  return "";
}

}  // namespace cbench::trace
