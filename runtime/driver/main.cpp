// Entry point of the command line.
#include <csignal>
#include <initializer_list>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "runtime/driver/cli.h"

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // the engine's threads allocate little; an arena each would cost memory
  // Where one of these is closed, a file that we open would take its number and what we print.
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) return 1;
  // A peer that hangs up is an error of that write. Not SIG_IGN: the processes that we start would inherit
  // it.
  std::signal(SIGPIPE, [](int) {});
  return cbench::run_command_line(argc, argv);
}
