// Texts that are held in the program: the stock policies and the modules of the standard library, written in
// the policy language, what `cbench init` writes, and the page of docs that the manual quotes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cbench {

struct EmbeddedText {
  std::string_view name, text;
};
/// All stock policies, ordered by name.
std::span<const EmbeddedText> stock_policies();
std::vector<std::string> stock_names();
/// The text of one; empty when there is none of that name. Hyphens count as underscores.
std::string_view stock_policy(std::string_view name);

/// The modules that a policy may `use`, by their names in `std`, ordered. A module is a policy text of
/// functions only.
std::span<const EmbeddedText> std_modules();

/// A file of stdlib/templates by its name without ending: `bench` or `policy`.
std::string_view starter_text(std::string_view name);
/// docs/cli.md.
std::string_view command_line_docs();

}  // namespace cbench
