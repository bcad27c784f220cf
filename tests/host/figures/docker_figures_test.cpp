// link: runtime.collectors runtime.engines
// needs: dockerd
// Our figures against the Docker API's own for the same container and the same seconds.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include <strings.h>

#include "../engines/run.h"
#include "runtime/collectors/collector.h"
#include "runtime/host/probe.h"

namespace cbench {
namespace {

using nlohmann::json;
using testing::EngineRun;

/// Docker's time, "2026-11-24T02:07:55.123456789Z", as ns since 1970.
int64_t nanoseconds(const std::string& text) {
  std::tm tm{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
  if (!rest) return 0;
  double fraction = 0;
  if (*rest == '.') fraction = std::strtod(rest, nullptr);
  return timegm(&tm) * 1'000'000'000LL + std::llround(fraction * 1e9);
}

/// The answer of Docker's stats endpoint, which takes about a second; by curl, so that none of our HTTP is in
/// the judge.
json docker_stats(const std::string& id) {
  const std::string host =
      std::getenv("DOCKER_HOST") ? std::getenv("DOCKER_HOST") : "unix:///var/run/docker.sock";
  const std::string command = "curl -s -m 30 --unix-socket " + host.substr(7) +
                              " 'http://docker/containers/" + id + "/stats?stream=false'";
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return {};
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, n);
  pclose(pipe);
  return json::parse(text, nullptr, false);
}

struct Point {
  int64_t wall_ns;
  double cpu_ns, working_set;
};

/// CPU time at a moment, between the two samples around it.
double cpu_at(const std::vector<Point>& points, int64_t wall_ns) {
  for (size_t i = 1; i < points.size(); ++i) {
    if (points[i].wall_ns < wall_ns) continue;
    const Point& a = points[i - 1];
    const Point& b = points[i];
    return a.cpu_ns + (b.cpu_ns - a.cpu_ns) * static_cast<double>(wall_ns - a.wall_ns) /
                          static_cast<double>(b.wall_ns - a.wall_ns);
  }
  return NAN;
}

/// A figure of Docker's answer, and ours; `slack` for what Docker reads coarsely, `share` for what goes up
/// and down.
struct Pair {
  Metric ours;
  const char* theirs;  ///< JSON pointer
  double slack = 0;
  double share = 0;
  const char* on_v2 = nullptr;  ///< where it stands elsewhere there
};
/// User and kernel time are a division of the exact total by the ticks seen so far, each time anew, and on v1
/// Docker has it in units of 10 ms.
constexpr Pair kPairs[] = {
    {Metric::docker_cpu_usage_total, "/cpu_stats/cpu_usage/total_usage", 0},
    {Metric::docker_cpu_usage_user, "/cpu_stats/cpu_usage/usage_in_usermode", 50e6},
    {Metric::docker_cpu_usage_kernel, "/cpu_stats/cpu_usage/usage_in_kernelmode", 50e6},
    {Metric::docker_cpu_throttled_periods, "/cpu_stats/throttling_data/throttled_periods"},
    {Metric::docker_cpu_periods, "/cpu_stats/throttling_data/periods", 0},
    {Metric::docker_cpu_throttling, "/cpu_stats/throttling_data/throttled_time", 0},
    {Metric::docker_network_rx_bytes, "/networks/eth0/rx_bytes", 0},
    {Metric::docker_network_tx_bytes, "/networks/eth0/tx_bytes", 0},
    {Metric::docker_network_rx_packets, "/networks/eth0/rx_packets", 0},
    {Metric::docker_network_tx_packets, "/networks/eth0/tx_packets", 0},
    {Metric::docker_memory_limit, "/memory_stats/limit", 0},
    {Metric::docker_memory_usage, "/memory_stats/usage", 0, 0.02},
    {Metric::docker_memory_cache, "/memory_stats/stats/total_cache", 0, 0.02, "/memory_stats/stats/file"},
    {Metric::docker_memory_rss, "/memory_stats/stats/total_rss", 0, 0.02, "/memory_stats/stats/anon"},
    {Metric::docker_pids, "/pids_stats/current"},
};

/// Figures that Docker has for each device: {"op": "Read", "value": 1}, "read" on v2.
struct Disk {
  Metric ours;
  const char* list;
  const char* operation;
};
constexpr Disk kDisks[] = {
    {Metric::docker_disk_read_bytes, "io_service_bytes_recursive", "read"},
    {Metric::docker_disk_write_bytes, "io_service_bytes_recursive", "write"},
    {Metric::docker_disk_read_ops, "io_serviced_recursive", "read"},
    {Metric::docker_disk_write_ops, "io_serviced_recursive", "write"},
};
double of_all_devices(const json& blkio, const Disk& disk) {
  double sum = 0;
  const auto list = blkio.find(disk.list);
  if (list == blkio.end() || !list->is_array()) return 0;  // null: no device yet
  for (const json& entry : *list) {
    const auto operation = entry.value("op", "");
    if (::strcasecmp(operation.c_str(), disk.operation) == 0) sum += entry.value("value", 0.0);
  }
  return sum;
}

TEST(DockerFigures, agree_with_the_api) {
  EngineRun run(EngineKind::Docker);
  // Page cache, packets now and then, processes, some memory in a shell variable, and a core in use.
  run.add("load",
          "dd if=/dev/zero of=/tmp/file bs=1M count=8 2>/dev/null; "
          "ping $(ip route | awk '/default/ {print $3}') >/dev/null & sleep 1000 & sleep 1000 & "
          "x=$(head -c 48000000 /dev/zero | tr '\\0' x); echo ready; while :; do :; done");
  ContainerSpec& spec = run.spec.containers[0];
  for (const Metric m : {Metric::docker_cpu_usage_total, Metric::docker_memory_usage,
                         Metric::docker_memory_working_set, Metric::docker_cpu_usage_percent})
    spec.sampling.enabled.set(static_cast<size_t>(m));
  for (const Pair& pair : kPairs) spec.sampling.enabled.set(static_cast<size_t>(pair.ours));
  for (const Disk& disk : kDisks) spec.sampling.enabled.set(static_cast<size_t>(disk.ours));
  spec.cpus = 0.9;
  run.spec.step_ns = 1;
  run.make();
  const Started started = run.start(0);
  ASSERT_GT(started.pid, 0);
  ASSERT_TRUE(testing::eventually([&] { return run.out("load").find("ready") != std::string::npos; },
                                  std::chrono::seconds(60)));

  const HostFacts facts = probe_host();
  Frame frame(columns_of(run.spec), 1);
  frame.running[0] = 1;
  char folder[] = "/tmp/cbench-figures-XXXXXX";
  auto journal = Journal::open(run.run_id, mkdtemp(&folder[0]));
  ASSERT_TRUE(journal);
  std::vector<Point> points;
  {
    Sampler sampler(run.spec, facts, frame, **journal);
    for (const std::string& line : sampler.attach(0, started))
      EXPECT_TRUE(line.starts_with("docker.disk_")) << line;
    const auto column = [&](Metric m) { return static_cast<size_t>(frame.column(m)); };
    const auto sample = [&] {
      timespec now{};
      clock_gettime(CLOCK_REALTIME, &now);
      ++frame.step;
      sampler.collect(frame);
      points.push_back({now.tv_sec * 1'000'000'000LL + now.tv_nsec,
                        frame.number(column(Metric::docker_cpu_usage_total), 0),
                        frame.number(column(Metric::docker_memory_working_set), 0)});
    };
    std::atomic<bool> done = false;
    json stats;
    sample();  // before Docker's first reading, and once more after its last
    std::vector<double> before, disks;
    for (const Pair& pair : kPairs) before.push_back(frame.number(column(pair.ours), 0));
    for (const Disk& disk : kDisks) disks.push_back(frame.number(column(disk.ours), 0));
    std::thread asking([&] {
      stats = docker_stats(started.id);
      done = true;
    });
    while (!done) {
      sample();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    asking.join();
    sample();
    ASSERT_TRUE(frame.has(column(Metric::docker_cpu_usage_total), 0));
    ASSERT_FALSE(stats.is_discarded());
    ASSERT_TRUE(stats.contains("cpu_stats")) << stats.dump();
    for (size_t i = 0; i < std::size(kPairs); ++i) {
      const Pair& pair = kPairs[i];
      const double after = frame.number(column(pair.ours), 0);
      json::json_pointer at(pair.theirs);
      if (pair.on_v2 != nullptr && !stats.contains(at)) at = json::json_pointer(pair.on_v2);
      ASSERT_TRUE(stats.contains(at)) << pair.theirs;
      const auto value = stats[at].get<double>();
      EXPECT_TRUE(frame.has(column(pair.ours), 0)) << pair.theirs;
      EXPECT_GE(value, std::min(before[i], after) * (1 - pair.share) - pair.slack) << pair.theirs;
      EXPECT_LE(value, std::max(before[i], after) * (1 + pair.share) + pair.slack) << pair.theirs;
      std::printf("%-45s %.0f <= %.0f <= %.0f\n", pair.theirs, before[i], value, after);
    }
    for (size_t i = 0; i < std::size(kDisks); ++i) {
      const Disk& disk = kDisks[i];
      const double theirs = of_all_devices(stats["blkio_stats"], disk);
      if (!frame.has(column(disk.ours), 0)) {
        EXPECT_EQ(frame.status(column(disk.ours), 0), Status::Unsupported) << disk.list;
        EXPECT_EQ(theirs, 0) << "Docker has a figure that is missing here: " << disk.list;
        continue;
      }
      EXPECT_GE(theirs, disks[i]) << disk.list;
      EXPECT_LE(theirs, frame.number(column(disk.ours), 0)) << disk.list;
    }
    const int64_t from = nanoseconds(stats["preread"]);
    const int64_t to = nanoseconds(stats["read"]);
    ASSERT_GT(to, from);
    const double theirs = stats["cpu_stats"]["cpu_usage"]["total_usage"].get<double>() -
                          stats["precpu_stats"]["cpu_usage"]["total_usage"].get<double>();
    const double ours = cpu_at(points, to) - cpu_at(points, from);
    ASSERT_GT(theirs, 0);
    EXPECT_NEAR(ours / theirs, 1.0, 0.03) << "over " << static_cast<double>(to - from) / 1e6 << " ms";
    const json& memory = stats["memory_stats"];
    const double inactive =
        memory["stats"].value("total_inactive_file", memory["stats"].value("inactive_file", 0.0));
    const double working_set = memory["usage"].get<double>() - inactive;
    ASSERT_GT(working_set, 40e6);
    EXPECT_NEAR(points.back().working_set / working_set, 1.0, 0.02);
    std::printf("CPU ours %.1f ms, Docker's %.1f ms; working set ours %.0f, Docker's %.0f\n", ours / 1e6,
                theirs / 1e6, points.back().working_set, working_set);
  }
  EXPECT_TRUE((*journal)->restore().empty());
  (*journal)->close();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cbench
