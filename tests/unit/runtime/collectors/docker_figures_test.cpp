// Docker's figures from fixture trees of v1, v2 and hybrid hosts.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/collectors/figure_files.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

using testing::HasSubstr;
using enum Metric;

constexpr std::string_view kNetDev =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
    "carrier compressed\n"
    "    lo: 9999  99 9 9 0 0 0 0 9999 99 9 9 0 0 0 0\n"
    "  eth0: 1000 10 1 2 0 0 0 0 2000 20 3 4 0 0 0 0\n"
    "  eth1:  500  5 0 1 0 0 0 0   70  7 0 0 0 0 0 0\n";

class Container {
 public:
  Container() {
    tree.make_folder("proc/42/ns");
    tree.write("proc/42/net/dev", kNetDev);
    started.pid = 42;
  }
  void use_v2() {
    started.cgroup.mode = CgroupMode::V2;
    CgroupPaths& c = started.cgroup;
    c.cpu = c.cpuacct = c.cpuset = c.memory = c.blkio = c.pids = c.unified = tree / "v2";
    tree.write("v2/cpu.stat",
               "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 40\nnr_throttled "
               "3\nthrottled_usec 77\n");
    tree.write("v2/memory.current", "1000000\n");
    tree.write("v2/memory.max", "max\n");
    tree.write("v2/memory.stat",
               "anon 400000\nfile 500000\nanon_thp 1\ninactive_file 300000\npgfault 12\npgmajfault 2\n");
    tree.write("v2/memory.swap.current", "4096\n");
    tree.write("v2/memory.events", "low 0\noom 5\noom_kill 1\noom_group_kill 9\n");
    tree.write(
        "v2/io.stat",
        "8:0 rbytes=100 wbytes=20 rios=3 wios=4 dbytes=0 dios=0\n253:1 rbytes=11 wbytes=2 rios=1 wios=1\n");
    tree.write("v2/pids.current", "7\n");
    tree.write("v2/cpuset.cpus.effective", "0-2,8\n");
    write_pressure("v2");
  }
  void use_v1() {
    started.cgroup.mode = CgroupMode::V1;
    CgroupPaths& c = started.cgroup;
    c = {CgroupMode::V1,
         tree / "cpu",
         tree / "cpuacct",
         tree / "cpuset",
         tree / "memory",
         tree / "blkio",
         tree / "pids",
         tree / "freezer",
         "",
         ""};
    tree.write("cpu/cpu.stat", "nr_periods 40\nnr_throttled 3\nthrottled_time 77000\n");
    tree.write("cpuacct/cpuacct.usage", "5000000\n");
    tree.write("cpuacct/cpuacct.usage_user", "3000000\n");
    tree.write("cpuacct/cpuacct.usage_sys", "2000000\n");
    tree.write("memory/memory.usage_in_bytes", "1000000\n");
    tree.write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    tree.write(
        "memory/memory.stat",
        "cache 1\nrss 1\ninactive_file 1\npgfault 1\ntotal_cache 500000\ntotal_rss 400000\ntotal_rss_huge 5\n"
        "total_swap 4096\ntotal_pgfault 12\ntotal_pgmajfault 2\ntotal_inactive_file 300000\n");
    tree.write("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    tree.write("blkio/blkio.throttle.io_service_bytes",
               "8:0 Read 100\n8:0 Write 20\n8:0 Total 120\n253:1 Read 11\n253:1 Write 2\nTotal 133\n");
    tree.write("blkio/blkio.throttle.io_serviced",
               "8:0 Read 3\n8:0 Write 4\n8:0 Total 7\n253:1 Read 1\n253:1 Write 1\nTotal 9\n");
    tree.write("pids/pids.current", "7\n");
    tree.write("cpuset/cpuset.effective_cpus", "0-2,8\n");
  }
  void use_hybrid() {
    use_v1();
    started.cgroup.mode = CgroupMode::Hybrid;
    started.cgroup.unified = tree / "unified";
    write_pressure("unified");
  }
  void write_pressure(const std::string& folder) const {
    for (const char* resource : {"cpu", "memory", "io"})
      tree.write(folder + "/" + resource + ".pressure",
                 "some avg10=1.00 avg60=0.00 avg300=0.00 total=900\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
                 "total=80\n");
  }
  void open() { refused = files.open(started, std::vector<bool>(kFigureCount, true), tree / "proc"); }
  int64_t operator[](Metric metric) {
    files.read(figures);
    EXPECT_EQ(figures.status[figure(metric)], Status::Ok) << info(metric).field;
    return figures.value[figure(metric)];
  }
  Status status(Metric metric) {
    files.read(figures);
    return figures.status[figure(metric)];
  }

  FixtureTree tree;
  Started started;
  FigureFiles files;
  std::map<Metric, Error> refused;
  Figures figures{};
};

