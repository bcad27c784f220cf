// The command line within a test's own process.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/driver/cli.h"

namespace cbench {

struct Ran {
  int code = 0;
  std::string out, err;
};

/// What `cbench ARGUMENTS` gives back and says.
inline Ran run_in_process(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "cbench");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran;
  ran.code = run_command_line(static_cast<int>(argv.size()), argv.data());
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

}  // namespace cbench
