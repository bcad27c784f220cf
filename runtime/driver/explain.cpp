// cbench explain: what a diagnostic's code means, with an example and its remedy.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "compiler/base/explanation.h"
#include "runtime/driver/commands.h"
#include "stdlib/embed/module_docs.h"

namespace cbench {
namespace {

int explain_codes(const std::vector<std::string>& codes, Console& console) {
  if (codes.empty()) std::fputs(explain_all().c_str(), stdout);
  for (std::string code : codes) {
    if (const std::string module = explain_module(code); !module.empty()) {
      std::fputs(module.c_str(), stdout);
      continue;
    }
    const std::optional<Kind> kind = kind_of_code(code);
    if (!kind) {
      std::transform(code.begin(), code.end(), code.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      const std::string near = nearest(code, all_codes());
      return console.fail(
          {Exit::Usage, fmt::format("there is no code `{}`", code),
           near.empty() ? "`cbench explain` lists all codes" : fmt::format("did you mean `{}`?", near)});
    }
    std::fputs(explain(*kind).c_str(), stdout);
  }
  return 0;
}

}  // namespace

void add_explain(CLI::App& app, Command& chosen) {
  auto codes = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("explain", "Explain the code of an error or warning, or a module");
  command->add_option(
      "CODE", *codes,
      "codes such as CB0203, or modules such as std.control; without one, all codes are listed");
  command->footer("Examples:\n  cbench explain CB0203\n  cbench explain std.control\n  cbench explain");
  command->callback(
      [codes, &chosen] { chosen = [codes](Console& console) { return explain_codes(*codes, console); }; });
}

}  // namespace cbench
