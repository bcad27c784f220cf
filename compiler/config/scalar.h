// Our own reading of scalars: `yes` is no bool, `010` no octal, and a number has no surprises.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "stdlib/abi/spec.h"

namespace cbench::config {

/// true, True, TRUE, false, False, FALSE.
std::optional<bool> parse_bool(std::string_view text);
std::optional<int64_t> parse_integer(std::string_view text);
/// Decimal, with or without an exponent; neither infinite nor NaN.
std::optional<double> parse_number(std::string_view text);
/// "0.9" or "90%".
std::optional<double> parse_fraction(std::string_view text);
/// A number with b, k, m, g, t (powers of 1024, as Docker has it) or KiB, MiB, GiB, TiB behind it.
std::optional<double> parse_bytes(std::string_view text);
/// "80GB/s", "5ms", "1.2": a number and its unit (None without one). nullopt: no number, or no unit of
/// units.def.
std::optional<std::pair<double, Unit>> parse_quantity(std::string_view text);
/// The unit with this suffix, or `count`, `ratio` and `float` (None).
std::optional<Unit> parse_unit(std::string_view text);
/// "[HOST_IP:]HOST:CONTAINER[/tcp|/udp]".
std::optional<Port> parse_port(std::string_view text);
/// "SOURCE:TARGET[:ro|:rw]"; the source as written.
std::optional<Volume> parse_volume(std::string_view text);

}  // namespace cbench::config
