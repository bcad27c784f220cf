#include "compiler/check/types.h"

#include <fmt/format.h>

namespace cbench::check {
namespace {

struct Named {
  std::string_view name;
  Base base;
  Unit unit;
};
constexpr Named kNamed[] = {
    {"bool", Base::Bool, Unit::None},
    {"int", Base::Int, Unit::None},
    {"float", Base::Float, Unit::None},
    {"time", Base::Time, Unit::Seconds},
    {"container", Base::Container, Unit::None},
    {"cpu", Base::Cpu, Unit::None},
    {"socket", Base::Socket, Unit::None},
    {"domain", Base::Domain, Unit::None},
    {"ratio", Base::Float, Unit::Ratio},
    {"bytes", Base::Int, Unit::Bytes},
    {"bytes/s", Base::Float, Unit::BytesPerSecond},
    {"count", Base::Int, Unit::Count},
    {"count/s", Base::Float, Unit::PerSecond},
    {"cycles", Base::Int, Unit::Cycles},
    {"instructions", Base::Int, Unit::Instructions},
    {"ipc", Base::Float, Unit::Ipc},
    {"cpi", Base::Float, Unit::Cpi},
    {"mpki", Base::Float, Unit::Mpki},
    {"way", Base::Int, Unit::Way},
    {"core", Base::Int, Unit::Core},
    {"step", Base::Int, Unit::Step},
};

bool counts_things(UnitTag tag) {
  return tag == UnitTag::Count || tag == UnitTag::Way || tag == UnitTag::Core || tag == UnitTag::Step;
}

std::string power(std::string_view base, int exponent) {
  return exponent == 1 ? std::string(base) : fmt::format("{}^{}", base, exponent);
}

}  // namespace

std::string_view plural(Base handle) {
  return handle == Base::Cpu      ? "CPUs"
         : handle == Base::Socket ? "sockets"
         : handle == Base::Domain ? "L3 domains"
                                  : "containers";
}

Dim dim_of(Unit unit) {
  const UnitInfo& u = info(unit);
  return {u.byte, u.second, u.cycle, u.instruction, u.tag};
}

Type type_of(Metric metric) {
  const MetricInfo& m = info(metric);
  const Dim dim = dim_of(m.unit);
  if (m.type == MetricType::Str) return {Base::Text, {}, true};
  if (m.unit == Unit::Nanoseconds && m.type == MetricType::I64) return kTime.with(true);
  const bool integer = m.type == MetricType::I64 && info(m.unit).scale == 1.0;
  return {integer ? Base::Int : Base::Float, dim, true};
}

std::optional<Type> type_named(std::string_view name) {
  for (const Named& n : kNamed)
    if (n.name == name) return Type{n.base, dim_of(n.unit), false};
  return std::nullopt;
}

std::optional<Unit> unit_named(std::string_view name) {
  for (const Named& n : kNamed) {
    const bool number =
        n.base == Base::Float || n.base == Base::Time || (n.base == Base::Int && n.unit != Unit::None);
    if (n.name == name && number) return n.unit;
  }
  return std::nullopt;
}

const std::vector<std::string>& type_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Named& n : kNamed) all.emplace_back(n.name);
    return all;
  }();
  return names;
}

bool addable(Dim a, Dim b) {
  if (a.byte != b.byte || a.second != b.second || a.cycle != b.cycle || a.instruction != b.instruction)
    return false;
  if (a.tag == b.tag) return true;
  return (a.tag == UnitTag::None && counts_things(b.tag)) || (b.tag == UnitTag::None && counts_things(a.tag));
}

Dim sum_dim(Dim a, Dim b) { return a.tag == UnitTag::None ? b : a; }

Dim product_dim(Dim a, Dim b) {
  Dim d{static_cast<int8_t>(a.byte + b.byte), static_cast<int8_t>(a.second + b.second),
        static_cast<int8_t>(a.cycle + b.cycle), static_cast<int8_t>(a.instruction + b.instruction),
        UnitTag::None};
  if (!d.plain()) return d;
  // A share of ways is ways; a share of a share is a share.
  if (a.tag == b.tag)
    d.tag = a.tag;
  else if (a.tag == UnitTag::None || a.tag == UnitTag::Ratio)
    d.tag = b.tag == UnitTag::None ? a.tag : b.tag;
  else if (b.tag == UnitTag::None || b.tag == UnitTag::Ratio)
    d.tag = a.tag;
  return d;
}

