// What the preflight finds, and that each fault has a cost and a remedy; what calibration keeps.
#include "runtime/host/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/host/calibrate.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

using testing::HasSubstr;

const HostCheck& check(const std::vector<HostCheck>& checks, std::string_view what) {
  for (const HostCheck& each : checks)
    if (each.what == what) return each;
  ADD_FAILURE() << what;
  return checks.front();
}

HostFacts good_host() {
  HostFacts facts;
  facts.cpu_model = "Xeon";
  for (uint32_t cpu = 0; cpu < 4; ++cpu) {
    facts.cpus.push_back({.cpu = cpu});
    facts.online.set(cpu);
  }
  facts.governor = "performance";
  facts.turbo = facts.smt = "off";
  facts.perf_event_paranoid = 0;
  facts.perf_counters = 4;
  facts.cgroup_mode = CgroupMode::V2;
  facts.rdt = {.present = true,
               .absent_reason = "",
               .l3_domains = {0, 1},
               .snc_nodes = {},
               .l3_allocation = true,
               .l3_ways = 11,
               .num_closids = 16,
               .mb_allocation = true,
               .l3_occupancy = true,
               .mbm_total = true,
               .mbm_local = true,
               .num_rmids = 256,
               .peak_bandwidth = 80e9};
  return facts;
}
Surroundings good_surroundings() {
  return {.may_open_events = true,
          .nmi_watchdog = false,
          .pressure = true,
          .may_lock_memory = true,
          .may_be_realtime = true,
          .open_files = UINT64_MAX,
          .swap_bytes = 0,
          .docker_trouble = "",
          .docker_remedy = "",
          .process_trouble = "",
          .writes_any_cgroup = true,
          .without_realtime = ""};
}

TEST(host_checks, of_a_host_that_has_all_are_all_ok) {
  for (const HostCheck& each : host_checks(good_host(), good_surroundings())) {
    EXPECT_EQ(each.state, CheckState::Ok) << each.what << ": " << each.cost;
    EXPECT_NE(each.finding, "") << each.what;
  }
}

TEST(host_checks, each_fault_has_a_cost_and_a_remedy) {
  HostFacts facts;  // a poor one
  facts.governor = "powersave";
  facts.turbo = facts.smt = "on";
  facts.virtual_machine = true;
  facts.cgroup_mode = CgroupMode::V1;
  facts.rdt.absent_reason = "resctrl is not mounted; mount it";
  Surroundings around = good_surroundings();
  around = {.docker_trouble = "no daemon", .docker_remedy = "start it"};
  around.open_files = 1024;
  around.swap_bytes = 1 << 30;
  size_t faults = 0;
  for (const HostCheck& each : host_checks(facts, around)) {
    if (each.state == CheckState::Ok) continue;
    ++faults;
    EXPECT_NE(each.cost, "") << each.what;
    EXPECT_NE(each.remedy, "") << each.what;
  }
  EXPECT_GE(faults, 13U);
  const auto checks = host_checks(facts, around);
  EXPECT_EQ(check(checks, "resctrl").remedy, "mount it");
  EXPECT_EQ(check(checks, "resctrl").finding, "resctrl is not mounted");
  EXPECT_THAT(check(checks, "hardware counters").remedy, HasSubstr("PMU"));
}

TEST(host_checks, single_faults_are_told_apart) {
  Surroundings around = good_surroundings();
  around.nmi_watchdog = true;
  EXPECT_THAT(check(host_checks(good_host(), around), "hardware counters").remedy,
              HasSubstr("nmi_watchdog=0"));
  HostFacts facts = good_host();
  facts.rdt.peak_bandwidth = 0;
  EXPECT_THAT(check(host_checks(facts, good_surroundings()), "peak bandwidth").remedy,
              HasSubstr("--calibrate"));
  facts.rdt.mb_allocation = false;
  EXPECT_EQ(check(host_checks(facts, good_surroundings()), "bandwidth allocation").state,
            CheckState::Missing);
}

TEST(host_checks, rights_that_are_missing_have_the_command_that_gives_them) {
  Surroundings around = good_surroundings();
  around.process_trouble = "may not make a cgroup in /c";
  around.writes_any_cgroup = around.may_open_events = around.may_lock_memory = false;
  around.without_realtime = "/sys/fs/cgroup/cpu/user";
  const auto checks = host_checks(good_host(), around);
  EXPECT_EQ(check(checks, "engine process").state, CheckState::Missing);
  EXPECT_THAT(check(checks, "engine process").remedy, HasSubstr("docs/privileges.md"));
  EXPECT_EQ(check(checks, "Docker").state, CheckState::Limited);
  EXPECT_THAT(check(checks, "Docker").remedy, HasSubstr("cap_dac_override"));
  EXPECT_THAT(check(checks, "perf events").remedy, HasSubstr("cap_perfmon"));
  EXPECT_THAT(check(checks, "locked memory").remedy, HasSubstr("cap_ipc_lock"));
  EXPECT_THAT(check(checks, "real-time priority").remedy,
              HasSubstr("echo 100000 > /sys/fs/cgroup/cpu/user/cpu.rt_runtime_us"))
      << "a right to it does not help there";
}

TEST(host_checks, of_this_machine_can_be_made) {
  const HostFacts facts = good_host();
  EXPECT_FALSE(host_checks(facts, look_around(facts)).empty());
}

TEST(calibration, is_kept_for_this_host_only) {
  const FixtureTree tree;
  const std::string path = tree / "config/cbench/host.json";
  HostFacts facts = good_host();
  EXPECT_EQ(saved_peak_bandwidth(path, facts), std::nullopt);
  ASSERT_TRUE(save_peak_bandwidth(path, facts, 81.5e9).ok());
  EXPECT_EQ(saved_peak_bandwidth(path, facts), 81.5e9);
  HostFacts other = facts;
  other.hostname = "another";
  EXPECT_EQ(saved_peak_bandwidth(path, other), std::nullopt);
  other = facts;
  other.cpus.pop_back();
  EXPECT_EQ(saved_peak_bandwidth(path, other), std::nullopt) << "a guest with fewer CPUs";
  for (const char* damaged : {"", "{", "[]", "{\"hostname\": 1}", "{\"peak_bandwidth\": \"x\"}"}) {
    tree.write("config/cbench/host.json", damaged);
    EXPECT_EQ(saved_peak_bandwidth(path, facts), std::nullopt) << damaged;
  }
  EXPECT_FALSE(save_peak_bandwidth("", facts, 1).ok());
  EXPECT_FALSE(save_peak_bandwidth("/proc/no/such/file", facts, 1).ok());
}

TEST(calibration, measures_each_domain) {
  HostFacts facts;
  facts.cpus = {{.cpu = 0, .l3_domain = 0}};
  facts.online.set(0);
  facts.memory_bytes = 64ULL << 20U;  // a quarter of it is quick to read
  const auto measured = measure_bandwidth(facts);
  ASSERT_TRUE(measured.ok());
  ASSERT_EQ(measured->size(), 1U);
  EXPECT_GT(measured->front().bytes_per_second, 1e8);
  EXPECT_LT(measured->front().bytes_per_second, 1e13);
}

}  // namespace
}  // namespace cbench
