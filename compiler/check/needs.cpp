// What a policy says of itself: needs, optional and acts.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/check/checker.h"
#include "compiler/check/vocabulary_names.h"

namespace cbench::check {

void Checker::declare_needs(const ast::Needs& needs, Span span) {
  // A list that only declares promises nothing of other metrics.
  const bool lists = std::any_of(needs.metrics.begin(), needs.metrics.end(),
                                 [](const ast::Needs::Item& item) { return !item.type; });
  if (!needs.optional && lists && !needs_span_.known()) needs_span_ = span;
  for (const ast::Needs::Item& item : needs.metrics) {
    const ast::MetricName& written = item.metric;
    const auto metric =
        item.type ? declared_here(item) : metric_named(written.group, written.name, p_.own, diagnostics_);
    if (!metric) continue;
    if (needs.optional)
      p_.optional.push_back(*metric);
    else
      needs_written_.emplace_back(*metric, written.span);
  }
}

std::optional<Metric> Checker::declared_here(const ast::Needs::Item& item) {
  const auto metric = declared_metric(item, diagnostics_);
  if (!metric) return std::nullopt;
  for (const Metric other : p_.own)
    if (cbench::info(other).field == cbench::info(*metric).field) {
      diagnostics_.report(
          Kind::Redeclared, item.metric.span,
          fmt::format("`{}.{}` is declared already", item.metric.group.text, item.metric.name.text),
          "a second time here");
      return std::nullopt;
    }
  p_.own.push_back(*metric);
  return metric;
}

void Checker::declare_acts(const ast::Acts& acts, Span span) {
  if (!acts_span_.known()) acts_span_ = span;
  for (const ast::Name& action : acts.actions)
    if (const auto verb = action_named(action)) acts_written_.emplace_back(*verb, action.span);
}

void Checker::check_needs() {
  const auto holds = [](const auto& list, auto what) {
    return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.first == what; });
  };
  for (const auto& [metric, span] : needs_written_) p_.promised.push_back(metric);
  if (needs_span_.known()) {
    for (const auto& [metric, span] : p_.needs)
      if (!holds(needs_written_, metric))
        diagnostics_
            .report(Kind::LeftOut, span, "the policy reads a metric that its `needs` leaves out", "read here")
            .label(needs_span_,
                   fmt::format("add `{}.{}`", kMetricGroups[static_cast<size_t>(cbench::info(metric).group)],
                               cbench::info(metric).name));
    for (const auto& need : needs_written_)  // what is promised to be there is asked for
      if (!holds(p_.needs, need.first)) p_.needs.push_back(need);
  }
  if (!acts_span_.known()) return;
  for (const auto& [verb, span] : p_.acts)
    if (cbench::info(verb).resource != ActionResource::None && !holds(acts_written_, verb))
      diagnostics_
          .report(Kind::LeftOut, span, "the policy takes an action that its `acts` leaves out",
                  "planned here")
          .label(acts_span_, fmt::format("add `{}`", cbench::info(verb).name));
}

/// Known before the run; false where the configuration does not measure the metric for every container, or
/// the host cannot.
NodeId Checker::has(const ast::Has& h, Span span) {
  const auto metric = metric_named(h.metric.group, h.metric.name, p_.own, diagnostics_);
  if (!metric) return error_node(span);
  Node n = make(Op::Has, kBool, span);
  n.ref = static_cast<uint32_t>(*metric);
  return add(n);
}

}  // namespace cbench::check
