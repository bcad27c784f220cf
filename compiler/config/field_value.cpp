// One value against the type, range and choices of its key.
#include "compiler/config/field_value.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

#include "compiler/config/fields.h"
#include "compiler/config/scalar.h"

namespace cbench::config {
namespace {

std::string_view describe(Type type) {
  switch (type) {
    case Type::Text:
    case Type::Secret:
    case Type::Anything:
      return "a text";
    case Type::Bool:
      return "`true` or `false`";
    case Type::Integer:
      return "a whole number";
    case Type::Number:
      return "a number";
    case Type::Seconds:
      return "a number of seconds";
    case Type::Milliseconds:
      return "a whole number of milliseconds";
    case Type::Fraction:
      return "a fraction such as `0.9`, or a percentage such as `90%`";
    case Type::Bytes:
      return "a size such as `512m` or `2GiB`";
    case Type::Cpus:
      return "a list of numbers and ascending ranges, such as `0-3,8`";
    case Type::Choice:
      return "a word";
    case Type::Texts:
      return "a text or a list of texts";
    case Type::Pairs:
      return "a map of texts, or a list of `NAME=value`";
    case Type::Map:
    case Type::TextMap:
      return "a map";
    case Type::Metrics:
      return "`true`, `false`, or a map of metrics to `true` or `false`";
  }
  return "";
}

/// Reads a value step by step into a Field; each step reports and gives false when it fails.
class ValueReader {
 public:
  ValueReader(Reading& reading, const Key& key, const Member& member)
      : reading_(reading), key_(key), node_(*member.value) {
    field_.key = &key;
    field_.key_span = member.key_span;
    field_.span = node_.type == Node::Type::Scalar ? node_.span : member.key_span;
    field_.node = member.value;
  }

  std::optional<Field> run() {
    if (node_.type == Node::Type::Null) return std::nullopt;
    const bool good = node_.type == Node::Type::Scalar ? scalar() : collection();
    return good ? std::optional(std::move(field_)) : std::nullopt;
  }

 private:
  bool scalar() {
    switch (key_.type) {
      case Type::Map:
      case Type::TextMap:
      case Type::Pairs:
        return wrong(node_);
      case Type::Texts:
        return item(node_);
      case Type::Anything:
        return true;
      default:
        break;
    }
    auto expanded = expand(reading_, node_, key_.unset, key_.type == Type::Secret);
    if (!expanded) return false;
    field_.text = std::move(expanded->text);
    if (key_.use == Use::Required && field_.text.empty()) {
      reading_.diagnostics.report(Kind::OutOfRange, field_.span, fmt::format("`{}` is empty", key_.name),
                                  "must not be empty");
      return false;
    }
    const bool bare = node_.plain || expanded->changed;
    switch (key_.type) {
      case Type::Text:
        return true;
      case Type::Secret:
        if (!field_.text.empty()) mask_scalar(reading_, node_.span);
        return true;
      case Type::Choice:
        return choice();
      case Type::Cpus:
        return cpus();
      case Type::Bool:
      case Type::Metrics:
        return boolean(bare);
      default:
        return number(bare);
    }
  }

  bool boolean(bool bare) {
    const auto value = parse_bool(field_.text);
    if (!value || !bare) return wrong_scalar(value.has_value());
    field_.truth = *value;
    return true;
  }

  bool number(bool bare) {
    std::optional<double> value;
    double scale = 1;
    switch (key_.type) {
      case Type::Integer:
      case Type::Milliseconds:
        if (const auto whole = parse_integer(field_.text))
          value = static_cast<double>(*whole);
        else if (field_.text.find_first_not_of("0123456789") == std::string::npos)
          value = parse_number(field_.text);  // too large for 64 bits: out of any range
        scale = key_.type == Type::Milliseconds ? 1e6 : 1;
        break;
      case Type::Seconds:
        value = parse_number(field_.text);
        scale = 1e9;
        break;
      case Type::Fraction:
        value = parse_fraction(field_.text);
        bare = true;
        // A key of container-bench's that may be written as a percentage without its sign.
        if (value && *value > 1 && key_.high > 1) {
          scale = 0.01;
          if (field_.text.ends_with('%')) *value *= 100;
        }
        break;
      case Type::Bytes:
        value = parse_bytes(field_.text);
        bare = true;
        break;
      default:
        value = parse_number(field_.text);
    }
    if (!value || !bare) return wrong_scalar(value.has_value());
    if (!in_range(*value)) return false;
    field_.number = key_.type == Type::Fraction ? *value * scale : *value;
    field_.integer = std::llround(std::clamp(*value * scale, -9e18, 9e18));
    return true;
  }

  bool in_range(double value) {
    const bool low = key_.above ? value > key_.low : value >= key_.low;
    if (low && value <= key_.high) return true;
    const std::string_view unit = key_.type == Type::Seconds        ? " s"
                                  : key_.type == Type::Milliseconds ? " ms"
                                                                    : "";
    const std::string_view relation = low ? "at most" : key_.above ? "above" : "at least";
    auto built = reading_.diagnostics.report(
        Kind::OutOfRange, field_.span,
        fmt::format("`{}` is out of range: `{}`", key_.name, shown(field_.text)),
        fmt::format("must be {} {}{}", relation, low ? key_.high : key_.low, unit));
    if (key_.type == Type::Fraction && key_.high <= 1) built.hint("write a percentage with its sign: `90%`");
    return false;
  }

