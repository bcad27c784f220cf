// The summary as a person reads it.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/analysis/summary.h"
#include "runtime/analysis/table.h"

namespace cbench {
namespace {

constexpr size_t kMostActions = 20;
constexpr size_t kRuleWidth = 56;  ///< a rule's head is cut there; the line number finds the rest

std::string seconds(int64_t ns) { return fmt::format("{:.2f} s", static_cast<double>(ns) / 1e9); }

std::string milliseconds(int64_t ns) { return fmt::format("{:.2f} ms", static_cast<double>(ns) / 1e6); }

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}", *value) : "n/a";
}
std::string ratio(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f}", *value) : "n/a";
}

std::string bytes(const std::optional<int64_t>& value) { return value ? in_bytes(*value) : "n/a"; }

std::string exit_words(const ContainerSummary& container) {
  if (container.rejected) return "rejected";
  if (!container.exit_code) return "-";
  const char* remark = container.out_of_memory ? " (out of memory)" : container.stopped ? " (stopped)" : "";
  return fmt::format("{}{}", *container.exit_code, remark);
}

std::string containers(const RunSummary& summary) {
  using enum Table::Align;
  Table table({{"container"},
               {"samples", Right},
               {"missed", Right},
               {"CPU %", Right},
               {"IPC", Right},
               {"memory", Right},
               {"exit"}});
  for (const ContainerSummary& c : summary.containers)
    table.row({c.name, std::to_string(c.samples), std::to_string(c.missed), percent(c.whole.cpu_percent),
               ratio(c.whole.ipc), bytes(c.whole.memory_bytes), exit_words(c)});
  return table.text();
}

std::string before_and_after(const RunSummary& summary) {
  if (!summary.first_action) return "";
  using enum Table::Align;
  Table table(
      {{"container"}, {"CPU % before", Right}, {"after", Right}, {"IPC before", Right}, {"after", Right}});
  for (const ContainerSummary& c : summary.containers)
    if (c.before.cpu_percent || c.after.cpu_percent)
      table.row({c.name, percent(c.before.cpu_percent), percent(c.after.cpu_percent), ratio(c.before.ipc),
                 ratio(c.after.ipc)});
  if (table.empty()) return "";
  return fmt::format("\nthe second before the first action ({}, {}), and after it\n{}",
                     seconds(summary.first_action->time_ns), describe(*summary.first_action, summary.plan),
                     table.text("  "));
}

std::string actions(const RunSummary& summary) {
  if (summary.policy.empty()) return "";
  std::vector<Decision> acts;  // what was said but did nothing to the host stands in the trace
  std::copy_if(summary.decisions.begin(), summary.decisions.end(), std::back_inserter(acts),
               [](const Decision& d) {
                 return d.outcome != Outcome::NoChange && d.verb != Verb::Log && d.verb != Verb::Annotate &&
                        d.verb != Verb::Emit;
               });
  if (acts.empty()) return fmt::format("\npolicy {} ({}) took no action\n", summary.policy, summary.mode);
  std::string out = fmt::format("\nactions of policy {} ({})\n{}", summary.policy, summary.mode,
                                decision_table(acts, summary.plan, "  ", kMostActions));
  if (const auto& latency = summary.latency; latency && latency->p50_ns == latency->p99_ns)
    out += fmt::format("  from sample to effect: {}\n", milliseconds(latency->p50_ns));
  else if (latency)
    out += fmt::format("  from sample to effect: {} at the median, {} at the 99th percentile\n",
                       milliseconds(latency->p50_ns), milliseconds(latency->p99_ns));
  return out;
}

bool alike(const Decision& a, const Decision& b, const Plan& plan) {
  return a.rule == b.rule && a.outcome == b.outcome && a.reason == b.reason &&
         describe(a, plan) == describe(b, plan);
}

std::string rule_words(const Decision& decision, const Plan& plan) {
  if (decision.rule < 0 || static_cast<size_t>(decision.rule) >= plan.rules.size()) return "";
  const PlanRule& rule = plan.rules[static_cast<size_t>(decision.rule)];
  size_t end = std::min(rule.text.size(), kRuleWidth);
  while (end < rule.text.size() && (rule.text[end] & 0xC0) == 0x80) --end;  // not inside a code point
  return fmt::format("line {}: {}{}", rule.line, rule.text.substr(0, end),
                     end < rule.text.size() ? "..." : "");
}

}  // namespace

std::string decision_table(const std::vector<Decision>& decisions, const Plan& plan,
                           const std::string& indent, size_t limit) {
  Table table({{"time", Table::Align::Right}, {"action"}, {"outcome"}, {"rule"}, {"because"}});
  size_t lines = 0, shown = 0;
  for (; shown < decisions.size() && (limit == 0 || lines < limit); ++lines) {
    const Decision& first = decisions[shown];
    size_t times = 1;
    while (shown + times < decisions.size() && alike(first, decisions[shown + times], plan)) ++times;
    shown += times;
    std::string because = first.reason;
    if (!first.why.empty()) because += (because.empty() ? "" : "; ") + first.why;
    table.row({seconds(first.time_ns), describe(first, plan),
               times > 1 ? fmt::format("{} ({} times)", name(first.outcome), times)
                         : std::string(name(first.outcome)),
               rule_words(first, plan), because});
  }
  std::string out = table.text(indent);
  if (shown < decisions.size()) out += fmt::format("{}... and {} more\n", indent, decisions.size() - shown);
  return out;
}

std::string to_text(const RunSummary& summary) {
  std::string out =
      fmt::format("{} after {}, {} steps, {} missed\n\n", summary.end ? summary.end->outcome : "cut off",
                  seconds(summary.duration_ns), summary.steps, summary.missed_steps);
  if (!summary.simulated.empty())
    out += fmt::format(
        "RDT IS SIMULATED ({}): cache and bandwidth figures are a model's, and classes change nothing "
        "of the hardware\n\n",
        summary.simulated);
  out += containers(summary) + actions(summary) + before_and_after(summary);
  if (!summary.policy_stopped.empty()) out += "\npolicy stopped: " + summary.policy_stopped + "\n";
  if (summary.end && !summary.end->text.empty()) out += "\nproblems\n  " + summary.end->text + "\n";
  return out;
}

}  // namespace cbench
