#include "stdlib/embed/stock.h"

#include <algorithm>
#include <string>

namespace cbench {
namespace {
constexpr StockPolicy kPolicies[] = {
#include "stdlib/embed/policies.inc"
};
}  // namespace

std::span<const StockPolicy> stock_policies() { return kPolicies; }

std::string_view stock_policy(std::string_view name) {
  std::string wanted(name);
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  for (const StockPolicy& policy : kPolicies)
    if (policy.name == wanted) return policy.text;
  return {};
}

}  // namespace cbench
