// A stable text of a syntax tree, for tests and `cbench check --dump ast`.
#pragma once

#include <string>

#include "compiler/ast/ast.h"
#include "compiler/base/source.h"

namespace cbench {

/// One node a line, children indented by two; each line ends with the node's span as
/// `line:column-line:column`.
std::string dump(const ast::Policy& policy, const SourceSet& sources);
/// The same without spans: what a policy says, wherever it stands in the text.
std::string dump(const ast::Policy& policy);

}  // namespace cbench
