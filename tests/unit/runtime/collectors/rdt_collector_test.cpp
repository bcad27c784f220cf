// The rdt collector on a fixture: plain folders and files that stand for resctrl, not the kernel's file
// system. The groups that the kernel would fill are there before they are "made".
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/host/files.h"
#include "runtime/host/resctrl.h"
#include "stdlib/abi/domain_parts.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

using enum Metric;
using testing::HasSubstr;

class Resctrl : public testing::Test {
 protected:
  Resctrl() {
    tree.write("info/L3/cbm_mask", "fffff\n");
    tree.write("info/L3/num_closids", "4\n");
    tree.write("info/MB/bandwidth_gran", "10\n");
    tree.write("info/MB/min_bandwidth", "10\n");
    tree.write("info/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n");
    write_group("", "L3:0=fffff;1=fffff\nMB:0=100;1=100\n");
    write_group("cbench-0a1b2c3d-batch/", "L3:0=f;1=3\nMB:0=30;1=100\n");
    outside.write("cgroup/tasks", fmt::format("{}\n", ::getpid()));
    spec.containers.resize(1);
    for (size_t i = 0; i < kMetricCount; ++i)
      if (kMetrics[i].group == MetricGroup::rdt) spec.containers[0].sampling.enabled.set(i);
    frame = std::make_unique<Frame>(columns_of(spec), 1);
    frame->running[0] = 1;
    auto opened = Journal::open("run-of-test", outside / "journal");
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
    facts.rdt = read_resctrl(tree.root());
    facts.rdt.simulated = true;
    facts.rdt.l3_bytes = 20 << 20;
    started.pid = ::getpid();
    started.cgroup.unified = outside / "cgroup";
  }

  /// A CLOS group, and our monitoring group in it as the kernel would fill it.
  void write_group(const std::string& group, const std::string& schemata) const {
    tree.write(group + "schemata", schemata);
    tree.write(group + "tasks", "");
    tree.write(mon(group) + "tasks", "");
    for (const char* domain : {"mon_L3_00", "mon_L3_01"}) write_counts(group, domain, "100", "1000", "600");
  }
  static std::string mon(const std::string& group) {
    return fmt::format("{}mon_groups/cbench-{}-0/", group, ::getpid());
  }
  void write_counts(const std::string& group, const std::string& domain, const std::string& occupancy,
                    const std::string& total, const std::string& local) const {
    const std::string folder = mon(group) + "mon_data/" + domain + "/";
    tree.write(folder + "llc_occupancy", occupancy + "\n");
    tree.write(folder + "mbm_total_bytes", total + "\n");
    tree.write(folder + "mbm_local_bytes", local + "\n");
  }
  /// As a run does it on this host.
  void with_parts() {
    add_domain_parts(spec, facts.rdt);
    frame = std::make_unique<Frame>(columns_of(spec), 1);
    frame->running[0] = 1;
  }
  [[nodiscard]] Metric part(std::string_view name) const {
    for (const Metric metric : frame->columns())
      if (info(metric).name == name) return metric;
    ADD_FAILURE() << name;
    return Metric::rdt_class_name;
  }
  void attach() {
    collector = make_rdt_collector(spec, facts, *frame, *journal);
    EXPECT_THAT(collector->attach(0, started), testing::IsEmpty());
  }
  [[nodiscard]] size_t column(Metric metric) const { return static_cast<size_t>(frame->column(metric)); }
  [[nodiscard]] Status status(Metric metric) const { return frame->status(column(metric), 0); }
  [[nodiscard]] std::string_view text(Metric metric) const { return frame->text(column(metric), 0); }

  FixtureTree tree, outside;
  RunSpec spec;
  HostFacts facts;
  Started started;
  std::unique_ptr<Frame> frame;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Collector> collector;
};

