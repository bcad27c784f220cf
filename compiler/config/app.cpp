// `app` of a container's `data`: where its own figures stand, and the pattern that finds them.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <pcre2.h>

#include "compiler/config/scalar.h"
#include "compiler/config/sections.h"
#include "stdlib/abi/socket_address.h"

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
  pcre2_pattern_info(&code, PCRE2_INFO_NAMETABLE, static_cast<void*>(&table));
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

const Located<std::string>* unit_of(const Field* units, std::string_view name) {
  if (units == nullptr) return nullptr;
  for (const auto& [of, text] : units->pairs)
    if (of == name) return &text;
  return nullptr;
}

void report_group(Reading& reading, const NamedGroup& group, const Located<std::string>& pattern) {
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
  built.hint(fmt::format("the names are {}", all_figures()));
  built.hint(
      fmt::format("a metric of your own has its unit in `units`: `units: {{{}: count}}`", shown(group.name)));
}

/// A figure of the user's own, with the unit that `units` gives it.
std::optional<AppFigure> own_figure(Reading& reading, const NamedGroup& group,
                                    const Located<std::string>& unit_text) {
  const auto unit = parse_unit(unit_text.value);
  if (!unit) {
    reading.diagnostics
        .report(Kind::OutOfRange, unit_text.span, fmt::format("`{}` is not a unit", shown(unit_text.value)),
                "not known")
        .hint("`count`, `float`, `ratio`, `%`, `ns` … `h`, `B`, `MiB`, `MB`, `B/s`, `MB/s`, `/s` and so on");
    return std::nullopt;
  }
  const auto metric = own_metric(reading, MetricGroup::app, {group.name, unit_text.span}, *unit);
  if (!metric) return std::nullopt;
  for (const Located<Metric>& other : reading.figures) {
    if (other.value == *metric) return AppFigure{*metric, group.number, *unit};
    if (info(other.value).name != info(*metric).name) continue;
    reading.diagnostics
        .report(Kind::Conflict, unit_text.span, fmt::format("`{}` has two units", shown(group.name)),
                "another one here")
        .label(other.span, "first here")
        .hint("a metric has one unit in a run; what is printed may be in any of its kind");
    return std::nullopt;
  }
  reading.figures.push_back({*metric, unit_text.span});
  return AppFigure{*metric, group.number, *unit};
}

/// The figures that the pattern's groups name. Reports a name that is no metric, and a pattern without any
/// name.
std::vector<AppFigure> figures_of(Reading& reading, const Located<std::string>& pattern,
                                  const pcre2_code& code, const Field* units) {
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
    } else if (const Located<std::string>* unit = unit_of(units, group.name)) {
      if (const auto own = own_figure(reading, group, *unit)) figures.push_back(*own);
    } else {
      report_group(reading, group, pattern);
    }
  }
  std::sort(figures.begin(), figures.end(),
            [](const AppFigure& a, const AppFigure& b) { return a.metric < b.metric; });
  return figures;
}

void read_units(Reading& reading, const Field& units, const pcre2_code& code, AppSource& source) {
  const std::vector<NamedGroup> groups = named_groups(code);
  for (const auto& [name, text] : units.pairs) {
    if (std::none_of(groups.begin(), groups.end(),
                     [&, &wanted = name](const NamedGroup& group) { return group.name == wanted; })) {
      reading.diagnostics
          .report(Kind::UnknownKey, text.span,
                  fmt::format("`pattern` has no group `{}` that could have a unit", shown(name)),
                  "its unit here")
          .hint("`units` has the names of the pattern's groups");
      continue;
    }
    const auto metric = find_metric("app", name);
    if (!metric) continue;  // own_figure has read it
    const auto figure = std::find_if(source.figures.begin(), source.figures.end(),
                                     [&](const AppFigure& f) { return f.metric == *metric; });
    const UnitInfo& own = info(info(*metric).unit);
    const auto unit = parse_unit(text.value);
    if (!unit || !same_dimension(info(*unit), own)) {
      reading.diagnostics
          .report(Kind::OutOfRange, text.span,
                  fmt::format("`{}` is not a unit of `{}`", shown(text.value), info(*metric).field),
                  "not one of them")
          .hint(own.second > 0 ? "a latency is in `ns`, `us`, `ms`, `s`, `min` or `h`"
                               : "a throughput is in `/s`");
      continue;
    }
    figure->bare = *unit;
  }
}

