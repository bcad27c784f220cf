// The figures in a line that a workload printed, found by the pattern of `data.app`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "stdlib/abi/spec.h"

namespace cbench {

/// A figure as it was printed ("12.5ms", "800 us", "1830"), in the unit of its metric: latencies in whole ns.
/// A number without a unit is in `figure.bare`. nullopt: no number of 0 or more, another unit, or none
/// although one is needed.
std::optional<double> figure_value(std::string_view text, const AppFigure& figure);

/// A regular expression, compiled. Matching allocates nothing, and gives up on a line that takes too many
/// attempts.
class FigurePattern {
 public:
  /// `pattern` is one that compiler/config has accepted.
  explicit FigurePattern(std::string_view pattern);
  ~FigurePattern();
  FigurePattern(const FigurePattern&) = delete;
  FigurePattern& operator=(const FigurePattern&) = delete;

  enum class Found : uint8_t { No, Yes, GivenUp };
  Found match(std::string_view line);
  /// What the group took in the last line that matched; nullopt: it had no part in the match.
  [[nodiscard]] std::optional<std::string_view> group(uint32_t number) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
  std::string_view line_;
};

}  // namespace cbench
