#include "compiler/config/schema.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "compiler/config/keys.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {
namespace {

using config::Key;
using config::Keys;
using config::Type;
using config::Use;
using json = nlohmann::ordered_json;

json of_type(const char* type) { return {{"type", type}}; }
json scalar() { return {{"type", {"string", "number", "boolean", "null"}}}; }
json matching(const char* pattern) { return {{"type", "string"}, {"pattern", pattern}}; }
/// A text that a variable stands in.
json variable() { return matching("\\$\\{"); }
json either(std::vector<json> schemas) { return {{"anyOf", std::move(schemas)}}; }
json list_of(json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
json map_of(json values) { return {{"type", "object"}, {"additionalProperties", std::move(values)}}; }

/// A key without a value counts as absent.
json or_nothing(json made) {
  if (made.contains("anyOf"))
    made["anyOf"].push_back(of_type("null"));
  else if (made.contains("type") && made["type"].is_string())
    made["type"] = {made["type"], "null"};
  return made;
}

json bounded(const char* type, const Key& key) {
  json made = of_type(type);
  if (std::isfinite(key.low)) made[key.above ? "exclusiveMinimum" : "minimum"] = key.low;
  if (std::isfinite(key.high)) made["maximum"] = key.high;
  return made;
}

json map_schema(Keys keys);

/// A metric group's names, and what else may stand beside them.
json metrics_schema(std::string_view group) {
  json names = json::object();
  const json flag = either({of_type("boolean"), variable(), of_type("null")});
  names["frequency"] = {
      {"type", {"integer", "null"}}, {"minimum", 1}, {"description", "sampling period in ms"}};
  names["all"] = {{"type", {"boolean", "null"}},
                  {"description", "every metric but for those that are false"}};
  if (group == "perf") {
    names["events"] = or_nothing(map_of(scalar()));
    names["min_running"] = scalar();
  }
  for (const MetricInfo& m : kMetrics) {
    if (kMetricGroups[static_cast<size_t>(m.group)] != group) continue;
    names[std::string(m.name)] = flag;
    names[std::string(m.name)]["description"] = m.doc;
  }
  for (const MetricAlias& alias : kMetricAliases)
    if (alias.group == group) names[std::string(alias.alias)] = flag;
  for (const std::string_view stray : config::stray_metrics()) names[std::string(stray)] = json::object();
  return either({of_type("boolean"),
                 {{"type", "object"}, {"properties", std::move(names)}, {"additionalProperties", false}},
                 variable()});
}

json value_schema(const Key& key) {
  switch (key.type) {
    case Type::Text:
    case Type::Secret:
      return scalar();
    case Type::Bool:
      return either({of_type("boolean"), variable()});
    case Type::Integer:
    case Type::Milliseconds:
      return either({bounded("integer", key), variable()});
    case Type::Number:
    case Type::Seconds:
      return either({bounded("number", key), variable()});
    case Type::Fraction:
      return either({bounded("number", key), matching("^[0-9.eE+-]+%?$"), variable()});
    case Type::Bytes:
      return either({bounded("number", key), matching("^[0-9.]+ *([bBkKmMgGtT]|[KMGT]iB)?$"), variable()});
    case Type::Cpus:
      return either({{{"type", "integer"}, {"minimum", 0}}, matching("^[0-9 ,-]+$"), variable()});
    case Type::Choice:
      return either({{{"enum", config::choices_of(key)}}, variable()});
    case Type::Texts:
      return either({scalar(), list_of(scalar())});
    case Type::Pairs:
      return either({map_of(scalar()), list_of(of_type("string"))});
    case Type::TextMap:
      return map_of(scalar());
    case Type::Map:
      return map_schema(key.members);
    case Type::Metrics:
      return metrics_schema(key.name);
    case Type::Anything:
      break;
  }
  return json::object();
}

json property(const Key& key) {
  json made = key.use == Use::Ignored || key.use == Use::Tuning ? json::object() : value_schema(key);
  if (key.use == Use::Optional) made = or_nothing(std::move(made));
  made["description"] = key.doc;
  return made;
}

json properties(Keys keys) {
  json all = json::object();
  for (const Key& key : keys) all[std::string(key.name)] = property(key);
  return all;
}

json map_schema(Keys keys) {
  json required = json::array();
  for (const Key& key : keys)
    if (key.use == Use::Required) required.push_back(key.name);
  json made = {{"type", "object"}, {"properties", properties(keys)}, {"additionalProperties", false}};
  if (!required.empty()) made["required"] = std::move(required);
  return made;
}

/// A container or a template, whose `data` may be the one at the top.
json container_schema(Keys keys) {
  json made = map_schema(keys);
  made["properties"]["data"] = {{"$ref", "#/definitions/data"}};
  made.erase("required");
  return made;
}

}  // namespace

std::string config_schema() {
  json top = properties(config::top_keys());
  top["data"] = {{"$ref", "#/definitions/data"}};
  const json templates = {
      {"type", "object"},
      {"properties", {{"input", either({of_type("string"), list_of(of_type("string"))})}}},
      {"additionalProperties", {{"$ref", "#/definitions/template"}}}};
  const std::string doc = top["workloads"]["description"];
  top["workloads"] = templates;
  top["workloads"]["description"] = doc;
  top["workloads"]["properties"]["input"]["description"] = "files or folders with more templates";
  const json schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                       {"title", "A benchmark of cbench (bench.yml)"},
                       {"type", "object"},
                       {"properties", std::move(top)},
                       {"additionalProperties", {{"$ref", "#/definitions/container"}}},
                       {"required", {"benchmark"}},
                       {"definitions",
                        {{"data", map_schema(config::data_keys())},
                         {"container", container_schema(config::container_keys())},
                         {"template", container_schema(config::template_keys())}}}};
  return schema.dump(2) + "\n";
}

}  // namespace cbench
