// Why a metric or stream has no value.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;

TEST(cause, of_a_metric_is_its_status_in_words) {
  Scene s({"A"});
  s.absent = {kMpki};
  s.play(policy(R"(
optional perf.llc_mpki
when step > 0step each c in all { log "{cause(c.docker.memory_usage)} {cause(c.perf.llc_mpki)}" }
)"));
  for (const Status status : {Status::Ok, Status::Multiplexed, Status::NotDue, Status::Unsupported,
                              Status::Disabled, Status::NotScheduled, Status::Error, Status::Unavailable})
    s.step({{"A", kMemory, 3, status}});
  EXPECT_THAT(s.log, ElementsAre("1: log info: present unsupported", "2: log info: present unsupported",
                                 "3: log info: not_due unsupported", "4: log info: unsupported unsupported",
                                 "5: log info: unsupported unsupported", "6: log info: lost unsupported",
                                 "7: log info: lost unsupported", "8: log info: lost unsupported"));
}

TEST(cause, of_a_stream_tells_never_from_stale_and_lost) {
  Scene s({"A"});
  s.play(policy(R"(
enum Luck { lost, won }
stream two(c) = avg(c.docker.pids over 1s, min 2)
when step > 0step each c in all {
  log "{cause(two(c))}"
  match cause(two(c)) { stale -> log "old"; else -> { } }
}
when cause(two(c)) == lost and lost != won each c in all { log "gone" }
)"));
  const std::vector<Sample> not_due = {{"A", kPids, 0, Status::NotDue}};
  s.step(not_due);
  s.step({{"A", kPids, 1}});
  s.step({{"A", kPids, 1}});
  s.step(not_due);
  s.step(not_due, 3);
  EXPECT_THAT(s.log, ElementsAre("1: log info: never", "2: log info: lost", "2: log info: gone",
                                 "3: log info: present", "4: log info: present", "7: log info: stale",
                                 "7: log info: old"));
}

}  // namespace
}  // namespace cbench::test
