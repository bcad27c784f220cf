// bench.yml to RunSpec.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// Value of an environment variable; nullopt when unset.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// The files that an `input` of `workloads` names, by an absolute path: one, or those of a folder. Errors are
/// Invalid; the message does not repeat the path.
using Importer = std::function<Result<std::vector<ImportedText>>(const std::string& path)>;

/// From the disk: a file, or every .yml and .yaml below a folder, in the order of their paths.
Result<std::vector<ImportedText>> import_files(const std::string& path);
/// From what a run has recorded.
Importer import_recorded(std::vector<ImportedText> imports);

/// What goes before the file.
struct Overrides {
  std::optional<EngineKind> engine = std::nullopt;
  std::optional<uint64_t> seed = std::nullopt;
  double time_scale = 1;  ///< all times are divided by it
};

/// Checks the configuration `source` of `sources` and fills in defaults; imported files are added to
/// `sources`. Host-free: CPUs, ports and images are not looked at. `path` is the file that relative paths are
/// resolved against. `environment` answers for ${NAME}. nullopt: at least one error was reported.
std::optional<RunSpec> configure(SourceSet& sources, uint32_t source, const std::string& path,
                                 const Environment& environment, Diagnostics& diagnostics,
                                 const Overrides& overrides = {}, const Importer& importer = import_files);

/// The environment of a real run: the process environment wins over `.env` beside the YAML, which wins over
/// `.env` in the working directory. Errors in a .env file (file:line) are Invalid.
Result<Environment> process_environment(const std::string& yaml_path);

}  // namespace cbench
