// The command line as a whole.
#pragma once

#include "runtime/driver/command_tree.h"

namespace cbench {

/// Parses the arguments, carries the command out and returns the exit code.
int run_command_line(int argc, char** argv);

/// What it takes, as data.
CommandDoc describe_command_line();

}  // namespace cbench
