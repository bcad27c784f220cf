// `app` of a container's `data`: where its own figures stand, and the pattern that finds them.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <pcre2.h>

#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

struct NamedGroup {
  std::string name;
  uint32_t number;
};

std::string all_figures() {
  std::string all;
  for (const MetricInfo& m : kMetrics)
    if (m.group == MetricGroup::app) all += (all.empty() ? "`" : ", `") + std::string(m.name) + "`";
  return all;
}

/// Where the `length` bytes at `offset` of a scalar's text were written; the whole scalar where quoting or
/// variables changed it.
Span part_of(const Reading& reading, const Located<std::string>& pattern, size_t offset, size_t length) {
  const std::string_view written = reading.sources.text(pattern.span);
  const size_t at = written.find(pattern.value);
  if (at == std::string_view::npos || offset + length > pattern.value.size()) return pattern.span;
  const auto begin = static_cast<uint32_t>(pattern.span.begin + at + offset);
  return {pattern.span.source, begin, static_cast<uint32_t>(begin + length)};
}

Code compile(Reading& reading, const Located<std::string>& pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.value.data()), pattern.value.size(),
                          PCRE2_NEVER_UTF, &error, &offset, nullptr));
  if (code) return code;
  PCRE2_UCHAR words[256] = {};
  pcre2_get_error_message(error, words, std::size(words));
  const size_t at = std::min<size_t>(offset, pattern.value.empty() ? 0 : pattern.value.size() - 1);
  reading.diagnostics
      .report(Kind::BadPattern, part_of(reading, pattern, at, 1),
              fmt::format("`pattern` is no regular expression: {}", reinterpret_cast<const char*>(words)),
              "the mistake is about here")
      .hint(
          "it is written as in Perl (PCRE2); in single quotes YAML leaves backslashes alone: "
          "'p95=(?<latency_p95>\\S+)'");
  return nullptr;
}

std::vector<NamedGroup> named_groups(const pcre2_code& code) {
  uint32_t count = 0, size = 0;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(&code, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(&code, PCRE2_INFO_NAMEENTRYSIZE, &size);
  pcre2_pattern_info(&code, PCRE2_INFO_NAMETABLE, &table);
  std::vector<NamedGroup> groups;
  for (uint32_t i = 0; i < count; ++i) {
    const PCRE2_SPTR entry = table + static_cast<size_t>(i) * size;  // two bytes of number, then the name
    groups.push_back({reinterpret_cast<const char*>(entry + 2), (uint32_t{entry[0]} << 8U) | entry[1]});
  }
  return groups;
}

Unit default_unit(Metric metric) {
  return info(metric).unit == Unit::PerSecond ? Unit::PerSecond : Unit::None;
}

/// The figures that the pattern's groups name. Reports a name that is no metric, and a pattern without any
/// name.
std::vector<AppFigure> figures_of(Reading& reading, const Located<std::string>& pattern,
                                  const pcre2_code& code) {
  std::vector<AppFigure> figures;
  const std::vector<NamedGroup> groups = named_groups(code);
  if (groups.empty())
    reading.diagnostics
        .report(Kind::BadPattern, pattern.span, "`pattern` has no named group, so that it gives no figure",
                "names no metric")
        .hint("name what is to be recorded: 'p95=(?<latency_p95>\\S+)'")
        .hint(fmt::format("the names are {}", all_figures()));
  for (const NamedGroup& group : groups) {
    if (const auto metric = find_metric("app", group.name)) {
      figures.push_back({*metric, group.number, default_unit(*metric)});
      continue;
    }
    std::vector<std::string> names;
    for (const MetricInfo& m : kMetrics)
      if (m.group == MetricGroup::app) names.emplace_back(m.name);
    const size_t at =
        std::min(pattern.value.find("<" + group.name + ">"), pattern.value.find("'" + group.name + "'"));
    auto built = reading.diagnostics.report(
        Kind::BadPattern,
        at == std::string::npos ? pattern.span : part_of(reading, pattern, at + 1, group.name.size()),
        fmt::format("the group `{}` of `pattern` is no metric of `app`", shown(group.name)), "not known");
    if (const std::string hint = did_you_mean(group.name, names); !hint.empty()) built.hint(hint);
    built.hint(fmt::format("the names are {}; figures of other names are not recorded by this version",
                           all_figures()));
  }
  std::sort(figures.begin(), figures.end(),
            [](const AppFigure& a, const AppFigure& b) { return a.metric < b.metric; });
  return figures;
}

void read_units(Reading& reading, const Fields& app, AppSource& source) {
  const Field* units = app.find("units");
  if (units == nullptr) return;
  for (const auto& [name, text] : units->pairs) {
    const auto metric = find_metric("app", name);
    const auto figure = std::find_if(source.figures.begin(), source.figures.end(),
                                     [&](const AppFigure& f) { return metric && f.metric == *metric; });
    if (figure == source.figures.end()) {
      reading.diagnostics
          .report(Kind::UnknownKey, text.span,
                  fmt::format("`pattern` has no group `{}` that could have a unit", shown(name)),
                  "its unit here")
          .hint("`units` has the names of the pattern's groups");
      continue;
    }
    const UnitInfo& own = info(info(figure->metric).unit);
    const auto* unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&, &unit_text = text.value](const UnitInfo& u) {
          return u.suffix == unit_text && !u.suffix.empty() && u.second == own.second && u.byte == 0 &&
                 u.cycle == 0 && u.instruction == 0;
        });
    if (unit == std::end(kUnits)) {
      reading.diagnostics
          .report(Kind::OutOfRange, text.span,
                  fmt::format("`{}` is not a unit of `{}`", shown(text.value), info(figure->metric).field),
                  "not one of them")
          .hint(own.second > 0 ? "a latency is in `ns`, `us`, `ms`, `s`, `min` or `h`"
                               : "a throughput is in `/s`");
      continue;
    }
    figure->bare = static_cast<Unit>(unit - std::begin(kUnits));
  }
}

