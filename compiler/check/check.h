// Syntax tree to checked program: names, types, units and optionals.
#pragma once

#include <optional>
#include <string>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "compiler/check/program.h"

namespace cbench::check {

/// nullopt: at least one error was reported. An expression in error has type Error, which agrees with
/// everything, so that one mistake gives one message.
std::optional<Program> check(const ast::Policy& policy, const SourceSet& sources, Diagnostics& diagnostics);

/// The program as text, every expression with its type, for --dump checked.
std::string to_text(const Program& program);

}  // namespace cbench::check
