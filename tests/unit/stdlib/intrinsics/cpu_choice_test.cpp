#include "stdlib/intrinsics/cpu_choice.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace cbench {
namespace {

CpuSet cpus(const char* list) { return *parse_cpu_list(list); }

/// A host as Linux numbers it: the first threads of all cores, then their siblings.
HostFacts host(uint32_t sockets, uint32_t cores, bool smt, uint32_t domains_in_socket = 1) {
  HostFacts facts;
  facts.sockets = sockets;
  for (uint32_t thread = 0; thread < (smt ? 2U : 1U); ++thread)
    for (uint32_t socket = 0; socket < sockets; ++socket)
      for (uint32_t core = 0; core < cores; ++core) {
        const auto number = static_cast<uint32_t>(facts.cpus.size());
        const uint32_t domain = socket * domains_in_socket + core * domains_in_socket / cores;
        facts.cpus.push_back({.cpu = number,
                              .core = core,
                              .socket = socket,
                              .numa = socket,
                              .l3_domain = static_cast<int32_t>(domain)});
        facts.online.set(number);
      }
  return facts;
}

std::string first(const HostFacts& facts, int64_t count, const std::vector<CpuSet>& occupied = {}) {
  return to_list(CpuChoice(facts).first(count, occupancy_of(occupied)));
}

TEST(cpu_choice, the_least_used_cpus_are_picked_and_ties_go_to_the_lowest) {
  const HostFacts four = host(1, 4, false);
  EXPECT_EQ(first(four, 2), "0-1");
  EXPECT_EQ(first(four, 1, {cpus("0-1")}), "2");
  EXPECT_EQ(first(four, 3, {cpus("0-3"), cpus("1-2")}), "0-1,3");
  EXPECT_EQ(first(four, 9), "0-3");
}

TEST(cpu_choice, whole_cores_come_before_the_siblings_of_ones_own) {
  const HostFacts smt = host(1, 4, true);  // 0 and 4 are one core, 1 and 5 …
  EXPECT_EQ(first(smt, 4), "0-3");
  EXPECT_EQ(first(smt, 5), "0-4");
}

TEST(cpu_choice, siblings_of_others_are_avoided) {
  const HostFacts smt = host(1, 4, true);
  EXPECT_EQ(first(smt, 2, {cpus("0-1")}), "2-3") << "4 and 5 are free, but beside somebody";
  EXPECT_EQ(first(smt, 1, {cpus("0-3")}), "4") << "there is nothing better";
}

TEST(cpu_choice, a_container_stays_in_one_l3_domain_where_it_fits) {
  const HostFacts two = host(2, 4, false);
  EXPECT_EQ(first(two, 3, {cpus("0-1")}), "4-6") << "socket 0 has room for two";
  const HostFacts ccx = host(1, 8, false, 4);  // domains of two cores
  EXPECT_EQ(first(ccx, 2, {cpus("0")}), "2-3");
  EXPECT_EQ(first(ccx, 4), "0-3");
}

TEST(cpu_choice, near_cpus_come_first_and_the_sibling_before_another_socket) {
  const HostFacts two = host(2, 2, true);  // socket 0: 0,1 and siblings 4,5; socket 1: 2,3 and 6,7
  const CpuChoice choice(two);
  EXPECT_EQ(choice.to_take(cpus("0"), {}), 1U);
  EXPECT_EQ(choice.to_take(cpus("0-1"), {}), 4U);
  EXPECT_EQ(choice.to_take(cpus("2"), {}), 3U);
}

TEST(cpu_choice, it_leaves_what_is_crowded_then_siblings_then_what_is_far) {
  const CpuChoice choice(host(2, 2, true));
  EXPECT_EQ(choice.to_leave(cpus("0-1"), occupancy_of({cpus("0")})), 0U);
  EXPECT_EQ(choice.to_leave(cpus("0-1,4"), {}), 4U) << "0 and 4 are one core";
  EXPECT_EQ(choice.to_leave(cpus("0-1,2"), {}), 2U) << "alone on its socket";
  EXPECT_EQ(choice.to_leave(cpus("0-1"), occupancy_of({cpus("4")})), 0U) << "somebody is on its sibling";
}

TEST(cpu_choice, what_the_host_does_not_describe_is_used_all_the_same) {
  HostFacts unknown;
  unknown.online = cpus("3,5,9");
  EXPECT_EQ(first(unknown, 2), "3,5");
  EXPECT_EQ(CpuChoice(unknown).to_take(unknown.online, {}), kMaxCpus);
}

TEST(cpu_choice, on_any_host_the_order_of_preference_holds) {
  std::mt19937 random(3);
  const auto draw = [&](uint32_t from, uint32_t to) {
    return std::uniform_int_distribution<uint32_t>(from, to)(random);
  };
  for (int round = 0; round < 500; ++round) {
    HostFacts facts = host(draw(1, 2), draw(1, 8), draw(0, 1) == 1, draw(1, 2));
    for (const CpuFacts& cpu : facts.cpus)
      if (facts.online.count() > 1 && draw(0, 9) == 0) facts.online.reset(cpu.cpu);
    Occupancy others{};
    CpuSet has;
    for (const CpuFacts& cpu : facts.cpus) {
      others[cpu.cpu] = static_cast<uint16_t>(draw(0, 2));
      if (facts.online[cpu.cpu] && draw(0, 2) == 0) has.set(cpu.cpu);
    }
    const CpuChoice choice(facts);
    const size_t taken = choice.to_take(has, others);
    if (has == facts.online) {
      EXPECT_EQ(taken, kMaxCpus);
    } else {
      ASSERT_LT(taken, kMaxCpus);
      EXPECT_TRUE(facts.online[taken] && !has[taken]);
      for (size_t cpu = 0; cpu < kMaxCpus; ++cpu)
        if (facts.online[cpu] && !has[cpu]) EXPECT_LE(others[taken], others[cpu]);
    }
    const size_t left = choice.to_leave(has, others);
    if (has.none()) {
      EXPECT_EQ(left, kMaxCpus);
    } else {
      ASSERT_LT(left, kMaxCpus);
      EXPECT_TRUE(has[left]);
      for (size_t cpu = 0; cpu < kMaxCpus; ++cpu)
        if (has[cpu]) EXPECT_GE(others[left], others[cpu]);
    }
    const auto count = draw(1, 20);
    EXPECT_EQ(choice.first(count, others).count(), std::min<size_t>(count, facts.online.count()));
  }
}

}  // namespace
}  // namespace cbench
