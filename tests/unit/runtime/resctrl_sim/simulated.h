// A simulated resctrl without its mount, for tests of what its files say.
#pragma once

#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <unistd.h>

#include "runtime/resctrl_sim/tree.h"

namespace cbench::sim {

class simulated : public testing::Test {
 protected:
  explicit simulated(const char* profile = "xeon-2s") : tree(*find_profile(profile)) {}

  std::string read(const std::string& path) {
    std::string text;
    EXPECT_EQ(tree.read(path, text, {}), 0) << path;
    return text;
  }
  int write(const std::string& path, const std::string& text) {
    return tree.write(path, text, {.pid = ::getpid()});
  }
  std::string status() { return read("info/last_cmd_status"); }
  /// What a refused write of a group's schemata says.
  std::string refusal(const std::string& text, const std::string& group = "a") {
    EXPECT_EQ(write(group + "/schemata", text), EINVAL) << text;
    return status();
  }
  Tree tree;
};

}  // namespace cbench::sim
