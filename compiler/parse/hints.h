// What the user can do about a syntax error, where there is an obvious fix.
#pragma once

#include <string>
#include <string_view>

#include "compiler/parse/token.h"
#include "grammar/messages.h"

namespace cbench::parsing {

/// The fix for `found` where `want` was wished for, after the code that ends before `at`; "" when none is
/// obvious.
std::string hint(grammar::Want want, const Found& found, std::string_view text, size_t at);

}  // namespace cbench::parsing