/// A key that another `from` has. True: it was reported.
bool misplaced(Reading& reading, const Fields& app, const Field& from, std::string_view key,
               std::string_view place) {
  const Field* field = app.find(key);
  if (field == nullptr || from.text == place) return false;
  reading.diagnostics
      .report(Kind::Conflict, field->key_span, fmt::format("`{}` belongs to `from: {}`", key, place),
              "has no meaning here")
      .label(from.span,
             from.text == "stdout" ? "the container's own output is read" : "something else is read")
      .hint(fmt::format("remove `{}`, or write `from: {}`", key, place));
  return true;
}

/// The address with an absolute path; "" when it is none.
std::string address_of(const Reading& reading, const std::string& text) {
  constexpr std::string_view kUnix = "unix:";
  const std::string address =
      text.starts_with(kUnix) ? std::string(kUnix) + reading.resolve(text.substr(kUnix.size())) : text;
  return text != kUnix && socket_address(address) ? address : "";
}

/// `from`, and what belongs to it. False: reported.
bool read_place(Reading& reading, const Fields& app, AppSource& source) {
  const Field* from = app.find("from");
  if (from == nullptr) return false;
  const auto needs = [&](std::string_view key, std::string_view question, std::string_view hint) {
    const Field* field = app.find(key);
    if (field != nullptr && !field->text.empty()) return field;
    if (field != nullptr || !app.written(key))
      reading.diagnostics
          .report(Kind::MissingKey, from->span,
                  fmt::format("`from: {}` wants {} `{}`", from->text, key == "path" ? "a" : "an", key),
                  std::string(question))
          .hint(std::string(hint));
    return static_cast<const Field*>(nullptr);
  };
  if (from->text != "stdout" && from->text != "file" && from->text != "socket") {
    auto built = reading.diagnostics.report(
        Kind::OutOfRange, from->span,
        fmt::format("`from` is `stdout`, `file` or `socket`, not `{}`", shown(from->text)),
        "not one of them");
    if (const std::string hint = did_you_mean(from->text, {"stdout", "file", "socket"}); !hint.empty())
      built.hint(hint);
    return false;
  }
  if (misplaced(reading, app, *from, "path", "file") || misplaced(reading, app, *from, "address", "socket") ||
      misplaced(reading, app, *from, "request", "socket"))
    return false;
  if (from->text == "file") {
    const Field* path =
        needs("path", "which file?",
              "`path: service.log`, relative to this file; the workload appends its figures to it");
    if (path == nullptr) return false;
    source.path = {reading.resolve(path->text), path->span};
  }
  if (from->text == "socket") {
    const Field* address = needs("address", "which one?",
                                 "`address: 127.0.0.1:11211`, or `unix:service.sock`, relative to this file");
    if (address == nullptr) return false;
    source.address = {address_of(reading, address->text), address->span};
    source.request = app.text("request");
    if (source.address.value.empty()) {
      reading.diagnostics
          .report(Kind::OutOfRange, address->span, fmt::format("`{}` is no address", shown(address->text)),
                  "not one")
          .hint(
              "`unix:PATH` (107 bytes at most), or an IP address or `localhost` with a port: "
              "`127.0.0.1:11211`");
      return false;
    }
  }
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
      const Field* units = app.find("units");
      source.figures = figures_of(reading, source.pattern, *code, units);
      if (units != nullptr && !source.figures.empty()) read_units(reading, *units, *code, source);
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
