// Entry point of the command line.
#include <csignal>

#include <malloc.h>

#include "runtime/driver/cli.h"

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // the engine's threads allocate little; an arena each would cost memory
  // A peer that hangs up is an error of that write. Not SIG_IGN: the processes that we start would inherit
  // it.
  std::signal(SIGPIPE, [](int) {});
  return cbench::run_command_line(argc, argv);
}
