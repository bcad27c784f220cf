// Containers that wait for CPUs, on a clock that jumps and a host with four of them.
#include <gmock/gmock.h>

#include "tests/support/fake_run.h"

namespace cbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class queue : public FakeRun {
 protected:
  ContainerSpec& job(const std::string& name, int64_t start_ms, int64_t length_ms, int64_t cpus) {
    ContainerSpec& made = container(name);
    made.start_ns = start_ms * kMs;
    made.length_ns = length_ms * kMs;
    made.num_cores = cpus;
    return made;
  }
  /// Name and ms of the calls, in their order.
  std::vector<std::string> times(const std::string& what) {
    std::vector<std::string> out;
    for (const FakeEngine::Call& call : engine->calls(what))
      out.push_back(spec.containers[call.slot].name.value + " " + std::to_string((call.at - begun()) / kMs));
    return out;
  }
  /// When the measuring began.
  int64_t begun() { return FakeClock().now; }
};

TEST_F(queue, a_job_waits_for_cpus_and_none_overtakes_it) {
  spec.admission = Admission::Queue;
  job("a", 0, 300, 3);
  job("b", 10, 100, 2);
  job("c", 20, 100, 1);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0", "b 300", "c 300"));
  EXPECT_THAT(times("stop"), ElementsAre("a 300", "b 400", "c 400"));
}

TEST_F(queue, with_backfill_one_that_fits_goes_ahead) {
  spec.admission = Admission::Backfill;
  job("a", 0, 300, 3);
  job("b", 10, 100, 2);
  job("c", 20, 100, 1);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0", "c 20", "b 300"));
}

TEST_F(queue, shared_cpus_are_not_waited_for) {
  job("a", 0, 300, 3);
  job("b", 10, 100, 2);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0", "b 10"));
  EXPECT_THAT(times("stop"), ElementsAre("b 110", "a 300"));
}

TEST_F(queue, jobs_beside_one_another_have_cpus_of_their_own) {
  spec.admission = Admission::Queue;
  for (const char* name : {"a", "b", "c", "d", "e"}) job(name, 0, 200, 1);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0", "b 0", "c 0", "d 0", "e 200"));
  CpuSet all;
  for (size_t i = 0; i < 4; ++i) all |= engine->calls("start")[i].cpus;
  EXPECT_EQ(all, facts.online);
}

TEST_F(queue, cpus_that_a_container_names_are_kept_for_it_if_it_comes_before_the_job_has_ended) {
  spec.admission = Admission::Queue;
  ContainerSpec& fixed = container("fixed");
  fixed.cores.value = *parse_cpu_list("3");
  fixed.start_ns = 500 * kMs;
  fixed.stop_ns = 700 * kMs;
  job("short", 200, 250, 4);
  job("long", 460, 100, 4);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("short 200", "fixed 500", "long 700"));
}

TEST_F(queue, a_container_with_cpus_of_its_own_does_not_wait) {
  spec.admission = Admission::Queue;
  job("a", 0, 500, 4);
  container("fixed").cores.value = *parse_cpu_list("0");
  spec.containers.back().start_ns = 600 * kMs;
  job("b", 10, 100, 4);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0", "b 500", "fixed 600"));
}

TEST_F(queue, a_job_that_ends_by_itself_makes_room_at_once) {
  spec.admission = Admission::Queue;
  job("a", 0, 900, 4);
  job("b", 10, 100, 4);
  sampler.on_collect = [this](Frame& frame) {
    if (frame.step == 4) engine->ends(0, 0);
  };
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0", "b 400"));
}

TEST_F(queue, what_is_not_started_before_the_end_is_said) {
  spec.admission = Admission::Queue;
  job("a", 0, 5000, 4);
  job("b", 10, 100, 1);
  job("c", 20, 100, 1);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("start"), ElementsAre("a 0"));
  EXPECT_THAT(observer.lines,
              ::testing::Contains(HasSubstr("2 of 3 containers were not started, `b` the first")));
}

TEST_F(queue, a_length_ends_at_the_runs_end_at_the_latest) {
  job("a", 900, 500, 1);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("stop"), ElementsAre("a 1000"));
}

TEST_F(queue, with_drain_a_length_is_lived_to_its_end) {
  spec.drain = true;
  job("a", 900, 500, 1);
  EXPECT_EQ(go().name(), "ok");
  EXPECT_THAT(times("stop"), ElementsAre("a 1400"));
}

TEST_F(queue, where_a_policy_has_moved_a_container_counts) {
  spec.admission = Admission::Queue;
  job("a", 0, 900, 1);
  job("b", 250, 100, 3);
  go([](abi::PolicyContext& c, abi::Event event, int32_t) -> abi::i32 {
    if (event != abi::Event::Step || c.step != 2) return 0;
    c.call->fire(c.host, 0, 0);
    c.call->cpus_clear(c.host);
    for (int32_t cpu = 0; cpu < 3; ++cpu) c.call->cpus_add(c.host, cpu);
    c.call->pin(c.host, 0);
    return 0;
  });
  EXPECT_THAT(times("start"), ElementsAre("a 0", "b 900"));
}

}  // namespace
}  // namespace cbench
