// What the figures of a Docker container are while it ends: Docker takes its interfaces and groups away
// before it tells.
#include <gmock/gmock.h>

#include "../engines/run.h"
#include "runtime/collectors/collector.h"
#include "runtime/host/probe.h"

namespace cbench {
namespace {

using enum Metric;
using testing::EngineRun;

constexpr Metric kCounts[] = {docker_cpu_usage_total,    docker_network_rx_bytes,   docker_network_tx_bytes,
                              docker_network_rx_packets, docker_network_tx_packets, docker_pgfault};

TEST(DockerEnd, counts_of_a_container_that_ends_between_two_samples_stop_and_never_go_back) {
  EngineRun run(EngineKind::Docker);
  run.add("short",
          "gateway=$(ip route | awk '/default/ {print $3}'); ping -c 4 -w 3 ${gateway:-127.0.0.1} "
          ">/dev/null; exit 0");
  for (const Metric metric : kCounts)
    run.spec.containers[0].sampling.enabled.set(static_cast<size_t>(metric));
  run.spec.step_ns = 1;
  run.make();
  const Started started = run.start(0);
  ASSERT_GT(started.pid, 0);
  Frame frame(columns_of(run.spec), 1);
  frame.running[0] = 1;
  char folder[] = "/tmp/cbench-figures-XXXXXX";
  auto journal = Journal::open(run.run_id, mkdtemp(&folder[0]));
  ASSERT_TRUE(journal);
  {
    Sampler sampler(run.spec, probe_host(), frame, **journal);
    (void)sampler.attach(0, started);
    std::vector<double> highest(std::size(kCounts), 0);
    size_t samples = 0, backwards = 0;
    const auto sample = [&] {
      ++frame.step;
      sampler.collect(frame);
      ++samples;
      for (size_t i = 0; i < std::size(kCounts); ++i) {
        const auto column = static_cast<size_t>(frame.column(kCounts[i]));
        if (!frame.has(column, 0)) continue;
        const double now = frame.number(column, 0);
        if (now < highest[i] && ++backwards < 5)
          ADD_FAILURE() << info(kCounts[i]).field << " goes from " << highest[i] << " back to " << now;
        highest[i] = std::max(highest[i], now);
      }
    };
    std::vector<ExitNotice> exits;
    ASSERT_TRUE(testing::eventually(
        [&] {
          for (int i = 0; i < 10; ++i) {  // as a run at 1 ms does, which knows of the end only by the notice
            sample();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
          return !(exits = run.engine->take_exits()).empty();
        },
        std::chrono::seconds(30)));
    for (int i = 0; i < 50; ++i) {
      sample();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    EXPECT_EQ(backwards, 0U);
    EXPECT_EQ(exits[0].code, 0);
    std::printf("%zu samples; %.0f bytes sent\n", samples, highest[2]);
    EXPECT_GT(highest[2], 0) << "nothing was sent, so that nothing could go back";
    for (const Metric metric : kCounts)
      EXPECT_EQ(frame.status(static_cast<size_t>(frame.column(metric)), 0), Status::Stopped)
          << info(metric).field;
  }
  EXPECT_TRUE((*journal)->restore().empty());
  (*journal)->close();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cbench
