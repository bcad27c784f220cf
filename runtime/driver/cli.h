// The command line as a whole.
#pragma once

namespace cbench {

/// Parses the arguments, carries the command out and returns the exit code.
int run_command_line(int argc, char** argv);

}  // namespace cbench
