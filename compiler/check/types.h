// Types of the policy language: a base, a unit and whether the value may be missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench::check {

enum class Base : uint8_t {
  Error,
  Void,
  Bool,
  Int,
  Float,
  Time,
  Enum,
  Container,
  Cpu,
  Socket,
  Domain,
  Class,
  Text,
  Set
};

/// A unit as the checker sees it: exponents of the base dimensions and the nominal tag. The scale is gone:
/// values are held in canonical units (bytes, seconds as float or ns as time, ratios as 0..1, mpki as misses
/// per instruction).
struct Dim {
  int8_t byte = 0, second = 0, cycle = 0, instruction = 0;
  UnitTag tag = UnitTag::None;

  [[nodiscard]] bool plain() const { return byte == 0 && second == 0 && cycle == 0 && instruction == 0; }
  friend bool operator==(const Dim&, const Dim&) = default;
};

struct Type {
  Base base = Base::Error;
  Dim dim;
  bool optional = false;
  uint16_t enumeration = 0;  ///< of Base::Enum: index into Program::enums

  [[nodiscard]] bool error() const { return base == Base::Error; }
  [[nodiscard]] bool numeric() const {
    return base == Base::Int || base == Base::Float || base == Base::Time;
  }
  [[nodiscard]] Type with(bool may_be_missing) const { return {base, dim, may_be_missing, enumeration}; }
};

inline constexpr Dim kSeconds{0, 1, 0, 0, UnitTag::None};
inline constexpr Type kError{};
inline constexpr Type kVoid{Base::Void, {}, false};
inline constexpr Type kBool{Base::Bool, {}, false};
inline constexpr Type kInt{Base::Int, {}, false};
inline constexpr Type kFloat{Base::Float, {}, false};
inline constexpr Type kTime{Base::Time, kSeconds, false};
inline constexpr Type kContainer{Base::Container, {}, false};
inline constexpr Type kCpu{Base::Cpu, {}, false};
inline constexpr Type kSocket{Base::Socket, {}, false};
inline constexpr Type kDomain{Base::Domain, {}, false};
inline constexpr Type kRatio{Base::Float, {0, 0, 0, 0, UnitTag::Ratio}, false};
inline constexpr Type kRate{Base::Float, {1, -1, 0, 0, UnitTag::None}, false};
inline constexpr Type kCore{Base::Int, {0, 0, 0, 0, UnitTag::Core}, false};

/// Stands for a thing that is somewhere else.
constexpr bool is_handle(Base base) {
  return base == Base::Container || base == Base::Cpu || base == Base::Socket || base == Base::Domain;
}
/// "containers", "CPUs", "sockets", "L3 domains".
std::string_view plural(Base handle);

Dim dim_of(Unit unit);
/// The type that a metric is read as: optional, scaled to canonical units.
Type type_of(Metric metric);
/// The type named in a declaration: bool, int, float, time, container, cpu, socket, domain, or a unit (mpki,
/// ratio, bytes, way …). nullopt when there is no such type.
std::optional<Type> type_named(std::string_view name);
/// The unit in which a metric of this type is measured: count, ratio, time, float …; nullopt when no metric
/// is of it.
std::optional<Unit> unit_named(std::string_view name);
const std::vector<std::string>& type_names();

/// May values of these units be added or compared? A plain number goes with counts, ways, cores and steps,
/// not with ratios.
bool addable(Dim a, Dim b);
/// The unit of a sum or comparison of two addable units: the more specific one.
Dim sum_dim(Dim a, Dim b);
Dim product_dim(Dim a, Dim b);
Dim quotient_dim(Dim a, Dim b);

/// As a message names it: "a time", "mpki", "bytes/s", "a plain number".
std::string to_string(Type type);
/// The unit that a value of this type is printed in ({x} in a text, {why}, parameters).
Unit display_unit(Type type);
/// An example literal of the unit for hints: "80%", "500ms"; empty when there is none.
std::string example_literal(Dim dim, double value);

}  // namespace cbench::check
