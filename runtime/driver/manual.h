// The manual: pages in roff, made from the description of the command line and from the table of bench.yml's
// keys.
#pragma once

#include <string>
#include <vector>

#include "runtime/driver/command_tree.h"

namespace cbench {

struct ManualPage {
  std::string name;  ///< "cbench-run"
  int section = 1;
  std::string text;  ///< roff
};

/// cbench(1): `root`, with the exit codes, files and environment of docs/cli.md.
ManualPage program_page(const CommandDoc& root);
/// cbench-run(1): a command of `root`, with the commands below it.
ManualPage command_page(const CommandDoc& root, const CommandDoc& command);
/// bench.yml(5): the keys that the checker knows.
ManualPage bench_page();

/// All of these.
std::vector<ManualPage> manual(const CommandDoc& root);

}  // namespace cbench
