// A planned program as text, for --dump plan.
#include <fmt/format.h>

#include "compiler/plan/plan.h"

namespace cbench::plan {

std::string to_text(const Planned& planned) {
  const check::Program& p = *planned.program;
  const Plan& plan = planned.plan;
  std::string out =
      fmt::format("policy {} edition {}: {} containers, {} bytes of state, at most {} operations a step\n",
                  plan.policy, plan.edition, plan.slots, plan.state_bytes, plan.operations);
  out += "columns\n";
  for (size_t i = 0; i < plan.columns.size(); ++i)
    out += fmt::format("  {:3} {}\n", i, info(plan.columns[i]).field);
  out += "parameters\n";
  for (const PlanParam& param : plan.params) {
    const UnitInfo& unit = info(param.unit);
    const double scale = unit.second == 1 && param.is_integer ? 1e9 : unit.scale;
    out += fmt::format("  {} = {:g}{}\n", param.name, param.value / scale, unit.suffix);
  }
  out += "streams\n";
  for (const uint32_t id : p.stream_order) {
    out += fmt::format("  {} at {} × {}\n", one_line(p.streams[id].name), planned.layout.streams[id].value,
                       planned.layout.streams[id].n);
    for (const uint32_t t : p.streams[id].temporals) {
      const TemporalPlace& place = planned.layout.temporals[t];
      out += fmt::format("    ring or latch at {}: {} × {} bytes{}\n", place.base, place.n, place.stride,
                         place.capacity > 0 ? fmt::format(", {} samples", place.capacity) : "");
    }
  }
  out += "states\n";
  for (size_t i = 0; i < p.states.size(); ++i)
    out += fmt::format("  {} at {} × {}\n", p.states[i].name, planned.layout.states[i].base,
                       planned.layout.states[i].n);
  out += "rules\n";
  for (size_t i = 0; i < plan.rules.size(); ++i)
    out += fmt::format("  {} line {} at {}: {}\n", i, plan.rules[i].line, planned.layout.rules[i].first,
                       plan.rules[i].text);
  return out;
}

}  // namespace cbench::plan
