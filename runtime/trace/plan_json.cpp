#include "runtime/trace/plan_json.h"

#include <fmt/format.h>

#include "runtime/trace/json_reader.h"

namespace cbench {
namespace {

using nlohmann::json;
using namespace trace;

json span_json(const Span& span) { return json::array({span.source, span.begin, span.end}); }

Span span_of(const json& j) {
  if (array(j).size() != 3) throw BadJson("a span has three numbers");
  return {integer<uint32_t>(j[0]), integer<uint32_t>(j[1]), integer<uint32_t>(j[2])};
}

// The position in `table` of the entry whose name is the text `j`.
template <class Enum, class Table, class Name>
Enum by_name(const json& j, const Table& table, Name name) {
  const std::string wanted = text(j);
  for (size_t i = 0; i < std::size(table); ++i)
    if (name(table[i]) == wanted) return static_cast<Enum>(i);
  throw BadJson(fmt::format("this cbench does not know `{}`", wanted));
}

Metric metric_of(const json& j, std::span<const Metric> own) {
  const std::string field = text(j);
  if (const auto metric = find_metric_field(field, own)) return *metric;
  throw BadJson(fmt::format("this cbench does not know `{}`", field));
}

json texts_json(const std::vector<std::string>& texts) { return json(texts); }

std::vector<std::string> texts_of(const json& j) {
  std::vector<std::string> texts;
  for (const json& item : array(j)) texts.push_back(text(item));
  return texts;
}

json param_json(const PlanParam& p) {
  return {{"name", p.name},
          {"doc", p.doc},
          {"unit", info(p.unit).name},
          {"is_integer", p.is_integer},
          {"value", number(p.value)},
          {"lo", number(p.lo)},
          {"hi", number(p.hi)}};
}

PlanParam param_of(const json& j) {
  return {.name = text(member(j, "name")),
          .doc = text(member(j, "doc")),
          .unit = by_name<Unit>(member(j, "unit"), kUnits, [](const UnitInfo& u) { return u.name; }),
          .is_integer = flag(member(j, "is_integer")),
          .value = number(member(j, "value")),
          .lo = number(member(j, "lo")),
          .hi = number(member(j, "hi"))};
}

template <class T>
json use_json(const PlanUse<T>& use, std::string_view what) {
  return {{"what", what}, {"line", use.line}, {"span", span_json(use.span)}};
}

template <class T>
PlanUse<T> use_of(const json& j, T what) {
  return {.what = what, .line = integer<uint32_t>(member(j, "line")), .span = span_of(member(j, "span"))};
}

// A rule or a fault: a text, its line and its span.
json place_json(const std::string& words, uint32_t line, const Span& span) {
  return {{"text", words}, {"line", line}, {"span", span_json(span)}};
}

json rule_json(const PlanRule& rule) {
  json j = place_json(rule.text, rule.line, rule.span);
  if (!rule.silent.empty()) j["silent"] = rule.silent;
  return j;
}

PlanRule rule_of(const json& j) {
  return {.text = text(member(j, "text")),
          .line = integer<uint32_t>(member(j, "line")),
          .span = span_of(member(j, "span")),
          .silent = j.contains("silent") ? text(j["silent"]) : ""};
}

PlanFault fault_of(const json& j) {
  return {.what = text(member(j, "text")),
          .line = integer<uint32_t>(member(j, "line")),
          .span = span_of(member(j, "span"))};
}

// The lists whose items are objects.
void read_lists(const json& j, std::span<const Metric> own, Plan& plan) {
  for (const json& item : array(member(j, "columns"))) plan.columns.push_back(metric_of(item, own));
  for (const json& item : array(member(j, "params"))) plan.params.push_back(param_of(item));
  for (const json& item : array(member(j, "rules"))) plan.rules.push_back(rule_of(item));
  for (const json& item : array(member(j, "faults"))) plan.faults.push_back(fault_of(item));
  for (const json& item : array(member(j, "needs")))
    plan.needs.push_back(use_of(item, metric_of(member(item, "what"), own)));
  for (const json& item : array(member(j, "acts")))
    plan.acts.push_back(use_of(
        item, by_name<Verb>(member(item, "what"), kActions, [](const ActionInfo& a) { return a.name; })));
}

Plan plan_of(const json& j, std::span<const Metric> own) {
  Plan plan;
  plan.policy = text(member(j, "policy"));
  plan.doc = text(member(j, "doc"));
  plan.edition = integer<int64_t>(member(j, "edition"));
  plan.slots = integer<uint32_t>(member(j, "slots"));
  plan.slot_names = texts_of(member(j, "slot_names"));
  for (const json& period : array(member(j, "periods_ns")))
    plan.periods_ns.push_back(integer<int64_t>(period));
  for (const json& period : array(member(j, "sample_ns"))) plan.sample_ns.push_back(integer<int64_t>(period));
  plan.classes = texts_of(member(j, "classes"));
  for (const json& owner : array(member(j, "owners"))) plan.owners.push_back(integer<int32_t>(owner));
  plan.classes_at_once = integer<uint32_t>(member(j, "classes_at_once"));
  plan.default_class = integer<int32_t>(member(j, "default_class"));
  plan.texts = texts_of(member(j, "texts"));
  plan.state_bytes = integer<uint64_t>(member(j, "state_bytes"));
  plan.operations = integer<uint64_t>(member(j, "operations"));
  plan.dwell_steps = integer<uint32_t>(member(j, "dwell_steps"));
  plan.actions_per_step = integer<uint32_t>(member(j, "actions_per_step"));
  plan.deadline_ns = integer<int64_t>(member(j, "deadline_ns"));
  read_lists(j, own, plan);
  return plan;
}

}  // namespace

std::string to_json(const Plan& plan) {
  json j = {{"policy", plan.policy},
            {"doc", plan.doc},
            {"edition", plan.edition},
            {"slots", plan.slots},
            {"slot_names", texts_json(plan.slot_names)},
            {"periods_ns", json(plan.periods_ns)},
            {"sample_ns", json(plan.sample_ns)},
            {"classes", texts_json(plan.classes)},
            {"owners", json(plan.owners)},
            {"classes_at_once", plan.classes_at_once},
            {"default_class", plan.default_class},
            {"texts", texts_json(plan.texts)},
            {"state_bytes", plan.state_bytes},
            {"operations", plan.operations},
            {"dwell_steps", plan.dwell_steps},
            {"actions_per_step", plan.actions_per_step},
            {"deadline_ns", plan.deadline_ns}};
  for (const char* list : {"columns", "params", "rules", "faults", "needs", "acts"}) j[list] = json::array();
  for (const Metric metric : plan.columns) j["columns"].push_back(info(metric).field);
  for (const PlanParam& param : plan.params) j["params"].push_back(param_json(param));
  for (const PlanRule& rule : plan.rules) j["rules"].push_back(rule_json(rule));
  for (const PlanFault& fault : plan.faults)
    j["faults"].push_back(place_json(fault.what, fault.line, fault.span));
  for (const auto& need : plan.needs) j["needs"].push_back(use_json(need, info(need.what).field));
  for (const auto& act : plan.acts) j["acts"].push_back(use_json(act, info(act.what).name));
  return dump_json(j);
}

Result<Plan> plan_from_json(const std::string& text, std::span<const Metric> own) {
  try {
    return plan_of(parse_json(text), own);
  } catch (const std::exception& problem) {
    return Error{Exit::Invalid, fmt::format("the plan is not readable: {}", problem.what()), ""};
  }
}

}  // namespace cbench
