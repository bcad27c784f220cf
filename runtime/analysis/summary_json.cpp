// The summary as scripts read it.
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/analysis/summary.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_object(const ContainerFigures& figures) {
  return {{"cpu_percent", or_null(figures.cpu_percent)},
          {"ipc", or_null(figures.ipc)},
          {"memory_bytes", or_null(figures.memory_bytes)}};
}

Json to_object(const Decision& decision, const Plan& plan) {
  Json out = {{"step", decision.step},
              {"time_ns", decision.time_ns},
              {"action", info(decision.verb).name},
              {"what", describe(decision, plan)},
              {"outcome", name(decision.outcome)}};
  if (decision.slot >= 0 && static_cast<size_t>(decision.slot) < plan.slot_names.size())
    out["container"] = plan.slot_names[static_cast<size_t>(decision.slot)];
  if (decision.cls >= 0 && static_cast<size_t>(decision.cls) < plan.classes.size())
    out["class"] = plan.classes[static_cast<size_t>(decision.cls)];
  if (decision.domain >= 0) out["domain"] = decision.domain;
  if (decision.rule >= 0 && static_cast<size_t>(decision.rule) < plan.rules.size()) {
    out["line"] = plan.rules[static_cast<size_t>(decision.rule)].line;
    out["rule"] = plan.rules[static_cast<size_t>(decision.rule)].text;
  }
  if (decision.latency_ns >= 0) out["latency_ns"] = decision.latency_ns;
  if (!decision.reason.empty()) out["reason"] = decision.reason;
  if (!decision.why.empty()) out["why"] = decision.why;
  return out;
}

}  // namespace

std::string decision_json(const Decision& decision, const Plan& plan) {
  return dump_json(to_object(decision, plan));
}

std::string event_json(const TraceEvent& event, const std::vector<std::string>& containers) {
  Json out = {{"step", event.step}, {"time_ns", event.time_ns}};
  if (event.slot >= 0 && static_cast<size_t>(event.slot) < containers.size())
    out["container"] = containers[static_cast<size_t>(event.slot)];
  out["code"] = event.code;
  if (!event.text.empty()) out["text"] = event.text;
  return with_event(kEventNames[static_cast<size_t>(event.kind)], dump_json(out));
}

std::string with_event(std::string_view name, const std::string& object) {
  return fmt::format("{{\"event\":\"{}\",{}", name, object.substr(1));
}

std::string to_json(const RunSummary& summary, int indent) {
  Json out = {
      {"run_id", summary.run_id},
      {"outcome", summary.end ? Json(summary.end->outcome) : Json(nullptr)},
      {"problems", summary.end ? Json(summary.end->text) : Json(nullptr)},
      {"duration_ns", summary.duration_ns},
      {"steps", summary.steps},
      {"missed_steps", summary.missed_steps},
      {"policy", summary.policy.empty() ? Json(nullptr) : Json(summary.policy)},
      {"mode", summary.mode},
      {"rdt_simulated", summary.simulated.empty() ? Json(nullptr) : Json(summary.simulated)},
      {"action_latency_ns", summary.latency
                                ? Json{{"p50", summary.latency->p50_ns}, {"p99", summary.latency->p99_ns}}
                                : Json(nullptr)},
      {"policy_stopped", summary.policy_stopped.empty() ? Json(nullptr) : Json(summary.policy_stopped)},
      {"containers", Json::array()},
      {"actions", Json::array()}};
  for (const ContainerSummary& c : summary.containers) {
    Json one = {{"name", c.name},
                {"samples", c.samples},
                {"missed", c.missed},
                {"exit_code", or_null(c.exit_code)},
                {"stopped", c.stopped},
                {"rejected", c.rejected},
                {"out_of_memory", c.out_of_memory},
                {"image_id", c.image_id.empty() ? Json(nullptr) : Json(c.image_id)},
                {"image_digest", c.image_digest.empty() ? Json(nullptr) : Json(c.image_digest)},
                {"whole", to_object(c.whole)}};
    if (summary.first_action) {
      one["before_first_action"] = to_object(c.before);
      one["after_first_action"] = to_object(c.after);
    }
    out["containers"].push_back(std::move(one));
  }
  for (const Decision& decision : summary.decisions)
    out["actions"].push_back(to_object(decision, summary.plan));
  return dump_json(out, indent);
}

}  // namespace cbench
