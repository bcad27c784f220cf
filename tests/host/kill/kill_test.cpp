// link: runtime.engines
// needs: dockerd
// timeout: 1800
// kill -9 at random moments of a run with Docker and a resctrl that outlives it: what `cbench clean --yes`,
// or just the next run, leaves is what was there before. CBENCH_KILLS sets how often (tests/soak: 100).
#include <csignal>
#include <random>

#include <fmt/format.h>

#include "runtime/engines/engine.h"
#include "tests/support/command_line.h"
#include "tests/support/resctrl_sim.h"
#include "tests/support/resctrl_snapshot.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

constexpr const char* kBench = R"(benchmark:
  name: killed
  step: 20
  max_t: {}
one:
  image: cbench-test/busybox:1
  command: while :; do :; done
  data: {{frequency: 20, docker: {{cpu_usage_percent: true}}, rdt: {{l3_cache_occupancy: true}}}}
two:
  image: cbench-test/busybox:1
  command: while :; do :; done
  start_t: 0.3
  data: {{frequency: 20, docker: {{cpu_usage_percent: true}}}}
)";
constexpr const char* kPolicy = R"(policy busy 1 "Changes all that it can, all the time"
class shared default, jail
stream load(c) = avg(c.docker.cpu_usage_percent over 60ms, min 2)
on begin { try layout l3 { jail: 2way, shared: rest } else stop "{reason}" }
when load(c) > 1% for 40ms each c in shared.members cooldown 80ms {
  try { move c -> jail; mb(jail) = 50%; quota(c) = 80%; pin c to {0} } else log "{reason}"
}
when load(c) > 1% for 40ms each c in jail.members cooldown 80ms {
  try { move c -> shared; mb(jail) = 100%; quota(c) = unlimited; pin c to {0, 1} } else log "{reason}"
}
)";

/// Folders of ours in any cgroup hierarchy, other than those of tests.
std::vector<std::string> our_cgroups() {
  std::vector<std::string> found;
  for (auto at =
           fs::recursive_directory_iterator("/sys/fs/cgroup", fs::directory_options::skip_permission_denied);
       at != fs::recursive_directory_iterator(); ++at) {
    const std::string name = at->path().filename().string();
    if (at->is_directory() && name.starts_with("cbench-") && !name.starts_with("cbench-test"))
      found.push_back(at->path());
  }
  return found;
}

class killed : public CommandLine {
 protected:
  killed() {
    write("policy.cbp", kPolicy);
    write("short.yml", fmt::format(kBench, 1));
    write("long.yml", fmt::format(kBench, 60));
  }
  void expect_as_before(const std::string& before) const {
    EXPECT_EQ(resctrl_snapshot(simulator.root()), before);
    std::vector<std::string> leftovers;
    for (const Leftover& leftover : engine_leftovers({})) leftovers.push_back(leftover.what);
    EXPECT_THAT(leftovers, IsEmpty());
    EXPECT_THAT(our_cgroups(), IsEmpty());
    expect_nothing_left();
  }
  [[nodiscard]] std::string run_line(const std::string& bench, const std::string& trace) const {
    return fmt::format("run {} --policy policy.cbp -o {} --rdt-root {}", bench, trace, simulator.root());
  }
  SimulatedResctrl simulator{"xeon-2s"};
};

TEST_F(killed, at_any_moment_leaves_nothing_that_clean_or_the_next_run_does_not_undo) {
  const char* asked = std::getenv("CBENCH_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 8;
  const std::string before = resctrl_snapshot(simulator.root());
  const Output whole = cbench(run_line("short.yml", "whole.arrows"));
  ASSERT_EQ(whole.code, 0) << whole.err;
  ASSERT_THAT(whole.out, testing::HasSubstr("applied"));
  expect_as_before(before);
  std::mt19937 random(11);
  std::uniform_int_distribution<int> moment(0, 1800);
  for (int i = 0; i < kills && !HasFailure(); ++i) {
    const int after = moment(random);
    SCOPED_TRACE(fmt::format("kill {} after {} ms", i, after));
    const pid_t pid = launch(run_line("long.yml", fmt::format("t{}.arrows", i)));
    std::this_thread::sleep_for(std::chrono::milliseconds(after));
    ::kill(pid, SIGKILL);
    finish(pid);
    if (i % 2 == 0) {
      const Output cleaned = cbench("clean --yes");
      EXPECT_EQ(cleaned.code, 0) << cleaned.out << cleaned.err;
    } else {
      const Output next = cbench(run_line("short.yml", fmt::format("n{}.arrows", i)));
      EXPECT_EQ(next.code, 0) << next.err;
    }
    expect_as_before(before);
    const fs::path trace = folder / fmt::format("t{}.arrows", i);
    if (fs::exists(trace) && fs::file_size(trace) > 0)
      EXPECT_EQ(cbench(fmt::format("trace info {}", trace.string())).code, 0)
          << "what was written can be read";
  }
}

}  // namespace
}  // namespace cbench
