// probe_host on fixture trees: one and two sockets, AMD's core complexes, no L3, offline CPUs, an affinity.
#include "runtime/host/probe.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "runtime/host/topology.h"
#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

struct FixtureCpu {
  uint32_t cpu, core, socket, numa;
  int l3_domain;  ///< negative: no level-3 cache
};

class Host {
 public:
  explicit Host(const std::vector<FixtureCpu>& cpus) {
    CpuSet online;
    for (const FixtureCpu& c : cpus) {
      online.set(c.cpu);
      const std::string folder = fmt::format("sys/devices/system/cpu/cpu{}/", c.cpu);
      tree.write(folder + "topology/core_id", fmt::format("{}\n", c.core));
      tree.write(folder + "topology/physical_package_id", fmt::format("{}\n", c.socket));
      tree.make_folder(folder + fmt::format("node{}", c.numa));
      tree.write(folder + "cache/index0/level", "1\n");
      tree.write(folder + "cache/index0/id", "0\n");
      if (c.l3_domain < 0) continue;
      tree.write(folder + "cache/index1/level", "3\n");
      tree.write(folder + "cache/index1/id", fmt::format("{}\n", c.l3_domain));
      tree.write(folder + "cache/index1/size", "32768K\n");
    }
    tree.write("sys/devices/system/cpu/online", to_list(online) + "\n");
    tree.write("proc/self/status",
               "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t" + to_list(online) + "\n");
    tree.write("proc/self/mountinfo", "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    tree.write("proc/cpuinfo",
               "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon Gold\nmicrocode\t: 0x5003\n\n");
    tree.write("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n");
    tree.write("proc/sys/kernel/hostname", "node7\n");
    tree.write("proc/sys/kernel/osrelease", "6.1.0\n");
    tree.write("proc/sys/kernel/perf_event_paranoid", "-1\n");
    tree.write("proc/cmdline", "root=/dev/sda quiet\n");
    tree.write("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  }
  [[nodiscard]] HostFacts probe() const {
    return probe_host({tree / "sys", tree / "proc", tree / "etc", tree / "resctrl"});
  }
  FixtureTree tree;
};

const std::vector<FixtureCpu> kTwoSockets = {
    {0, 0, 0, 0, 0}, {1, 1, 0, 0, 0}, {2, 0, 1, 1, 1}, {3, 1, 1, 1, 1}};

TEST(Probe, names_memory_and_settings_are_read) {
  const Host host({{0, 0, 0, 0, 0}});
  host.tree.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
  host.tree.write("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
  host.tree.write("sys/devices/system/cpu/smt/active", "1\n");
  const HostFacts facts = host.probe();
  EXPECT_EQ(facts.hostname, "node7");
  EXPECT_EQ(facts.os, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(facts.kernel, "6.1.0");
  EXPECT_EQ(facts.kernel_command_line, "root=/dev/sda quiet");
  EXPECT_EQ(facts.cpu_vendor, "GenuineIntel");
  EXPECT_EQ(facts.cpu_model, "Xeon Gold");
  EXPECT_EQ(facts.microcode, "0x5003");
  EXPECT_EQ(facts.governor, "powersave");
  EXPECT_EQ(facts.turbo, "off");
  EXPECT_EQ(facts.smt, "on");
  EXPECT_EQ(facts.memory_bytes, 16384u * 1024);
  EXPECT_EQ(facts.perf_event_paranoid, -1);
  EXPECT_EQ(facts.cgroup_mode, CgroupMode::V2);
}

TEST(Probe, two_sockets_have_their_own_nodes_and_l3_domains) {
  const HostFacts facts = Host(kTwoSockets).probe();
  EXPECT_EQ(facts.sockets, 2u);
  ASSERT_EQ(facts.cpus.size(), 4u);
  EXPECT_EQ(facts.cpus[1].core, 1u);
  EXPECT_EQ(facts.cpus[2].socket, 1u);
  EXPECT_EQ(facts.cpus[2].numa, 1u);
  EXPECT_EQ(facts.cpus[1].l3_domain, 0);
  EXPECT_EQ(facts.cpus[3].l3_domain, 1);
}

TEST(Probe, nodes_with_memory_are_those_that_have_some_and_that_this_process_may_use) {
  const Host host(kTwoSockets);
  const auto nodes = [&] { return to_list(read_memory_nodes(host.tree / "sys", host.tree / "proc")); };
  EXPECT_EQ(nodes(), "0") << "a kernel without NUMA";
  host.tree.write("sys/devices/system/node/has_memory", "0-1,4\n");
  EXPECT_EQ(nodes(), "0-1,4") << "node 4 has memory and no CPUs";
  host.tree.write("proc/self/status", "Name:\tx\nMems_allowed:\t03\nMems_allowed_list:\t1-7\n");
  EXPECT_EQ(nodes(), "1,4");
}

TEST(Probe, core_complexes_of_one_socket_are_several_l3_domains) {
  const HostFacts facts = Host({{0, 0, 0, 0, 0}, {1, 1, 0, 0, 0}, {2, 4, 0, 0, 1}, {3, 5, 0, 0, 1}}).probe();
  EXPECT_EQ(facts.sockets, 1u);
  EXPECT_EQ(facts.cpus[0].l3_domain, 0);
  EXPECT_EQ(facts.cpus[3].l3_domain, 1);
}

TEST(Probe, a_host_without_l3_has_unknown_domains) {
  const HostFacts facts = Host({{0, 0, 0, 0, -1}, {1, 1, 0, 0, -1}}).probe();
  ASSERT_EQ(facts.cpus.size(), 2u);
  EXPECT_EQ(facts.cpus[0].l3_domain, -1);
  EXPECT_EQ(facts.sockets, 1u);
}

TEST(Probe, online_is_cut_down_to_the_affinity_and_to_cpus_that_exist) {
  const Host host(kTwoSockets);
  host.tree.write("proc/self/status", "Cpus_allowed_list:\t2-7\n");
  const HostFacts facts = host.probe();
  EXPECT_EQ(to_list(facts.online), "2-3");
  EXPECT_EQ(facts.cpus.size(), 4u) << "counters need every CPU, also those that this process may not use";
}

TEST(Probe, resctrl_absent_is_said_with_a_remedy) {
  const Host host(kTwoSockets);
  EXPECT_FALSE(host.probe().rdt.present);
  EXPECT_NE(host.probe().rdt.absent_reason.find("run on a host that has it"), std::string::npos);
  host.tree.make_folder("resctrl");
  EXPECT_NE(host.probe().rdt.absent_reason.find("mount -t resctrl"), std::string::npos);
}

TEST(Probe, an_empty_host_leaves_defaults_and_does_not_fail) {
  const FixtureTree tree;
  const HostFacts facts = probe_host({tree / "sys", tree / "proc", tree / "etc", tree / "resctrl"});
  EXPECT_TRUE(facts.cpus.empty());
  EXPECT_EQ(facts.sockets, 1u);
  EXPECT_EQ(facts.governor, "unknown");
  EXPECT_EQ(facts.turbo, "unknown");
  EXPECT_EQ(facts.perf_event_paranoid, 4);
}

TEST(Probe, this_machine_agrees_with_sched_getaffinity) {
  const HostFacts facts = probe_host();
  cpu_set_t mine;
  ASSERT_EQ(sched_getaffinity(0, sizeof mine, &mine), 0);
  EXPECT_EQ(facts.online.count(), static_cast<size_t>(CPU_COUNT(&mine)));
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu) EXPECT_EQ(facts.online[cpu], CPU_ISSET(cpu, &mine) != 0);
  EXPECT_GT(facts.memory_bytes, 0u);
  EXPECT_FALSE(facts.kernel.empty());
}

HostFacts full_facts() {
  HostFacts facts = Host(kTwoSockets).probe();
  facts.governor = "performance";
  facts.kernel_command_line = "caf\xc3\xa9 \"quoted\"";
  facts.online = *parse_cpu_list("0-1,900");
  facts.cgroup_mode = CgroupMode::Hybrid;
  facts.rdt = {.present = true,
               .simulated = true,
               .root = "/r",
               .absent_reason = "",
               .l3_domains = {0, 3},
               .snc_nodes = {0, 1},
               .l3_allocation = true,
               .l3_ways = 20,
               .l3_min_bits = 2,
               .l3_shareable = 0xc000000000000000u,
               .num_closids = 16,
               .l3_bytes = 1u << 25,
               .mb_allocation = true,
               .mb_unit = MbUnit::EighthGBps,
               .mb_min = 10,
               .mb_granularity = 5,
               .l3_occupancy = true,
               .mbm_total = true,
               .mbm_local = true,
               .num_rmids = 224,
               .peak_bandwidth = 80e9};
  facts.virtual_machine = true;
  facts.perf_counters = 6;
  facts.unavailable[Metric::perf_cycles] = "no counters; use a host with a PMU";
  return facts;
}

TEST(HostJson, a_round_trip_keeps_everything) {
  const HostFacts facts = full_facts();
  const auto back = host_facts_from_json(to_json(facts));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(facts));
  EXPECT_EQ(back->online, facts.online);
  EXPECT_EQ(back->rdt.l3_shareable, facts.rdt.l3_shareable);
  EXPECT_EQ(back->rdt.l3_domains, facts.rdt.l3_domains);
  EXPECT_EQ(back->rdt.mb_kind(), MbKind::Rate);
  EXPECT_EQ(back->unavailable, facts.unavailable);
  EXPECT_EQ(back->rdt.peak_bandwidth, 80e9);
  EXPECT_EQ(back->perf_counters, 6U);
  EXPECT_TRUE(back->virtual_machine);
  EXPECT_EQ(back->cgroup_mode, CgroupMode::Hybrid);
  EXPECT_EQ(back->cpus.size(), 4u);
  EXPECT_EQ(back->cpus[3].l3_domain, 1);
}

TEST(HostJson, unknown_keys_and_metrics_are_ignored_and_absent_ones_keep_their_default) {
  const auto facts =
      host_facts_from_json(R"({"future": [1], "hostname": "h", "unavailable": {"perf_quarks": "none"}})");
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts->hostname, "h");
  EXPECT_EQ(facts->perf_event_paranoid, 4);
  EXPECT_TRUE(facts->unavailable.empty());
  const auto older = host_facts_from_json(R"({"rdt": {"present": true, "mb_allocation": true}})");
  ASSERT_TRUE(older.ok());
  EXPECT_EQ(older->rdt.mb_kind(), MbKind::Percent) << "a trace from when there was nothing else";
}

TEST(HostJson, what_is_not_host_facts_is_invalid_and_names_the_key) {
  EXPECT_EQ(host_facts_from_json("{").error().exit, Exit::Invalid);
  EXPECT_EQ(host_facts_from_json("[]").error().exit, Exit::Invalid);
  for (const auto& [text, key] : {std::pair{R"({"sockets": -1})", "sockets"},
                                  {R"({"sockets": 4294967296})", "sockets"},
                                  {R"({"memory_bytes": 1.5})", "memory_bytes"},
                                  {R"({"hostname": 7})", "hostname"},
                                  {R"({"online": "3-1"})", "online"},
                                  {R"({"cpus": [1]})", "cpus"},
                                  {R"({"cgroup_mode": "v3"})", "cgroup_mode"},
                                  {R"({"rdt": {"l3_domains": ["a"]}})", "l3_domains"},
                                  {R"({"rdt": {"mb_unit": "furlong"}})", "mb_unit"}}) {
    const auto facts = host_facts_from_json(text);
    ASSERT_FALSE(facts.ok()) << text;
    EXPECT_NE(facts.error().message.find(key), std::string::npos) << text;
  }
}

TEST(HostJson, bytes_that_are_not_utf8_do_not_break_the_text) {
  HostFacts facts;
  facts.kernel_command_line = "a\xff";
  EXPECT_TRUE(host_facts_from_json(to_json(facts)).ok());
}

}  // namespace
}  // namespace cbench
