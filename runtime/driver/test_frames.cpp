// The CSV files that tests of policies feed.
#include <charconv>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "runtime/driver/policy_test.h"

namespace cbench {
namespace {

constexpr size_t kMostRows = 1'000'000;

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t' || cell.back() == '\r'))
      cell.remove_suffix(1);
    out.push_back(cell);
    if (comma == std::string_view::npos) return out;
    line.remove_prefix(comma + 1);
  }
}

/// A container and metric of the header; nullopt: it is none.
std::optional<TestCell> column_of(std::string_view name, const std::vector<Metric>& own) {
  const size_t first = name.find('.');
  const size_t second = name.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos || first == 0) return std::nullopt;
  const auto metric = find_metric(name.substr(first + 1, second - first - 1), name.substr(second + 1), own);
  if (!metric) return std::nullopt;
  return TestCell{std::string(name.substr(0, first)), *metric, std::nullopt};
}

/// "30mpki", "75%" or a plain number in the metric's own unit.
std::optional<double> value_of(std::string_view text, Metric metric) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(rest, static_cast<size_t>(text.data() + text.size() - rest));
  if (suffix.empty()) return value;
  const UnitInfo& own = info(info(metric).unit);
  for (size_t u = 0; u < std::size(kUnits); ++u) {
    const UnitInfo& unit = kUnits[u];
    const bool same = unit.tag == own.tag && unit.byte == own.byte && unit.second == own.second &&
                      unit.cycle == own.cycle && unit.instruction == own.instruction;
    if (unit.suffix != suffix || !same) continue;
    const double canonical_value = canonical(value, static_cast<Unit>(u));
    return own.scale < 1 ? canonical_value * divisor(info(metric).unit) : canonical_value / own.scale;
  }
  return std::nullopt;
}

}  // namespace

Result<FedFrames> read_frames(const std::string& path, const std::vector<Metric>& own) {
  std::ifstream file(path);
  if (!file)
    return Error{Exit::Invalid, fmt::format("cannot read `{}`", path),
                 "the path is relative to the policy's folder"};
  FedFrames out;
  std::vector<TestCell> columns;
  size_t number = 0;
  const auto wrong = [&](const std::string& what, const char* hint) {
    return Error{Exit::Invalid, fmt::format("{}:{}: {}", path, number, what), hint};
  };
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos || line.starts_with('#')) continue;
    const std::vector<std::string_view> cells = cells_of(line);
    if (columns.empty()) {
      std::set<std::string_view> seen;
      for (const std::string_view cell : cells) {
        const auto column = column_of(cell, own);
        if (!column)
          return wrong(
              fmt::format("`{}` is not a container's metric", cell),
              "the first line names columns such as `A.perf.llc_mpki`; `cbench metrics` lists the metrics");
        if (!seen.insert(cell).second)
          return wrong(fmt::format("the column `{}` stands twice", cell), "remove one");
        columns.push_back(*column);
      }
      continue;
    }
    if (cells.size() != columns.size())
      return wrong(fmt::format("{} values for {} columns", cells.size(), columns.size()),
                   "a row has a value for each column; an empty one is missing");
    if (out.steps.size() == kMostRows) return wrong("more than a million steps", "is it the right file?");
    std::vector<TestCell> step = columns;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].empty()) continue;
      step[i].value = value_of(cells[i], columns[i].metric);
      if (!step[i].value)
        return wrong(fmt::format("`{}` is no value of `{}`", cells[i], info(columns[i].metric).field),
                     "a number, plain or with a unit of the metric");
    }
    out.steps.push_back(std::move(step));
  }
  if (columns.empty())
    return Error{Exit::Invalid, fmt::format("`{}` has no columns", path), "its first line names them"};
  return out;
}

}  // namespace cbench
