// The stock policies and the modules of the standard library, written in the policy language and held in the
// program.
#pragma once

#include <span>
#include <string_view>

namespace cbench {

struct EmbeddedText {
  std::string_view name, text;
};
/// All stock policies, ordered by name.
std::span<const EmbeddedText> stock_policies();
/// The text of one; empty when there is none of that name. Hyphens count as underscores.
std::string_view stock_policy(std::string_view name);

/// The modules that a policy may `use`, by their names in `std`, ordered. A module is a policy text of
/// functions only.
std::span<const EmbeddedText> std_modules();

}  // namespace cbench
