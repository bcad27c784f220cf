// Several runs of one benchmark: how their figures are spread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/analysis/summary.h"

namespace cbench {

/// Figures of one container in one run, by name; those that were not measured are not there.
using Figures = std::map<std::string, double, std::less<>>;
/// cpu_percent, ipc and memory_bytes of the whole run.
Figures figures_of(const ContainerSummary& container);

/// Of the values of one figure in several runs.
struct Spread {
  size_t count = 0;
  double mean = 0, least = 0, most = 0;
  double deviation = 0;  ///< sample standard deviation (n − 1); 0 for one value
};
Spread spread(const std::vector<double>& values);

/// Container, figure, spread: containers in the order in which they come, figures by name.
struct SpreadRow {
  std::string container, figure;
  Spread spread;
};
/// `runs`: each run's containers with their figures.
std::vector<SpreadRow> spreads(const std::vector<std::vector<std::pair<std::string, Figures>>>& runs);
/// A table for a terminal, the last line ended; "" without rows.
std::string to_text(const std::vector<SpreadRow>& rows);

}  // namespace cbench