/// `from` and `path`. False: reported.
bool read_place(Reading& reading, const Fields& app, AppSource& source) {
  const Field* from = app.find("from");
  if (from == nullptr) return false;
  const Field* path = app.find("path");
  if (from->text == "socket") {
    reading.diagnostics
        .report(Kind::NotYet, from->span, "this version does not read figures from a socket", "not read")
        .hint("let the workload write them to its output, `from: stdout`, or to a file, `from: file`");
    return false;
  }
  if (from->text != "stdout" && from->text != "file") {
    auto built = reading.diagnostics.report(
        Kind::OutOfRange, from->span,
        fmt::format("`from` is `stdout` or `file`, not `{}`", shown(from->text)), "not one of them");
    if (const std::string hint = did_you_mean(from->text, {"stdout", "file"}); !hint.empty())
      built.hint(hint);
    return false;
  }
  if (from->text == "stdout" && path != nullptr) {
    reading.diagnostics
        .report(Kind::Conflict, path->key_span, "`path` belongs to `from: file`", "has no meaning here")
        .label(from->span, "the container's own output is read")
        .hint("remove `path`, or write `from: file`");
    return false;
  }
  if (from->text == "file" && (path == nullptr || path->text.empty())) {
    if (path != nullptr || !app.written("path"))
      reading.diagnostics.report(Kind::MissingKey, from->span, "`from: file` wants a `path`", "which file?")
          .hint("`path: service.log`, relative to this file; the workload appends its figures to it");
    return false;
  }
  if (path != nullptr) source.path = {reading.resolve(path->text), path->span};
  return true;
}

}  // namespace

std::optional<Field> read_app(Reading& reading, const Field& app_field, ContainerSpec& spec) {
  const Fields app(reading, *app_field.node, app_keys(),
                   fmt::format("`app` of container `{}`", shown(spec.name.value)), app_field.key_span);
  AppSource source;
  const bool placed = read_place(reading, app, source);
  source.pattern = app.located("pattern");
  if (app.find("pattern") != nullptr) {
    if (const Code code = compile(reading, source.pattern)) {
      source.figures = figures_of(reading, source.pattern, *code);
      if (!source.figures.empty()) read_units(reading, app, source);
    }
  }
  if (placed) {
    for (const AppFigure& figure : source.figures)
      spec.sampling.enabled.set(static_cast<size_t>(figure.metric));
    spec.app = std::move(source);
  }
  const Field* period = app.find("frequency");
  return period != nullptr ? std::optional(*period) : std::nullopt;
}

}  // namespace cbench::config
