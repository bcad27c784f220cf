// Completion scripts for shells, each made from the description of the command line.
#pragma once

#include <string>

#include "runtime/driver/command_tree.h"

namespace cbench {

/// To be sourced by bash, or found by bash-completion as `cbench`. Needs no bash-completion.
std::string bash_completion(const CommandDoc& root);
/// To be sourced by zsh after `compinit`, or found in its `fpath` as `_cbench`.
std::string zsh_completion(const CommandDoc& root);
/// To be sourced by fish, or found in its `fish_complete_path` as `cbench.fish`.
std::string fish_completion(const CommandDoc& root);

}  // namespace cbench