void expect_figures(Container& c) {
  const std::pair<Metric, int64_t> expected[] = {{docker_cpu_usage_total, 5'000'000},
                                                 {docker_cpu_usage_user, 3'000'000},
                                                 {docker_cpu_usage_kernel, 2'000'000},
                                                 {docker_cpu_throttling, 77'000},
                                                 {docker_cpu_throttled_periods, 3},
                                                 {docker_cpu_periods, 40},
                                                 {docker_memory_usage, 1'000'000},
                                                 {docker_memory_cache, 500'000},
                                                 {docker_memory_rss, 400'000},
                                                 {docker_memory_swap, 4096},
                                                 {docker_pgfault, 12},
                                                 {docker_pgmajfault, 2},
                                                 {docker_oom_kills, 1},
                                                 {docker_disk_read_bytes, 111},
                                                 {docker_disk_write_bytes, 22},
                                                 {docker_disk_read_ops, 4},
                                                 {docker_disk_write_ops, 5},
                                                 {docker_pids, 7},
                                                 {docker_assigned_cores, 4},
                                                 {docker_network_rx_bytes, 1500},
                                                 {docker_network_rx_packets, 15},
                                                 {docker_network_rx_errors, 1},
                                                 {docker_network_rx_dropped, 3},
                                                 {docker_network_tx_bytes, 2070},
                                                 {docker_network_tx_packets, 27},
                                                 {docker_network_tx_errors, 3},
                                                 {docker_network_tx_dropped, 4}};
  for (const auto& [metric, value] : expected) EXPECT_EQ(c[metric], value) << info(metric).field;
  c.files.read(c.figures);
  EXPECT_EQ(c.figures.value[kInactiveFile], 300'000);
  EXPECT_GT(c.figures.cpu_read_ns, 0);
}

TEST(Figures, a_v2_container_has_all_of_them) {
  Container c;
  c.use_v2();
  c.open();
  EXPECT_TRUE(c.refused.empty());
  expect_figures(c);
  EXPECT_EQ(c[docker_memory_limit], kNoLimit);
  EXPECT_EQ(c[docker_cpu_pressure_some], 900'000);
  EXPECT_EQ(c[docker_io_pressure_full], 80'000);
}

TEST(Figures, a_v1_container_has_all_but_pressure) {
  Container c;
  c.use_v1();
  c.open();
  EXPECT_EQ(c.refused.size(), 6u);
  EXPECT_THAT(c.refused[docker_cpu_pressure_some].message, HasSubstr("cgroup v2"));
  EXPECT_EQ(c.status(docker_cpu_pressure_some), Status::Unsupported);
  expect_figures(c);
}

TEST(Figures, a_hybrid_container_has_v1s_figures_and_v2s_pressure) {
  Container c;
  c.use_hybrid();
  c.open();
  EXPECT_TRUE(c.refused.empty());
  expect_figures(c);
  EXPECT_EQ(c[docker_memory_pressure_full], 80'000);
}

TEST(Figures, a_hybrid_host_without_cpuacct_takes_cpu_time_from_the_v2_group) {
  Container c;
  c.use_hybrid();
  c.started.cgroup.cpuacct.clear();
  c.tree.write("unified/cpu.stat", "usage_usec 9\nuser_usec 5\nsystem_usec 4\n");
  c.open();
  EXPECT_EQ(c[docker_cpu_usage_total], 9000);
  EXPECT_EQ(c[docker_cpu_throttling], 77'000);
}

TEST(Figures, descendants_are_counted_where_v1_has_recursive_block_figures) {
  Container c;
  c.use_v1();
  c.tree.write("blkio/blkio.throttle.io_service_bytes_recursive", "8:0 Read 5000\n");
  c.open();
  EXPECT_EQ(c[docker_disk_read_bytes], 5000);
}

TEST(Figures, no_device_used_yet_is_zero_and_not_missing) {
  Container c;
  c.use_v2();
  c.tree.write("v2/io.stat", "");
  c.open();
  EXPECT_EQ(c[docker_disk_read_bytes], 0);
}

TEST(Figures, what_the_kernel_does_not_have_is_refused_by_name_and_unsupported) {
  Container c;
  c.use_v2();
  c.tree.write("v2/cpu.stat", "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\n");
  c.tree.remove("v2/memory.swap.current");
  c.open();
  EXPECT_THAT(c.refused[docker_cpu_throttling].message, HasSubstr("throttled_usec"));
  EXPECT_THAT(c.refused[docker_memory_swap].message, HasSubstr("memory.swap.current"));
  EXPECT_EQ(c.refused.size(), 4u);
  EXPECT_EQ(c.status(docker_memory_swap), Status::Unsupported);
  EXPECT_EQ(c.status(docker_cpu_throttling), Status::Unsupported);
  EXPECT_EQ(c[docker_cpu_usage_total], 5'000'000);
}

TEST(Figures, a_group_without_a_cpuset_uses_its_ancestors) {
  Container c;
  c.use_v2();
  c.started.cgroup.cpuset = c.tree / "v2/child";
  c.started.cgroup.unified = c.tree / "v2/child";
  c.tree.write("v2/cgroup.procs", "");
  c.tree.write("v2/child/cgroup.procs", "");
  c.open();
  EXPECT_EQ(c[docker_assigned_cores], 4);
}

TEST(Figures, the_hosts_own_network_is_not_the_containers) {
  Container c;
  c.use_v2();
  c.tree.write("net", "");
  std::filesystem::create_directories(c.tree / "proc/self/ns");
  std::filesystem::create_hard_link(c.tree / "net", c.tree / "proc/self/ns/net");
  std::filesystem::create_hard_link(c.tree / "net", c.tree / "proc/42/ns/net");
  c.open();
  EXPECT_EQ(c.refused.size(), 8u);
  EXPECT_EQ(c.status(docker_network_rx_bytes), Status::Unsupported);
}

TEST(Figures, text_that_turns_bad_is_an_error_and_not_an_old_value) {
  Container c;
  c.use_v2();
  c.open();
  EXPECT_EQ(c[docker_pids], 7);
  c.tree.write("v2/pids.current", "x\n");
  c.tree.write("v2/memory.stat", "anon -1\n");
  EXPECT_EQ(c.status(docker_pids), Status::Error);
  EXPECT_EQ(c.status(docker_memory_rss), Status::Error);
}

TEST(Figures, what_does_not_fit_into_one_reading_is_an_error_and_no_partial_sum) {
  Container c;
  c.use_v2();
  std::string many(kNetDev), devices;
  for (int i = 0; i < 1000; ++i) {
    many += fmt::format("veth{}: 1000000 10 0 0 0 0 0 0 1000000 20 0 0 0 0 0 0\n", i);
    devices += fmt::format("253:{} rbytes=1048576 wbytes=1048576 rios=256 wios=256 dbytes=0 dios=0\n", i);
  }
  c.open();
  c.tree.write("proc/42/net/dev", many);
  c.tree.write("v2/io.stat", devices);
  EXPECT_EQ(c.status(docker_network_rx_bytes), Status::Error);
  EXPECT_EQ(c.status(docker_disk_write_bytes), Status::Error);
  EXPECT_EQ(c[docker_pids], 7);
}

TEST(Figures, a_device_without_a_key_adds_nothing_for_it) {
  Container c;
  c.use_v2();
  // A device with io.cost and no I/O; numbers of devices without figures, which some kernels leave on a line.
  c.tree.write("v2/io.stat",
               "8:16 cost.vrate=100.00 cost.usage=12\n7:1 7:0 8:0 rbytes=100 wbytes=20 rios=3 wios=4\n253:1 "
               "rbytes=11\n");
  c.open();
  EXPECT_EQ(c[docker_disk_read_bytes], 111);
  EXPECT_EQ(c[docker_disk_write_bytes], 20);
  EXPECT_EQ(c[docker_disk_write_ops], 4);
}

TEST(DockerFigures, io_that_a_kernel_does_not_count_is_no_zero) {
  const FixtureTree tree;
  const std::string root = tree / "blkio", group = root + "/docker/4f2a";
  const auto total = [&](const std::string& text) {
    tree.write("blkio/blkio.throttle.io_service_bytes", text);
    return why_no_blkio(group);
  };
  for (const char* folder : {"blkio", "blkio/docker", "blkio/docker/4f2a"})
    tree.write(std::string(folder) + "/cgroup.procs", "");
  tree.write("blkio/docker/4f2a/blkio.throttle.io_service_bytes", "Total 0\n");
  EXPECT_FALSE(total("Total 0\n")) << "what looks like the top need not be the root";
  tree.write("blkio/release_agent", "\n");
  ASSERT_TRUE(total("Total 0\n")) << "the host itself has done none?";
  EXPECT_THAT(total("Total 0\n")->message, HasSubstr("throttle limit"));
  EXPECT_TRUE(total("254:0 Read 0\n254:0 Write 0\n254:0 Total 0\nTotal 0\n"))
      << "lines of devices that stay 0, as Linux 6.1 has them";
  EXPECT_FALSE(total("8:0 Read 5\n8:0 Total 5\nTotal 5\n")) << "an older kernel";
  tree.write("blkio/docker/blkio.throttle.write_bps_device", "8:0 1000000\n");
  EXPECT_FALSE(total("Total 0\n")) << "below a limit everything is counted";
}

}  // namespace
}  // namespace cbench
