// Text to syntax tree.
#pragma once

#include <optional>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"

namespace cbench {

/// Parses the policy `source` of `sources`. After a syntax error the parser goes on at the next declaration,
/// so that ten mistakes give ten errors. nullopt: at least one error was reported.
std::optional<ast::Policy> parse(const SourceSet& sources, uint32_t source, Diagnostics& diagnostics);

}  // namespace cbench
