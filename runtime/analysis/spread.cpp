#include "runtime/analysis/spread.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "runtime/analysis/table.h"

namespace cbench {
namespace {

std::string in_words(std::string_view figure, double value) {
  if (figure == "memory_bytes") return in_bytes(std::llround(value));
  return fmt::format("{:.{}f}", value, figure == "ipc" ? 3 : 1);
}

}  // namespace

Figures figures_of(const ContainerSummary& container) {
  Figures out;
  if (container.whole.cpu_percent) out["cpu_percent"] = *container.whole.cpu_percent;
  if (container.whole.ipc) out["ipc"] = *container.whole.ipc;
  if (container.whole.memory_bytes) out["memory_bytes"] = static_cast<double>(*container.whole.memory_bytes);
  return out;
}

Spread spread(const std::vector<double>& values) {
  Spread out;
  out.count = values.size();
  if (values.empty()) return out;
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  out.mean = sum / n;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  out.deviation = values.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  out.least = *least, out.most = *most;
  return out;
}

std::vector<SpreadRow> spreads(const std::vector<std::vector<std::pair<std::string, Figures>>>& runs) {
  std::vector<std::string> order;
  std::map<std::string, std::map<std::string, std::vector<double>>> values;
  for (const auto& run : runs) {
    for (const auto& [container, figures] : run) {
      if (!values.contains(container)) order.push_back(container);
      auto& mine = values[container];
      for (const auto& [figure, value] : figures) mine[figure].push_back(value);
    }
  }
  std::vector<SpreadRow> rows;
  for (const std::string& container : order)
    for (const auto& [figure, all] : values[container]) rows.push_back({container, figure, spread(all)});
  return rows;
}

std::string to_text(const std::vector<SpreadRow>& rows) {
  if (rows.empty()) return "";
  using enum Table::Align;
  Table table({{"container"},
               {"figure"},
               {"runs", Right},
               {"mean", Right},
               {"deviation", Right},
               {"least", Right},
               {"most", Right}});
  for (const SpreadRow& row : rows) {
    const auto cell = [&](double value) { return in_words(row.figure, value); };
    table.row({row.container, row.figure, std::to_string(row.spread.count), cell(row.spread.mean),
               row.spread.count > 1 ? cell(row.spread.deviation) : "-", cell(row.spread.least),
               cell(row.spread.most)});
  }
  return table.text();
}

}  // namespace cbench
