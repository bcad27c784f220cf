// The rdt collector on a fixture: plain folders and files that stand for resctrl, not the kernel's file
// system. The groups that the kernel would fill are there before they are "made".
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/host/files.h"
#include "runtime/host/resctrl.h"
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
