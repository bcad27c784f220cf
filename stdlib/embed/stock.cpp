#include "stdlib/embed/stock.h"

#include <algorithm>
#include <string>

namespace cbench {
namespace {
constexpr EmbeddedText kPolicies[] = {
#include "stdlib/embed/policies.inc"
};
constexpr EmbeddedText kModules[] = {
#include "stdlib/embed/modules.inc"
};
}  // namespace

std::span<const EmbeddedText> stock_policies() { return kPolicies; }
std::span<const EmbeddedText> std_modules() { return kModules; }

std::string_view stock_policy(std::string_view name) {
  std::string wanted(name);
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  for (const EmbeddedText& policy : kPolicies)
    if (policy.name == wanted) return policy.text;
  return {};
}

}  // namespace cbench