TEST_F(Resctrl, domains_are_summed_and_tasks_assigned) {
  attach();
  EXPECT_EQ(read_text(tree / (mon("") + "tasks")), fmt::format("{}\n", ::getpid()));
  collector->collect(0, *frame);
  EXPECT_EQ(frame->i64(column(rdt_l3_cache_occupancy), 0), 200);
  EXPECT_EQ(status(rdt_l3_cache_occupancy), Status::Ok);
  EXPECT_EQ(text(rdt_class_name), "default");
  EXPECT_EQ(text(rdt_mon_group_name), fmt::format("cbench-{}-0", ::getpid()));
  EXPECT_EQ(text(rdt_l3_cache_allocation), "0=fffff;1=fffff");
  EXPECT_EQ(frame->i64(column(rdt_l3_ways), 0), 20);
  EXPECT_EQ(frame->i64(column(rdt_mba_throttle), 0), 100);
  EXPECT_DOUBLE_EQ(frame->f64(column(rdt_l3_cache_allocation_pct), 0), 100);
  EXPECT_DOUBLE_EQ(frame->f64(column(rdt_cache_llc_utilization_percent), 0), 100.0 * 200 / (40 << 20));
  EXPECT_EQ(status(rdt_bandwidth_utilization_percent), Status::Unsupported);
}

TEST_F(Resctrl, bandwidth_is_the_change_over_time_and_unavailable_at_first) {
  attach();
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unavailable);
  const auto begin = std::chrono::steady_clock::now();
  ::usleep(20'000);
  write_counts("", "mon_L3_00", "100", "1001000", "600");
  collector->collect(0, *frame);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ASSERT_EQ(status(rdt_memory_bandwidth_total), Status::Ok);
  const double rate = frame->f64(column(rdt_memory_bandwidth_total), 0);
  EXPECT_GE(rate, 1e6 / (seconds + 0.05));
  EXPECT_LE(rate, 1e6 / 0.02);
  EXPECT_EQ(frame->f64(column(rdt_memory_bandwidth_local), 0), 0);
}

TEST_F(Resctrl, what_the_kernel_cannot_say_is_a_status) {
  attach();
  collector->collect(0, *frame);
  write_counts("", "mon_L3_01", "Unavailable", "Unassigned", "Error");
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_l3_cache_occupancy), Status::Unavailable);
  EXPECT_EQ(status(rdt_cache_llc_utilization_percent), Status::Unavailable);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unassigned);
  EXPECT_EQ(status(rdt_memory_bandwidth_local), Status::Error);
  write_counts("", "mon_L3_01", "1", "1000", "600");
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_l3_cache_occupancy), Status::Ok);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unavailable)
      << "there is no earlier value to compare with";
}

