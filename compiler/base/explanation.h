// What the kinds of diagnostics mean, in words and by example: `cbench explain` and docs/diagnostics.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.h"

namespace cbench {

struct Explanation {
  Kind kind{};
  std::string_view situation, rule;
  std::string_view wrong, right;  ///< examples; empty when there are none
};
const Explanation& explanation(Kind kind);

/// The kind with a code (`CB0203`, in any case); nullopt: there is none.
std::optional<Kind> kind_of_code(std::string_view code);
/// Every code, for suggestions.
std::vector<std::string> all_codes();

/// What `cbench explain CODE` prints.
std::string explain(Kind kind);
/// A line for each code.
std::string explain_all();
/// docs/diagnostics.md.
std::string diagnostics_page();

}  // namespace cbench
