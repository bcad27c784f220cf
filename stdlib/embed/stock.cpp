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
constexpr EmbeddedText kTemplates[] = {
#include "stdlib/embed/templates.inc"
};
constexpr EmbeddedText kDocs[] = {
#include "stdlib/embed/docs.inc"
};
}  // namespace

std::span<const EmbeddedText> stock_policies() { return kPolicies; }
std::vector<std::string> stock_names() {
  std::vector<std::string> names;
  for (const EmbeddedText& policy : kPolicies) names.emplace_back(policy.name);
  return names;
}

std::span<const EmbeddedText> std_modules() { return kModules; }

std::string_view stock_policy(std::string_view name) {
  std::string wanted(name);
  std::replace(wanted.begin(), wanted.end(), '-', '_');
  for (const EmbeddedText& policy : kPolicies)
    if (policy.name == wanted) return policy.text;
  return {};
}

std::string_view starter_text(std::string_view name) {
  for (const EmbeddedText& text : kTemplates)
    if (text.name == name) return text.text;
  return {};
}

std::string_view command_line_docs() { return kDocs[0].text; }

}  // namespace cbench
