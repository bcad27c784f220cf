// A policy's text in the one style of the language. Works on the text's tokens, so that comments and line
// breaks within statements stay where they are.
#pragma once

#include <optional>
#include <string>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"

namespace cbench {

/// Two blanks a level; `{` at the end of a line; at most one blank line; columns of adjacent `param`,
/// `state`, `stream` and `group` lines aligned. Formatting it again changes nothing, and the syntax tree is
/// the same. nullopt: a syntax error was reported.
std::optional<std::string> format_policy(const SourceSet& sources, uint32_t source, Diagnostics& diagnostics);

}  // namespace cbench
