// On which CPUs cbench keeps, when it says that it shares them, and that a thread is put back as it was.
#include "runtime/loop/observer_thread.h"

#include <random>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/host/capability.h"
#include "tests/support/topology.h"

namespace cbench {
namespace {

using testing::HasSubstr;

HostFacts host(const char* cpus) {
  HostFacts facts;
  facts.online = *parse_cpu_list(cpus);
  return facts;
}
ContainerSpec container(const char* name, const char* cores, int64_t count = 1, int64_t start = 0,
                        int64_t stop = 100) {
  ContainerSpec c;
  c.name.value = name;
  if (*cores != '\0') c.cores.value = *parse_cpu_list(cores);
  c.num_cores = count;
  c.start_ns = start;
  c.stop_ns = stop;
  return c;
}
std::string cpus(const RunSpec& spec, const HostFacts& facts, const Plan* plan = nullptr) {
  return to_list(observer_cpus(spec, facts, plan));
}

TEST(observer_cpus, are_those_that_no_container_needs) {
  RunSpec spec;
  spec.containers = {container("a", "0-1"), container("b", "3")};
  EXPECT_EQ(cpus(spec, host("0-5")), "2,4-5");
  spec.containers.push_back(container("c", "", 2));
  EXPECT_EQ(cpus(spec, host("0-5")), "5") << "c gets two of the others";
  spec.containers.push_back(container("d", "", 1, 200, 300));
  EXPECT_EQ(cpus(spec, host("0-5")), "5") << "d comes when c has gone";
  spec.containers.push_back(container("e", "", 1));
  EXPECT_EQ(cpus(spec, host("0-5")), "") << "nothing is left";
}

TEST(observer_cpus, leave_the_containers_whole_cores) {
  RunSpec spec;
  spec.containers = {container("a", "", 2)};
  // Siblings side by side: 0 and 2 are cores, 0 and 1 are one.
  EXPECT_EQ(cpus(spec, test::topology({.cores = 4, .threads = 2, .paired = true})), "1,3-7");
}

TEST(observer_cpus, stay_open_where_a_policy_moves_containers) {
  RunSpec spec;
  spec.containers = {container("a", "0")};
  Plan plan;
  plan.acts = {{Verb::Ways, 1, {}}};
  EXPECT_EQ(cpus(spec, host("0-1"), &plan), "1");
  plan.acts.push_back({Verb::Pin, 2, {}});
  EXPECT_EQ(cpus(spec, host("0-1"), &plan), "");
  spec.observer.cores.value = *parse_cpu_list("1");
  EXPECT_EQ(cpus(spec, host("0-1"), &plan), "1") << "what was asked for goes before";
}

TEST(observer_cpus, are_usable_and_never_those_of_a_container) {
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    RunSpec spec;
    HostFacts facts;
    for (size_t cpu = 0; cpu < 16; ++cpu) facts.online[cpu] = random() % 3 > 0;
    CpuSet fixed;
    for (int i = 0; i < 4; ++i) {
      ContainerSpec c = container("c", "", 1 + random() % 2);
      if (random() % 2)
        for (size_t cpu = 0; cpu < 16; ++cpu) c.cores.value[cpu] = random() % 8 == 0;
      fixed |= c.cores.value;
      spec.containers.push_back(c);
    }
    const CpuSet own = observer_cpus(spec, facts, nullptr);
    ASSERT_TRUE((own & ~facts.online).none());
    ASSERT_TRUE((own & fixed).none());
    if (own.any()) ASSERT_EQ(shared_cpus(spec, facts, own), "");
  }
}

TEST(shared_cpus, name_the_cpu_the_containers_and_the_remedy) {
  RunSpec spec;
  spec.containers = {container("a", "0"), container("b", "1")};
  const std::string both = shared_cpus(spec, host("0-1"), {});
  EXPECT_THAT(both, HasSubstr("CPUs 0-1, where `a`, `b` run;"));
  EXPECT_THAT(both, HasSubstr("observer"));
  EXPECT_THAT(shared_cpus(spec, host("0-1"), *parse_cpu_list("1")), HasSubstr("CPU 1, where `b` runs;"));
  EXPECT_EQ(shared_cpus(spec, host("0-2"), *parse_cpu_list("2")), "");
  spec.containers = {container("c", "", 2)};
  EXPECT_THAT(shared_cpus(spec, host("0-1"), {}), HasSubstr("CPUs 0-1, where `c` runs;"));
  EXPECT_EQ(shared_cpus(spec, host("0-3"), {}), "");
}

TEST(observer_thread, changes_the_thread_and_puts_it_back) {
  cpu_set_t before, now;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  size_t first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CpuSet own;
  own.set(first);
  ObserverSpec spec;
  spec.fifo = has_capability(Capability::SysNice) ? 7 : 0;
  {
    const auto thread = ObserverThread::begin(spec, own);
    ASSERT_TRUE(thread.ok()) << thread.error().message;
    EXPECT_THAT(thread->words(), HasSubstr(fmt::format("CPUs {}", first)));
    ASSERT_EQ(sched_getaffinity(0, sizeof now, &now), 0);
    EXPECT_EQ(CPU_COUNT(&now), 1);
    EXPECT_TRUE(CPU_ISSET(first, &now));
    if (spec.fifo > 0) {
      EXPECT_EQ(sched_getscheduler(0), SCHED_FIFO | SCHED_RESET_ON_FORK);
      std::thread([] { EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER) << "others do not inherit it"; }).join();
    }
  }
  ASSERT_EQ(sched_getaffinity(0, sizeof now, &now), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &now));
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

}  // namespace
}  // namespace cbench
