// Metrics that the user names: events of `perf` here, figures of `app` in app.cpp.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "compiler/config/sections.h"
#include "stdlib/abi/own_metric.h"

namespace cbench::config {
namespace {

/// libpfm4's names have letters, digits and `_:=.-`; whether the CPU has the event is known when it runs.
bool is_event(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_:=.-").find(c) != std::string_view::npos;
  });
  return plain && !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         text.size() <= 200;
}

}  // namespace

std::optional<Metric> own_metric(Reading& reading, MetricGroup group, const Located<std::string>& name,
                                 Unit unit) {
  const std::string_view group_name = kMetricGroups[static_cast<size_t>(group)];
  const auto refuse = [&](std::string message, std::string hint) {
    reading.diagnostics.report(Kind::OutOfRange, name.span, std::move(message), "not possible")
        .hint(std::move(hint));
    return std::nullopt;
  };
  if (find_metric(group_name, name.value))
    return refuse(fmt::format("`{}` is a metric of `{}` already", shown(name.value), group_name),
                  "give it another name, or turn that metric on");
  if (!may_be_own_name(group, name.value))
    return refuse(
        fmt::format("`{}` cannot be a metric's name", shown(name.value)),
        fmt::format("a name has a letter, then letters, digits and `_`, {} at most", kOwnNameBytes));
  const auto metric = declare_metric(group, name.value, unit);
  if (!metric)
    return refuse("there are too many metrics of your own", fmt::format("{} at most", kOwnMetrics));
  return metric;
}

void read_events(Reading& reading, const Field& events, Sampling& sampling) {
  for (const auto& [name, text] : events.pairs) {
    if (reading.diagnostics.enough()) return;
    if (!is_event(text.value)) {
      reading.diagnostics
          .report(Kind::OutOfRange, text.span, fmt::format("`{}` is no event", shown(text.value)), "not one")
          .hint("`r01c2` is a raw code of the CPU, `UOPS_RETIRED:ALL` a name that libpfm4 knows");
      continue;
    }
    const auto metric = own_metric(reading, MetricGroup::perf, {name, text.span}, Unit::Count);
    if (!metric) continue;
    sampling.enabled.set(static_cast<size_t>(*metric));
    const auto same = std::find_if(reading.events.begin(), reading.events.end(),
                                   [&](const OwnEvent& event) { return event.metric == *metric; });
    if (same == reading.events.end()) {
      reading.events.push_back({*metric, text});
    } else if (same->event.value != text.value) {
      reading.diagnostics
          .report(Kind::Conflict, text.span, fmt::format("`{}` is two events", shown(name)),
                  "another one here")
          .label(same->event.span, "first here")
          .hint("an event has one name in a run");
    }
  }
}

}  // namespace cbench::config