Dim quotient_dim(Dim a, Dim b) {
  Dim d{static_cast<int8_t>(a.byte - b.byte), static_cast<int8_t>(a.second - b.second),
        static_cast<int8_t>(a.cycle - b.cycle), static_cast<int8_t>(a.instruction - b.instruction),
        UnitTag::None};
  if (!d.plain()) return d;
  if (!a.plain())
    d.tag = UnitTag::Ratio;  // bytes / bytes
  else if (a.tag == b.tag)
    d.tag = a.tag == UnitTag::None ? UnitTag::None : UnitTag::Ratio;  // ways / ways
  else if (b.tag == UnitTag::None || b.tag == UnitTag::Ratio || a.tag == UnitTag::Ratio)
    d.tag = a.tag;  // ways / 2, a share for each of n
  return d;
}

Unit display_unit(Type type) {
  const Dim& d = type.dim;
  if (type.base == Base::Time) return Unit::Seconds;
  if (d.plain()) {
    switch (d.tag) {
      case UnitTag::Ratio:
        return Unit::Percent;
      case UnitTag::Way:
        return Unit::Way;
      case UnitTag::Core:
        return Unit::Core;
      case UnitTag::Step:
        return Unit::Step;
      case UnitTag::Count:
      case UnitTag::None:
        return Unit::None;
    }
  }
  for (const Unit unit : {Unit::Bytes, Unit::BytesPerSecond, Unit::Seconds, Unit::PerSecond, Unit::Cycles,
                          Unit::Instructions, Unit::Ipc, Unit::Cpi, Unit::Mpki}) {
    Dim of = dim_of(unit);
    of.tag = d.tag;
    if (of == d) return unit;
  }
  return Unit::None;
}

std::string to_string(Type type) {
  switch (type.base) {
    case Base::Error:
      return "an error";
    case Base::Void:
      return "nothing";
    case Base::Bool:
      return "a bool";
    case Base::Container:
      return "a container";
    case Base::Enum:
      return "a value of an enum";
    case Base::Cpu:
      return "a cpu";
    case Base::Socket:
      return "a socket";
    case Base::Domain:
      return "a domain";
    case Base::Class:
      return "a class";
    case Base::Text:
      return "a text";
    case Base::Set:
      return "a set";
    case Base::Time:
      return "a time";
    case Base::Int:
    case Base::Float:
      break;
  }
  const Dim& d = type.dim;
  if (d.plain()) {
    switch (d.tag) {
      case UnitTag::Ratio:
        return "a ratio";
      case UnitTag::Count:
        return "a count";
      case UnitTag::Way:
        return "ways";
      case UnitTag::Core:
        return "cores";
      case UnitTag::Step:
        return "steps";
      case UnitTag::None:
        return type.base == Base::Int ? "an int" : "a plain number";
    }
  }
  switch (display_unit(type)) {
    case Unit::Bytes:
      return "bytes";
    case Unit::BytesPerSecond:
      return "bytes/s";
    case Unit::Seconds:
      return "seconds";
    case Unit::Cycles:
      return "cycles";
    case Unit::Instructions:
      return "instructions";
    case Unit::Ipc:
      return "ipc";
    case Unit::Cpi:
      return "cpi";
    case Unit::Mpki:
      return "mpki";
    default:
      break;
  }
  std::string above, below;
  const auto add = [&](std::string_view base, int exponent) {
    std::string& side = exponent > 0 ? above : below;
    if (exponent != 0) side += (side.empty() ? "" : "·") + power(base, exponent > 0 ? exponent : -exponent);
  };
  add("bytes", d.byte);
  add("s", d.second);
  add("cycles", d.cycle);
  add("instructions", d.instruction);
  return (above.empty() ? "1" : above) + (below.empty() ? "" : "/" + below);
}

std::string example_literal(Dim dim, double value) {
  const Unit unit = display_unit({Base::Float, dim, false});
  return info(unit).suffix.empty() ? "" : fmt::format("{:g}{}", value, info(unit).suffix);
}

}  // namespace cbench::check