  bool choice() {
    const std::vector<std::string> all = choices_of(key_);
    std::string listed;
    for (const std::string& word : all)
      listed += (listed.empty() ? "`" : &word == &all.back() ? " or `" : ", `") + word + "`";
    if (std::find(all.begin(), all.end(), field_.text) != all.end()) return true;
    auto built = reading_.diagnostics.report(
        Kind::OutOfRange, field_.span,
        fmt::format("`{}` is {}, not `{}`", key_.name, listed, shown(field_.text)), "not one of them");
    if (const std::string hint = did_you_mean(field_.text, all); !hint.empty()) built.hint(hint);
    return false;
  }

  bool cpus() {
    const auto value = parse_cpu_list(field_.text);
    if (!value || value->none()) return wrong_scalar(false);
    field_.cpus = *value;
    return true;
  }

  bool collection() {
    const bool map = node_.type == Node::Type::Map;
    switch (key_.type) {
      case Type::Anything:
        return true;
      case Type::Map:
      case Type::Metrics:
        return map || wrong(node_);
      case Type::TextMap:
        return map ? read_pairs(reading_, field_) : wrong(node_);
      case Type::Pairs:
        return map ? read_pairs(reading_, field_) : read_assignments(reading_, field_);
      case Type::Texts:
        return map ? wrong(node_) : items();
      default:
        return wrong(node_);
    }
  }

  bool item(const Node& node) {
    if (node.type != Node::Type::Scalar) return wrong(node);
    auto expanded = expand(reading_, node, key_.unset, false);
    if (!expanded) return false;
    field_.texts.push_back({std::move(expanded->text), node.span});
    return true;
  }

  bool items() {
    bool good = true;
    for (const NodePtr& node : node_.items) good = item(*node) && good;
    return good;
  }

  [[nodiscard]] Span span_of(const Node& node) const {
    return node.type == Node::Type::Null || !node.span.known() ? field_.key_span : node.span;
  }

  bool wrong(const Node& node) {
    const Span span = &node == &node_ ? field_.span : span_of(node);
    auto built = reading_.diagnostics.report(
        Kind::WrongType, span,
        fmt::format("`{}` is {}, not {}", key_.name, describe(key_.type), describe(node)),
        fmt::format("is {}", describe(node)));
    if (key_.name == "command" && node.type == Node::Type::List)
      built.hint("write one text: `sh -c` runs it");
    if (key_.type == Type::Cpus && node.type == Node::Type::List)
      built.hint(fmt::format("write one text: `{}: \"0,1\"`", key_.name));
    return false;
  }

  bool wrong_scalar(bool quoted) {
    auto built =
        reading_.diagnostics.report(Kind::WrongType, field_.span,
                                    fmt::format("`{}` is {}, not {}{}", key_.name, describe(key_.type),
                                                quoted ? "the text " : "", in_ticks(field_.text)),
                                    quoted ? "is a text" : "");
    if (quoted) built.hint("write it without quotes");
    if (quoted) return false;
    if (key_.type == Type::Bool || key_.type == Type::Metrics) bool_hint(built);
    if (key_.type == Type::Cpus) cpus_hint(built);
    if (key_.type == Type::Seconds || key_.type == Type::Milliseconds) unit_hint(built);
    const std::string_view base = std::string_view(field_.text).substr(0, 2);
    if (key_.type != Type::Choice && (base == "0x" || base == "0o" || base == "0b"))
      built.hint("numbers are written in decimal");
    if (key_.type == Type::Bytes && field_.text.ends_with("B"))
      built.hint(
          "`512m` and `512MiB` are 512 × 1024 × 1024 bytes; `MB` is read in two ways by two kinds of people");
    return false;
  }

  void bool_hint(Diagnostics::Builder& built) const {
    std::string word = field_.text;
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (const std::string_view yes : {"yes", "y", "on", "true", "1"})
      if (word == yes) built.hint("write `true`");
    for (const std::string_view no : {"no", "n", "off", "false", "0"})
      if (word == no) built.hint("write `false`");
  }

  void cpus_hint(Diagnostics::Builder& built) const {
    const std::string& text = field_.text;
    const size_t dash = text.find('-');
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos)
      built.hint(fmt::format("numbers go from 0 to {}", kMaxCpus - 1));
    else if (dash != std::string::npos && dash > 0 && dash + 1 < text.size() &&
             text.find_first_not_of("0123456789-") == std::string::npos)
      built.hint(fmt::format("a range goes upwards, within 0 to {}", kMaxCpus - 1));
  }

  void unit_hint(Diagnostics::Builder& built) const {
    const size_t digits = std::min(field_.text.find_first_not_of("0123456789."), field_.text.size());
    const std::string_view unit = std::string_view(field_.text).substr(digits);
    if (std::isdigit(static_cast<unsigned char>(field_.text.empty() ? ' ' : field_.text[0])) != 0 &&
        !unit.empty() && unit.find_first_not_of("abcdefghijklmnopqrstuvwxyz ") == std::string_view::npos)
      built.hint(fmt::format("the unit is {}: write the number only",
                             key_.type == Type::Seconds ? "seconds" : "milliseconds"));
  }

  Reading& reading_;
  const Key& key_;
  const Node& node_;
  Field field_;
};

}  // namespace

std::string_view describe(const Node& node) {
  switch (node.type) {
    case Node::Type::Null:
      return "nothing";
    case Node::Type::Scalar:
      return "a single value";
    case Node::Type::Map:
      return "a map";
    case Node::Type::List:
      return "a list";
  }
  return "";
}

std::optional<Field> read_field(Reading& reading, const Key& key, const Member& member) {
  return ValueReader(reading, key, member).run();
}

}  // namespace cbench::config
