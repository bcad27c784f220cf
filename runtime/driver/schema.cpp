// cbench schema: the format of bench.yml for editors.
#include "compiler/config/schema.h"

#include <cstdio>

#include "runtime/driver/commands.h"

namespace cbench {

void add_schema(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of bench.yml, for editors");
  command->footer(
      "Examples:\n  cbench schema > bench.schema.json\n"
      "then, as the first line of a bench.yml, for editors with a YAML language server:\n"
      "  # yaml-language-server: $schema=bench.schema.json");
  command->callback([&chosen] {
    chosen = [](Console&) {
      std::fputs(config_schema().c_str(), stdout);
      return 0;
    };
  });
}

}  // namespace cbench
