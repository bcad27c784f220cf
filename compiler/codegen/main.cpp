// cbench-codegen: reads a request from standard input and writes its answer to standard output. `cbench`
// starts it for a policy whose code is not in the cache.
#include <csignal>
#include <cstdio>
#include <string>

#include <sys/prctl.h>
#include <unistd.h>

#include "compiler/codegen/codegen.h"

int main(int argc, char**) {
  if (argc > 1 || isatty(STDIN_FILENO) != 0) {
    std::fputs("cbench-codegen is started by cbench and has no options\n", stderr);
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // an answer is of no use without its asker
  std::string request;
  char part[1 << 16];
  for (size_t n = 0; (n = std::fread(part, 1, sizeof part, stdin)) > 0;) request.append(part, n);
  const std::string answer = cbench::to_bytes(cbench::generate(request));
  return std::fwrite(answer.data(), 1, answer.size(), stdout) == answer.size() && std::fflush(stdout) == 0
             ? 0
             : 1;
}
