#define PCRE2_CODE_UNIT_WIDTH 8
#include "runtime/collectors/figure_pattern.h"

#include <charconv>
#include <cmath>

#include <pcre2.h>

namespace cbench {
namespace {

/// Attempts at one line: some milliseconds at most, for an expression that backtracks without end.
constexpr uint32_t kMatchLimit = 100'000;
constexpr uint32_t kHeapLimit = 1024;  ///< KiB, where there is no just-in-time code
constexpr size_t kLeastStack = size_t{32} * 1024, kMostStack = size_t{256} * 1024;

/// The unit that stands behind a number, of the metric's dimension; `µ` is written in two ways.
std::optional<Unit> unit_of(std::string_view suffix, const AppFigure& figure) {
  while (!suffix.empty() && (suffix.front() == ' ' || suffix.front() == '\t')) suffix.remove_prefix(1);
  if (suffix.empty()) {
    const bool needs_one = figure.bare == Unit::None && info(figure.metric).unit != Unit::None;
    return needs_one ? std::nullopt : std::optional(figure.bare);
  }
  if (suffix == "\u00B5s" || suffix == "\u03BCs") suffix = "us";
  const UnitInfo& own = info(info(figure.metric).unit);
  for (size_t u = 0; u < std::size(kUnits); ++u) {
    const UnitInfo& unit = kUnits[u];
    if (unit.suffix == suffix && unit.tag == own.tag && unit.second == own.second && unit.byte == own.byte &&
        unit.cycle == own.cycle && unit.instruction == own.instruction)
      return static_cast<Unit>(u);
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> figure_value(std::string_view text, const AppFigure& figure) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  const auto unit = unit_of({rest, static_cast<size_t>(end - rest)}, figure);
  if (!unit) return std::nullopt;
  double value = canonical(number, *unit);
  const MetricInfo& metric = info(figure.metric);
  if (metric.unit == Unit::Nanoseconds)
    value = std::round(value * 1e9);
  else if (metric.unit == Unit::Bytes)
    value = std::round(value);  // 1.3MiB
  else if (metric.type == MetricType::I64 && value != std::floor(value))
    return std::nullopt;  // what is counted is whole
  return value < 9.2e18 ? std::optional(value) : std::nullopt;
}

struct FigurePattern::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_data* data = nullptr;
  pcre2_match_context* context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack* stack = nullptr;
  size_t groups = 0;  ///< of the last match, the whole included
};

FigurePattern::FigurePattern(std::string_view pattern) : compiled_(std::make_unique<Compiled>()) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  Compiled& c = *compiled_;
  c.code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_NEVER_UTF,
                         &error, &offset, nullptr);
  if (c.code == nullptr) return;
  c.data = pcre2_match_data_create_from_pattern(c.code, nullptr);
  pcre2_set_match_limit(c.context, kMatchLimit);
  pcre2_set_heap_limit(c.context, kHeapLimit);
  if (pcre2_jit_compile(c.code, PCRE2_JIT_COMPLETE) != 0) return;  // not allowed here: it is interpreted
  c.stack = pcre2_jit_stack_create(kLeastStack, kMostStack, nullptr);
  pcre2_jit_stack_assign(c.context, nullptr, c.stack);
}

FigurePattern::~FigurePattern() {
  pcre2_jit_stack_free(compiled_->stack);
  pcre2_match_context_free(compiled_->context);
  pcre2_match_data_free(compiled_->data);
  pcre2_code_free(compiled_->code);
}

FigurePattern::Found FigurePattern::match(std::string_view line) {
  Compiled& c = *compiled_;
  line_ = line;
  c.groups = 0;
  if (c.code == nullptr) return Found::GivenUp;
  const int matched =
      pcre2_match(c.code, reinterpret_cast<PCRE2_SPTR>(line.data()), line.size(), 0, 0, c.data, c.context);
  if (matched == PCRE2_ERROR_NOMATCH) return Found::No;
  if (matched < 0) return Found::GivenUp;
  c.groups = static_cast<size_t>(matched);
  return Found::Yes;
}

std::optional<std::string_view> FigurePattern::group(uint32_t number) const {
  if (number >= compiled_->groups) return std::nullopt;
  const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(compiled_->data);
  const PCRE2_SIZE begin = bounds[size_t{2} * number], end = bounds[size_t{2} * number + 1];
  if (begin == PCRE2_UNSET || end < begin) return std::nullopt;
  return line_.substr(begin, end - begin);
}

}  // namespace cbench
