// Reads a configuration from a text, with a fixed environment.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "compiler/config/config.h"

namespace cbench {

using Variables = std::map<std::string, std::string>;

struct Outcome {
  SourceSet sources;
  Diagnostics diagnostics;
  std::optional<RunSpec> spec;

  Outcome(const std::string& text, const Variables& variables, const std::string& name = "bench.yml",
          const Overrides& overrides = {}, const Importer& importer = import_recorded({})) {
    const uint32_t source = sources.add(name, text);
    spec = configure(
        sources, source, "/bench/" + name,
        [&](const std::string& variable) -> std::optional<std::string> {
          const auto found = variables.find(variable);
          return found == variables.end() ? std::nullopt : std::optional(found->second);
        },
        diagnostics, overrides, importer);
  }
  [[nodiscard]] std::string text() const { return render(diagnostics, sources, false); }
};

}  // namespace cbench
