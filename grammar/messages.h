// What the grammar wishes for at each place where it is committed, in the words of the language.
#pragma once

#include <cstdint>
#include <string_view>

namespace cbench::grammar {

enum class Want : uint8_t {
#define CBENCH_WANT(id, text) id,
#include "grammar/messages.def"
};

inline constexpr std::string_view kWants[] = {
#define CBENCH_WANT(id, text) text,
#include "grammar/messages.def"
};

/// "a name after `let`"
constexpr std::string_view message(Want want) { return kWants[static_cast<uint8_t>(want)]; }

/// The wish as a rule name for Control::raise.
template <Want W>
struct wanted {};

}  // namespace cbench::grammar
