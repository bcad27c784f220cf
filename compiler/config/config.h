// bench.yml to RunSpec.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// Value of an environment variable; nullopt when unset.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Checks the configuration `source` of `sources` and fills in defaults. Host-free: CPUs, ports and images
/// are not looked at. `path` is the file that relative paths are resolved against. `environment` answers for
/// ${NAME}. `engine` overrules the file's. nullopt: at least one error was reported.
std::optional<RunSpec> configure(const SourceSet& sources, uint32_t source, const std::string& path,
                                 const Environment& environment, Diagnostics& diagnostics,
                                 std::optional<EngineKind> engine = std::nullopt);

/// The environment of a real run: the process environment wins over `.env` beside the YAML, which wins over
/// `.env` in the working directory. Errors in a .env file (file:line) are Invalid.
Result<Environment> process_environment(const std::string& yaml_path);

}  // namespace cbench