TEST_F(Resctrl, each_domain_has_its_own_figures_and_its_own_status) {
  facts.rdt.peak_bandwidth = 50e9;
  with_parts();
  attach();
  collector->collect(0, *frame);
  EXPECT_EQ(frame->i64(column(part("l3_cache_occupancy_d1")), 0), 100);
  EXPECT_EQ(status(part("memory_bandwidth_total_d0")), Status::Unavailable);
  ::usleep(5'000);
  write_counts("", "mon_L3_00", "7", "2000000", "600");
  collector->collect(0, *frame);
  EXPECT_EQ(frame->i64(column(part("l3_cache_occupancy_d0")), 0), 7);
  EXPECT_EQ(frame->i64(column(rdt_l3_cache_occupancy), 0), 107);
  EXPECT_GT(frame->f64(column(part("memory_bandwidth_total_d0")), 0), 0);
  EXPECT_EQ(frame->f64(column(part("memory_bandwidth_total_d1")), 0), 0);
  const double total = frame->f64(column(rdt_memory_bandwidth_total), 0);
  EXPECT_DOUBLE_EQ(total, frame->f64(column(part("memory_bandwidth_total_d0")), 0));
  EXPECT_DOUBLE_EQ(frame->f64(column(rdt_bandwidth_utilization_percent), 0), 100 * total / 100e9);
  write_counts("", "mon_L3_01", "Unavailable", "1000", "600");
  collector->collect(0, *frame);
  EXPECT_EQ(status(part("l3_cache_occupancy_d0")), Status::Ok);
  EXPECT_EQ(status(part("l3_cache_occupancy_d1")), Status::Unavailable);
  EXPECT_EQ(status(rdt_l3_cache_occupancy), Status::Unavailable) << "a sum of what is known would be too low";
}

TEST_F(Resctrl, nodes_of_a_domain_are_told_apart_and_not_counted_twice) {
  for (const int node : {0, 1, 2, 3})
    write_counts("", fmt::format("mon_L3_0{}/mon_sub_L3_0{}", node / 2, node), "50", "500", "300");
  for (const int node : {0, 1, 2, 3})
    tree.make_folder(fmt::format("mon_data/mon_L3_0{}/mon_sub_L3_0{}", node / 2, node));
  facts.rdt = read_resctrl(tree.root());
  facts.rdt.simulated = true;
  EXPECT_EQ(facts.rdt.snc_nodes, (std::vector<uint32_t>{0, 1, 2, 3}));
  with_parts();
  attach();
  collector->collect(0, *frame);
  EXPECT_EQ(frame->i64(column(rdt_l3_cache_occupancy), 0), 200);
  EXPECT_EQ(frame->i64(column(part("l3_cache_occupancy_d0")), 0), 100);
  EXPECT_EQ(frame->i64(column(part("l3_cache_occupancy_n3")), 0), 50);
}

TEST_F(Resctrl, a_count_that_goes_back_or_jumps_gives_no_rate) {
  with_parts();
  attach();
  collector->collect(0, *frame);
  ::usleep(2'000);
  write_counts("", "mon_L3_00", "100", "10", "600");
  write_counts("", "mon_L3_01", "100", "900000", "600");
  collector->collect(0, *frame);
  EXPECT_EQ(status(part("memory_bandwidth_total_d0")), Status::Unavailable);
  EXPECT_EQ(status(part("memory_bandwidth_total_d1")), Status::Ok);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unavailable) << "though the sum has grown";
  ::usleep(2'000);
  write_counts("", "mon_L3_00", "100", "1152921504606846976", "600");
  collector->collect(0, *frame);
  EXPECT_EQ(status(part("memory_bandwidth_total_d0")), Status::Error) << "2^60 bytes in milliseconds";
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Error);
  write_counts("", "mon_L3_00", "100", "18446744073709551615", "600");
  collector->collect(0, *frame);
  EXPECT_EQ(status(part("memory_bandwidth_total_d0")), Status::Error);
}

TEST_F(Resctrl, tasks_that_come_from_outside_are_assigned_and_forks_are_left_alone) {
  attach();
  tree.write(mon("") + "tasks", "");
  collector->sync_tasks();
  EXPECT_EQ(read_text(tree / (mon("") + "tasks")), "") << "nothing is new";
  outside.write("cgroup/inner/tasks", "1\n");
  collector->sync_tasks();
  EXPECT_EQ(read_text(tree / (mon("") + "tasks")), "1\n") << "by `docker exec`, in a cgroup below";
  outside.write("cgroup/inner/tasks", "");
  collector->sync_tasks();
  outside.write("cgroup/inner/tasks", "1\n");
  tree.write(mon("") + "tasks", "");
  collector->sync_tasks();
  EXPECT_EQ(read_text(tree / (mon("") + "tasks")), "1\n") << "a number that is used again is another task";
}

/// mkdir of a full tmpfs is refused as resctrl's is when there is no RMID.
TEST_F(Resctrl, without_an_rmid_there_is_no_value_until_one_is_free) {
  const std::string full = outside / "full";
  outside.make_folder("full");
  if (::mount("tmpfs", full.c_str(), "tmpfs", 0, "nr_inodes=60") != 0) GTEST_SKIP() << "cannot mount a tmpfs";
  std::filesystem::remove_all(tree / "mon_groups");
  std::filesystem::copy(tree.root(), full, std::filesystem::copy_options::recursive);
  std::filesystem::create_directories(full + "/mon_groups");
  std::ofstream(full + "/info/last_cmd_status") << "Out of RMIDs\n";
  for (int i = 0; ::mkdir(fmt::format("{}/filler{}", full, i).c_str(), 0755) == 0; ++i) {
  }
  facts.rdt = read_resctrl(full);
  facts.rdt.simulated = true;
  facts.rdt.num_rmids = 4;
  collector = make_rdt_collector(spec, facts, *frame, *journal);
  const auto lines = collector->attach(0, started);
  EXPECT_EQ(lines.size(), 1U);
  if (!lines.empty()) {
    EXPECT_THAT(lines[0], HasSubstr("Out of RMIDs"));
    EXPECT_THAT(lines[0], HasSubstr("max_threshold_occupancy"));
    EXPECT_THAT(lines[0], HasSubstr("4 RMIDs"));
  }
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_l3_cache_occupancy), Status::Unassigned);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unassigned);
  collector->sync_tasks();
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_l3_cache_occupancy), Status::Unassigned);
  for (const auto& entry : std::filesystem::directory_iterator(full))
    if (entry.path().filename().string().starts_with("filler")) std::filesystem::remove_all(entry.path());
  std::filesystem::copy(tree / "cbench-0a1b2c3d-batch/mon_groups", full + "/mon_groups",
                        std::filesystem::copy_options::recursive);  // as the kernel fills the new group
  collector->sync_tasks();
  collector->collect(0, *frame);
  EXPECT_EQ(frame->i64(column(rdt_l3_cache_occupancy), 0), 200);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unavailable) << "there is no difference yet";
  collector.reset();
  EXPECT_EQ(::umount2(full.c_str(), MNT_DETACH), 0);
}

