#include "runtime/host/rdt_rival.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

/// A process in /proc with one open file.
void process(const FixtureTree& proc, const std::string& pid, const std::string& comm,
             const std::string& file, const std::string& flags) {
  proc.write(pid + "/comm", comm + "\n");
  proc.write(pid + "/fdinfo/5", "pos:\t0\nflags:\t" + flags + "\nmnt_id:\t25\n");
  proc.make_folder(pid + "/fd");
  std::filesystem::create_symlink(file, proc / (pid + "/fd/5"));
}

TEST(rdt_rival, a_program_that_can_write_msrs_is_named) {
  const FixtureTree proc;
  process(proc, "17", "sleep", "/dev/null", "0100002");
  process(proc, "23", "pqos", "/dev/cpu/3/msr", "0100002");
  EXPECT_EQ(rdt_rival(proc.root()), "pqos (process 23) has /dev/cpu/3/msr open for writing");
}

TEST(rdt_rival, one_that_only_reads_them_is_none) {
  const FixtureTree proc;
  process(proc, "23", "turbostat", "/dev/cpu/0/msr", "0100000");
  process(proc, "24", "cat", "/dev/cpu/0/cpuid", "0100002");
  EXPECT_EQ(rdt_rival(proc.root()), "");
}

TEST(rdt_rival, the_lock_of_libpqos_tells_of_either_interface) {
  const FixtureTree proc;
  process(proc, "23", "rdtset", "/run/lock/libpqos", "0100001");
  EXPECT_EQ(rdt_rival(proc.root()), "rdtset (process 23) has /run/lock/libpqos open");
}

TEST(rdt_rival, this_host_can_be_searched) { EXPECT_EQ(rdt_rival("/proc"), ""); }

}  // namespace
}  // namespace cbench
