// The stock policies, written in the policy language and held in the program.
#pragma once

#include <span>
#include <string_view>

namespace cbench {

struct StockPolicy {
  std::string_view name, text;
};
/// All stock policies, ordered by name.
std::span<const StockPolicy> stock_policies();
/// The text of one; empty when there is none of that name. Hyphens count as underscores.
std::string_view stock_policy(std::string_view name);

}  // namespace cbench
