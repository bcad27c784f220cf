// `target` of a container: figures that its metrics are held against. `ipc` and `ipce` are older spellings of
// two of them.
#include "stdlib/abi/target.h"

#include <charconv>

#include <fmt/format.h>

#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

/// "5ms", "1.2", "80%". nullopt: no number, or not of the metric's unit.
std::optional<double> read_value(std::string_view text, Metric metric) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(rest, static_cast<size_t>(end - rest));
  if (suffix.empty()) return target_value(metric, value, Unit::None);
  for (size_t u = 0; u < std::size(kUnits); ++u)
    if (kUnits[u].suffix == suffix) return target_value(metric, value, static_cast<Unit>(u));
  return std::nullopt;
}

void report_unknown(Reading& reading, const Located<std::string>& value, std::string_view name) {
  auto built = reading.diagnostics.report(
      Kind::UnknownKey, value.span,
      fmt::format("there is no metric `{}` that a target may be set for", shown(name)), "its value here");
  if (const std::string hint = did_you_mean(name, target_names()); !hint.empty()) built.hint(hint);
  built.hint(
      "a target has the name of a metric without its group, such as `latency_p95`, or is `ipc` or `ipce`");
}

}  // namespace

void read_targets(Reading& reading, const Fields& fields, ContainerSpec& spec) {
  if (const auto ipc = fields.number("ipc")) spec.targets.emplace_back(*find_target("ipc"), *ipc);
  if (const auto ipce = fields.number("ipce")) spec.targets.emplace_back(*find_target("ipce"), *ipce);
  const Field* field = fields.find("target");
  if (field == nullptr) return;
  for (const auto& [name, text] : field->pairs) {
    const auto metric = find_target(name);
    if (!metric) {
      report_unknown(reading, text, name);
      continue;
    }
    if (spec.target(*metric)) {
      const bool outside = fields.find(name) != nullptr;
      auto built = reading.diagnostics.report(
          Kind::Conflict, text.span, fmt::format("the target of `{}` is set twice", info(*metric).name),
          "a second time here");
      if (outside) built.label(fields.find(name)->span, "first here");
      built.hint("leave one of them out");
      continue;
    }
    const auto value = read_value(text.value, *metric);
    if (!value) {
      reading.diagnostics
          .report(Kind::WrongType, text.span,
                  fmt::format("`{}` is no target of `{}`", shown(text.value), info(*metric).field),
                  "not a value of this metric above 0")
          .hint(fmt::format("such as `{}: {}`", name, target_example(*metric)));
      continue;
    }
    spec.targets.emplace_back(*metric, *value);
  }
}

}  // namespace cbench::config
