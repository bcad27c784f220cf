#include "compiler/parse/literals.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace cbench::parsing {
namespace {

constexpr std::pair<std::string_view, std::string_view> kOtherSpellings[] = {
    {"sec", "s"},     {"secs", "s"}, {"second", "s"}, {"seconds", "s"},    {"m", "min"},
    {"mins", "min"},  {"hour", "h"}, {"hours", "h"},  {"msec", "ms"},      {"usec", "us"},
    {"percent", "%"}, {"pct", "%"},  {"K", "KiB"},    {"M", "MiB"},        {"G", "GiB"},
    {"k", "kB"},      {"b", "B"},    {"bytes", "B"},  {"cycle", "cycles"}, {"instruction", "instructions"}};

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The unit that was meant; "" when there is no telling.
std::string meant(std::string_view word) {
  for (const auto& [other, unit] : kOtherSpellings)
    if (word == other) return std::string(unit);
  std::vector<std::string> units;
  for (const UnitInfo& unit : kUnits) {
    if (unit.suffix.size() > 1) units.emplace_back(unit.suffix);
    if (!unit.suffix.empty() && lower(unit.suffix) == lower(word)) return std::string(unit.suffix);
  }
  return word.size() > 1 ? nearest(word, units) : "";
}

std::vector<std::string_view> all_units() {
  std::vector<std::string_view> units;
  for (const UnitInfo& unit : kUnits)
    if (!unit.suffix.empty()) units.push_back(unit.suffix);
  return units;
}

const UnitInfo* find_unit(std::string_view suffix) {
  for (const UnitInfo& unit : kUnits)
    if (!unit.suffix.empty() && unit.suffix == suffix) return &unit;
  return nullptr;
}

}  // namespace

bool is_unit(std::string_view word) { return find_unit(word) != nullptr; }

ReadNumber read_number(std::string_view literal) {
  ReadNumber read;
  std::string digits;
  read.literal.is_integer = true;
  size_t at = 0;
  for (; at < literal.size(); ++at) {
    const char c = literal[at];
    const bool digit_follows = at + 1 < literal.size() && literal[at + 1] >= '0' && literal[at + 1] <= '9';
    if (c == '.') read.literal.is_integer = false;
    if ((c >= '0' && c <= '9') || c == '.')
      digits += c;
    else if (c != '_' || !digit_follows)
      break;
  }
  read.unit_begin = at;
  const char* end = digits.data() + digits.size();
  std::errc failed = std::from_chars(digits.data(), end, read.literal.value).ec;
  if (failed == std::errc{} && read.literal.is_integer)
    failed = std::from_chars(digits.data(), end, read.literal.integer).ec;
  if (failed != std::errc{}) read.fault = NumberFault::OutOfRange;
  if (at < literal.size()) {
    const UnitInfo* unit = find_unit(literal.substr(at));
    if (unit == nullptr)
      read.fault = NumberFault::UnknownUnit;
    else
      read.literal.unit = static_cast<Unit>(unit - kUnits);
  }
  return read;
}

bool check_number(std::string_view text, const Node& number, uint32_t source, Diagnostics& diagnostics) {
  const std::string_view literal = text.substr(number.begin, number.end - number.begin);
  const ReadNumber read = read_number(literal);
  const auto unit_begin = static_cast<uint32_t>(number.begin + read.unit_begin);
  if (read.fault == NumberFault::OutOfRange) {
    diagnostics
        .report(
            Kind::BadNumber, {source, number.begin, unit_begin}, "the number is out of range",
            read.literal.is_integer ? "larger than 9223372036854775807" : "not between 2.3e-308 and 1.7e308")
        .hint("use a larger unit, if it has one");
  } else if (read.fault == NumberFault::UnknownUnit) {
    const std::string_view word = literal.substr(read.unit_begin);
    auto error = diagnostics.report(Kind::UnknownUnit, {source, unit_begin, number.end},
                                    fmt::format("unknown unit `{}`", word));
    const std::string unit = meant(word);
    const bool exponent =
        (word[0] == 'e' || word[0] == 'E') &&
        std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (exponent)
      error.hint("there are no exponents: write the number out, such as `1_000_000`");
    else if (!unit.empty())
      error.hint(fmt::format("did you mean `{}{}`?", literal.substr(0, read.unit_begin), unit));
    else
      error.hint(fmt::format("the units are {}", fmt::join(all_units(), ", ")));
  }
  return read.fault == NumberFault::None;
}

}  // namespace cbench::parsing
