// Text to syntax tree.
#pragma once

#include <optional>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "compiler/parse/node.h"

namespace cbench {

/// Parses the policy `source` of `sources`, and the modules that it uses. After a syntax error the parser
/// goes on at the next declaration, so that ten mistakes give ten errors. nullopt: at least one error was
/// reported. A module that does not exist is left out; the checker reports it.
std::optional<ast::Policy> parse(const SourceSet& sources, uint32_t source, Diagnostics& diagnostics);
/// The same with what the grammar matched: a node for the header and for each declaration. nullopt as for
/// parse().
std::optional<std::vector<parsing::Node>> parse_tree(const SourceSet& sources, uint32_t source,
                                                     Diagnostics& diagnostics);

}  // namespace cbench
