#include "stdlib/abi/decision.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace cbench {
namespace {

constexpr std::string_view kLogLevels[] = {"debug", "info", "warn", "error"};

std::string name_of(const std::vector<std::string>& names, int32_t index, std::string_view none) {
  return index >= 0 && static_cast<size_t>(index) < names.size() ? names[static_cast<size_t>(index)]
                                                                 : std::string(none);
}

// A figure in canonical units, as a literal of `unit`; six digits, which hides the rounding of the
// conversion.
std::string figure(double value, Unit unit) {
  if (std::isinf(value)) return "none";
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", value / info(unit).scale);
  return std::string(digits).append(info(unit).suffix);
}

// All digits that the number has.
std::string exact(double value) {
  char digits[32];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, result.ptr};
}

std::string with_text(std::string head, const std::string& text) {
  return text.empty() ? head : head + ": " + text;
}

std::string log_level(double value) {
  const bool known = value >= 0 && value < static_cast<double>(std::size(kLogLevels));
  return known ? " " + std::string(kLogLevels[static_cast<size_t>(value)]) : "";
}

}  // namespace

std::string describe(const Decision& d, const Plan& plan) {
  std::string verb(info(d.verb).name);
  const std::string container = name_of(plan.slot_names, d.slot, "");
  const std::string of_container = container.empty() ? verb : verb + " " + container;
  const bool no_class = d.cls < 0 && !d.detail.empty();  // a class that the container does not have
  const std::string cls = no_class ? d.detail : name_of(plan.classes, d.cls, "root");
  const std::string share = cls + (d.domain >= 0 ? " in domain " + std::to_string(d.domain) : "");
  switch (d.verb) {
    case Verb::Move:
      return of_container + " -> " + cls;
    case Verb::Layout:
      return verb + " l3 " + d.detail;
    case Verb::LayoutL2:
      return "layout l2 " + d.detail;
    case Verb::Ways:
      return verb + " " + share + (no_class ? "" : " = " + figure(d.value, Unit::Way));
    case Verb::Mb:
      return verb + " " + share + (no_class ? "" : " = " + figure(d.value, Unit::Percent));
    case Verb::MbRate:
      return verb + " " + share + (no_class ? "" : " = " + figure(d.value, Unit::GBPerSecond));
    case Verb::Pin:
      return of_container + " to " + d.detail;
    case Verb::Quota:
      return of_container + " = " + figure(d.value, Unit::Percent);
    case Verb::Cores:
      return of_container + " = " + figure(d.value, Unit::Core) + (d.detail.empty() ? "" : " (" + d.detail + ")");
    case Verb::Emit:
      return verb + " " + d.detail + " = " + exact(d.value);
    case Verb::Sample:
      return of_container + (d.value > 0 ? " every " + figure(d.value / 1e9, Unit::Milliseconds) : " as configured");
    case Verb::Pause:
    case Verb::Resume:
      return of_container;
    case Verb::Log:
      return with_text(verb + log_level(d.value), d.detail);
    case Verb::Reject:
    case Verb::Stop:
    case Verb::Annotate:
      return with_text(of_container, d.detail);
  }
  return verb;
}

}  // namespace cbench
