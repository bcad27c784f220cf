// link: runtime.collectors
// Any bytes as what a workload printed: a figure has a value that is finite and not negative, or none; lines
// are taken off to the last byte, and none is longer than its bound.
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "runtime/collectors/figure_pattern.h"
#include "runtime/collectors/log_tail.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cbench;
  static FigurePattern pattern(R"(p95[=: ]+(\S+)(?:.*?rate[=: ]+([^,]+))?|mean (.+))");
  const AppFigure figures[] = {{Metric::app_latency_p95, 1, Unit::Microseconds},
                               {Metric::app_throughput, 2, Unit::PerSecond},
                               {Metric::app_latency_mean, 3, Unit::None}};
  std::string_view lines(reinterpret_cast<const char*>(data), size);
  while (!lines.empty()) {
    const size_t before = lines.size();
    const std::string_view line = take_last_line(lines);
    if (lines.size() >= before || line.size() > LogTail::kMostLine) std::abort();
    if (pattern.match(line) != FigurePattern::Found::Yes) continue;
    for (const AppFigure& figure : figures)
      if (const auto text = pattern.group(figure.group))
        if (const auto value = figure_value(*text, figure); value && (!std::isfinite(*value) || *value < 0))
          std::abort();
  }
  return 0;
}