TEST_F(Resctrl, a_container_that_moves_is_followed_to_its_class) {
  attach();
  collector->collect(0, *frame);
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Ok);
  tree.write("cbench-0a1b2c3d-batch/tasks", fmt::format("1\n{}\n", ::getpid()));
  collector->collect(0, *frame);
  EXPECT_EQ(text(rdt_class_name), "batch");
  EXPECT_EQ(text(rdt_l3_cache_allocation), "0=f;1=3");
  EXPECT_EQ(frame->i64(column(rdt_l3_ways), 0), 4);
  EXPECT_EQ(frame->i64(column(rdt_mba_throttle), 0), 30);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Unavailable) << "the count begins anew";
  EXPECT_EQ(read_text(tree / (mon("cbench-0a1b2c3d-batch/") + "tasks")), fmt::format("{}\n", ::getpid()));
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_memory_bandwidth_total), Status::Ok);
}

TEST_F(Resctrl, a_changed_schemata_is_seen_in_the_next_sample) {
  attach();
  collector->collect(0, *frame);
  tree.write("schemata", "L3:0=3;1=1\nMB:0=10;1=10\n");
  collector->collect(0, *frame);
  EXPECT_EQ(text(rdt_l3_cache_allocation), "0=3;1=1");
  EXPECT_DOUBLE_EQ(frame->f64(column(rdt_l3_cache_allocation_pct), 0), 10);
}

TEST_F(Resctrl, bandwidth_in_absolute_units_is_not_shown_as_percent) {
  tree.write("schemata", "L3:0=fffff\nMB:0=2048\n");
  facts.rdt = read_resctrl(tree.root());
  attach();
  collector->collect(0, *frame);
  EXPECT_EQ(status(rdt_mba_throttle), Status::Unsupported);
}

TEST_F(Resctrl, without_resctrl_every_cell_is_unsupported_and_the_reason_is_said) {
  facts.rdt = read_resctrl(tree / "none");
  collector = make_rdt_collector(spec, facts, *frame, *journal);
  const auto lines = collector->attach(0, started);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("does not exist"));
  collector->collect(0, *frame);
  for (size_t c = 0; c < frame->columns().size(); ++c)
    if (info(frame->columns()[c]).group == MetricGroup::rdt)
      EXPECT_EQ(frame->status(c, 0), Status::Unsupported);
}

TEST_F(Resctrl, the_journal_knows_of_a_group_before_it_is_made) {
  tree.remove(mon(""));
  collector = make_rdt_collector(spec, facts, *frame, *journal);
  collector->attach(0, started);
  bool noted = false;
  for (const auto& file : std::filesystem::directory_iterator(outside / "journal"))
    noted = noted || read_text(file.path()).value_or("").find(fmt::format("cbench-{}-0", ::getpid())) !=
                         std::string::npos;
  EXPECT_TRUE(noted);
}

}  // namespace
}  // namespace cbench
