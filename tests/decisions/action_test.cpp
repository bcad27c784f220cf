// Actions on the shadow: limits, reasons, conflicts, dwell, budget, try, and what a policy may never do.
#include <cstdlib>
#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#if defined(__has_feature) && __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include "scene.h"
#include "stdlib/embed/stock.h"
#include "stdlib/intrinsics/shadow.h"
#include "tests/support/topology.h"

namespace {
thread_local bool counting = false;
thread_local size_t allocations = 0;
}  // namespace

// Counts what the native code and its intrinsics allocate; see `decide_allocates_nothing`. Under
// AddressSanitizer by its own hook, since replacing operator new would part it from the library's delete.
#if defined(__has_feature) && __has_feature(address_sanitizer)
namespace {
void count_allocation(const volatile void*, size_t) {
  if (counting) ++allocations;
}
void ignore_release(const volatile void*) {}
const int hooked = __sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_release);
}  // namespace
#else
void* operator new(size_t bytes) {
  if (counting) ++allocations;
  if (void* p = std::malloc(bytes)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
#endif

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<Sample> kTick = {{"A", kPids, 1}, {"B", kPids, 1}, {"C", kPids, 1}};

TEST(mb, it_is_rounded_to_the_granularity_and_kept_above_the_minimum) {
  Scene s({"A"});
  s.with_rdt();
  s.play(policy("class shared default, slow\nevery 300ms { mb(slow) -= 24% }"));
  s.run(12, kTick);
  EXPECT_THAT(s.log,
              ElementsAre("3: mb slow = 80%", "6: mb slow = 60%", "9: mb slow = 40%", "12: mb slow = 20%"));
  s.log.clear();
  s.run(3, kTick);
  EXPECT_THAT(s.log, ElementsAre(HasSubstr("(refused: -4% is below the minimum of 10%)")));
}

TEST(move, without_rdt_it_is_refused_with_the_reason) {
  Scene s({"A"});
  s.play(
      policy("class shared default, jail\nwhen c.docker.pids > 0 each c in shared.members { try move c -> "
             "jail else log \"{reason}\" }"));
  s.step(kTick);
  EXPECT_THAT(s.log, ElementsAre("1: move A -> jail (refused: this host has no RDT: resctrl is not mounted)",
                                 "1: log info: this host has no RDT: resctrl is not mounted"));
}

TEST(move, members_follow_the_shadow_and_a_failed_apply_goes_back) {
  Scene s({"A"});
  s.with_rdt();
  s.apply = false;
  s.play(
      policy("class shared default, jail\nwhen c.docker.pids > 0 each c in shared.members { move c -> jail "
             "}\nwhen c.docker.pids > 0 each c in jail.members { log \"jailed\" }"));
  s.step(kTick);
  EXPECT_THAT(s.log, ElementsAre("1: move A -> jail", "1: log info: jailed"));
  ASSERT_EQ(s.instance->changes().size(), 1U);
  s.instance->failed(s.instance->changes()[0], "EBUSY");
  EXPECT_EQ(s.instance->goal().containers[0].cls, 0);
}

TEST(action, a_policy_hears_in_the_next_step_what_the_host_did_not_carry_out) {
  Scene s({"A", "B"});
  s.with_rdt();
  s.apply = false;
  s.play(policy(R"(
    class shared default, jail
    state told: int = 0
    on failed(move c) { told += 1; log "{c}: {action}, {reason}, {c in jail.members}"; try move c -> jail else log "{reason}; {action}" }
    on failed(ways) { log "never" }
    on failed { log "any: {action}" }
    every 200ms { log "{told}"; for c in all { move c -> jail } }
  )"));
  s.step({});
  s.step({});
  ASSERT_EQ(s.instance->changes().size(), 2U);
  s.instance->applied(s.instance->changes()[0]);
  s.instance->failed(s.instance->changes()[1], "no space");
  s.log.clear();
  s.step({});
  EXPECT_THAT(s.log, ElementsAre("3: log info: B: move B -> jail, no space, false",
                                 "3: move B -> jail (refused: changed 1 step ago; a target rests for 2)",
                                 "3: log info: changed 1 step ago; a target rests for 2; move B -> jail",
                                 "3: log info: any: move B -> jail"));
  s.log.clear();
  s.step({});
  EXPECT_THAT(s.log, testing::Contains("4: log info: 1")) << "it is told once";
}

TEST(action, failures_of_two_events_of_one_step_are_both_told) {
  Scene s({"A", "B"});
  s.with_rdt();
  s.apply = false;
  ASSERT_EQ(s.compile(policy(R"(
    class shared default, jail
    on start(c) { move c -> jail }
    on failed(move c) { log "{c}: {reason}" }
  )")),
            "");
  s.begin();
  for (const char* container : {"A", "B"}) {
    s.start(container);
    ASSERT_EQ(s.instance->changes().size(), 1U);
    s.instance->failed(s.instance->changes()[0], "no space");
  }
  s.log.clear();
  s.step({});
  EXPECT_THAT(s.log, ElementsAre("1: log info: A: no space", "1: log info: B: no space"));
}

TEST(pin, sets_of_cpus_are_written_chosen_and_refused) {
  Scene s({"A", "B"});
  s.play(
      policy("every 300ms {\n  if let c = argmin(c in all: c.index) {\n    pin c to {1, 2..3}\n  }\n}\n"
             "every 300ms { if let c = argmax(c in all: c.index) { pin c to top(2, k in host.cpus: count(o "
             "in all where k in o.cpus)) } }"));
  s.run(3, kTick);
  EXPECT_THAT(s.log, ElementsAre("3: pin A to 1-3", "3: pin B to 0-1"));
  Scene bad({"A"});
  bad.play(
      policy("when c.docker.pids > 0 each c in all { pin c to {7}\n pin c to {0, 2000}\n pin c to k in "
             "host.cpus where false\n pin c to top(9, k in host.cpus: 1)\n pin c to {0} }"));
  bad.step(kTick);
  EXPECT_THAT(bad.log, ElementsAre("1: pin A to 7 (refused: CPU 7 is not there or offline)",
                                   "1: pin A to 0 (refused: a CPU number is out of range)",
                                   "1: pin A to  (refused: the set of CPUs is empty)",
                                   "1: pin A to 0-3 (refused: there are 4 CPUs to choose from)",
                                   "1: pin A to 0 (no change)"));
}

TEST(quota, it_has_a_floor_and_can_be_lifted) {
  Scene s({"A"});
  s.play(
      policy("when c.docker.pids > 0 each c in all cooldown 300ms { quota(c) = 0.5%\n quota(c) = 150% "
             "}\nwhen c.docker.pids > 1 each c in all { quota(c) = unlimited }"));
  s.step(kTick);
  s.step({});
  s.step({});
  s.step({{"A", kPids, 2}});
  EXPECT_THAT(s.log, ElementsAre(HasSubstr("(refused: a quota is at least 1% of a core, not 0.5%)"),
                                 "1: quota A = 150%", HasSubstr("quota A = 0.5% (refused"),
                                 "4: quota A = 150% (no change)", "4: quota A = none"));
}

TEST(conflicts, the_first_rule_wins_within_a_step) {
  Scene s({"A"});
  s.play(
      policy("when c.docker.pids > 0 each c in all cooldown 10s { quota(c) = 60%\n quota(c) = 50% }\nwhen "
             "c.docker.pids > 0 each c in all cooldown 10s { quota(c) = 40% }"));
  s.step(kTick);
  EXPECT_THAT(s.log, ElementsAre("1: quota A = 60%", "1: quota A = 50%",
                                 "1: quota A = 40% (refused: set by the rule at line 2 in this step)"));
  EXPECT_EQ(s.instance->goal().containers[0].quota, 0.5);
}

TEST(dwell, a_target_rests_for_two_steps) {
  Scene s({"A"});
  s.play(policy("state q: ratio = 90%\nwhen c.docker.pids > 0 each c in all { q -= 10%\n quota(c) = q }"));
  s.run(3, kTick);
  EXPECT_THAT(
      s.log, ElementsAre("1: quota A = 80%", HasSubstr("(refused: changed 1 step ago; a target rests for 2)"),
                         "3: quota A = 60%"));
}

TEST(budget, a_step_has_so_many_actions) {
  std::vector<std::string> names;
  std::vector<Sample> samples;
  for (char c = 'A'; c <= 'J'; ++c) {
    names.emplace_back(1, c);
    samples.push_back({names.back(), kPids, 1});
  }
  Scene s(names);
  s.play(policy("when c.docker.pids > 0 each c in all { quota(c) = 50% }"));
  s.step(samples);
  EXPECT_THAT(s.log, testing::SizeIs(10));
  EXPECT_EQ(s.log[7], "1: quota H = 50%");
  EXPECT_THAT(s.log[8], HasSubstr("quota I = 50% (refused: the step's 8 actions are used up)"));
}

TEST(attempt, a_refusal_undoes_what_the_try_has_planned) {
  Scene s({"A", "B"});
  s.play(policy(
      "when c.docker.pids > 0 each c in all where c.name == \"A\" {\n  try {\n    quota(c) = 50%\n    log "
      "\"between\"\n    pin c to {9}\n    log \"never\"\n  } else log \"{reason}\"\n  quota(c) = 70%\n}"));
  s.step(kTick);
  EXPECT_THAT(s.log, ElementsAre(HasSubstr("quota A = 50% (refused: undone"), "1: log info: between",
                                 HasSubstr("pin A to 9 (refused"),
                                 "1: log info: CPU 9 is not there or offline", "1: quota A = 70%"));
  EXPECT_EQ(s.instance->goal().containers[0].quota, 0.7);
}

TEST(attempt, return_keeps_what_was_planned) {
  Scene s({"A"});
  s.play(
      policy("when c.docker.pids > 0 each c in all { try { quota(c) = 50%\n return } else log \"no\"\n log "
             "\"never\" }"));
  s.step(kTick);
  EXPECT_THAT(s.log, ElementsAre("1: quota A = 50%"));
}

TEST(admission, it_may_place_or_reject_a_container) {
  Scene s({"A", "B"});
  const std::string problems = s.compile(
      policy("on admit(c) { if c.name == \"B\" { reject c \"no room for {c}\" } else { pin c to {3} } }"));
  ASSERT_TRUE(s.compiled) << problems;
  s.begin();
  s.admit("A");
  EXPECT_FALSE(s.instance->rejected());
  EXPECT_EQ(to_list(s.instance->goal().containers[0].cpus), "3");
  EXPECT_THAT(s.instance->changes(), IsEmpty());
  s.admit("B");
  EXPECT_TRUE(s.instance->rejected());
  EXPECT_EQ(s.instance->message(), "no room for B");
}

TEST(stop, it_ends_the_policy_with_its_reason) {
  Scene s({"A"});
  s.play(policy(
      "when c.docker.pids > 0 each c in all { stop \"enough of {c}\" }\nevery 100ms { log \"never\" }"));
  EXPECT_EQ(s.step(kTick), PolicyInstance::Verdict::Stop);
  EXPECT_EQ(s.instance->message(), "enough of A");
  EXPECT_THAT(s.log, ElementsAre("1: stop: enough of A"));
}

TEST(cache_aware, it_jails_the_polluter_and_frees_it_when_it_is_quiet) {
  Scene s({"A", "B"});
  s.with_rdt();
  s.play(std::string(stock_policy("cache_aware")));
  s.run(7, {{"A", kMpki, 40}, {"B", kMpki, 1}});
  EXPECT_EQ(s.instance->goal().containers[0].cls, 0);
  s.run(8, {{"A", kMpki, 40}, {"B", kMpki, 1}});
  EXPECT_EQ(s.instance->goal().containers[0].cls, 1);
  EXPECT_EQ(s.instance->goal().containers[1].cls, 0);
  s.run(100, {{"A", kMpki, 2}, {"B", kMpki, 1}});
  EXPECT_EQ(s.instance->goal().containers[0].cls, 0);
}

TEST(stock, every_policy_compiles_and_decides_without_allocating) {
  for (const EmbeddedText& stock : stock_policies()) {
    Scene s({"A", "B", "C"});
    s.with_rdt();
    s.play(std::string(stock.text));
    std::vector<Sample> samples;
    for (const char* c : {"A", "B", "C"})
      for (size_t m = 0; m < kMetricCount; ++m)
        if (info(static_cast<Metric>(m)).type != MetricType::Str)
          samples.push_back({c, static_cast<Metric>(m), 90.0 + static_cast<double>(c[0] - 'A') * 40});
    s.run(50, samples);
  }
}

/// Calls the native code, which has no type signature before its entry that -fsanitize=function could read.
__attribute__((no_sanitize("function"))) abi::i32 enter(abi::EntryFn entry, abi::PolicyContext& context) {
  return entry(&context, static_cast<abi::i32>(abi::Event::Step), -1);
}

TEST(native_code, decide_allocates_nothing) {
  Scene s({"A", "B"});
  s.with_rdt();
  s.play(
      policy("class shared default, jail\nstream m(c) = avg(c.docker.pids over 1s, min 1)\n"
             "when m(c) > 0 each c in all { try { move c -> jail\n layout l3 { jail: 3way, shared: rest }\n "
             "quota(c) = 50%\n pin c to {9} } else log \"{c} {m(c)} {reason} {why}\"\n annotate c "
             "\"{why}\"\n emit x 1 }"));
  s.step(kTick);
  abi::PolicyContext context{};
  s.frame->now_ns += 100'000'000;
  ++s.frame->step;
  Shadow shadow(s.compiled->plan, s.facts);
  std::vector<uint64_t> state(s.compiled->plan.state_bytes / 8 + 2);
  std::vector<uint8_t> running(2, 1);
  shadow.set_running(0, true);
  shadow.set_running(1, true);
  context.slots = 2;
  context.step = s.frame->step;
  context.now_ns = s.frame->now_ns;
  context.values = s.frame->values();
  context.status = s.frame->statuses();
  context.running = running.data();
  context.state = reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(state.data()) + 15) / 16 * 16);
  context.call = &Shadow::table();
  context.host = &shadow;
  for (int i = 0; i < 3; ++i) {
    context.now_ns += 300'000'000;
    context.step += 3;
    shadow.begin_call(context.step, context.now_ns);
    allocations = 0;
    counting = true;
    const abi::i32 result = enter(s.compiled->entry, context);
    counting = false;
    EXPECT_EQ(result, abi::kGoOn);
    EXPECT_EQ(allocations, 0U);
    shadow.end_call(false);
    EXPECT_GT(shadow.decisions().size(), 4U);
  }
}

TEST(cores, a_container_gains_the_cpus_with_the_fewest_others_and_leaves_those_with_the_most) {
  Scene s({"A", "B"});
  s.facts.online = *parse_cpu_list("0-3");
  s.play(policy(R"(
    on begin { log "go" }
    task steps {
      for c in all where c.index == 0 { pin c to {0} }
      for c in all where c.index == 1 { pin c to {1} }
      wait 2step
      for c in all where c.index == 0 { cores(c) += 2 }
      wait 2step
      for c in all where c.index == 0 { cores(c) = host.num_cpus }
      wait 2step
      for c in all where c.index == 0 { cores(c) -= 2; log "{cores(c)}" }
      wait 2step
      for c in all where c.index == 0 { cores(c) -= 2 }
      for c in all where c.index == 1 { cores(c) = 9 }
    }
  )"));
  s.run(9, {});
  EXPECT_THAT(s.log, testing::Contains("3: cores A = 3core (0,2-3)"));
  EXPECT_THAT(s.log, testing::Contains("5: cores A = 4core (0-3)"));
  EXPECT_THAT(s.log, testing::Contains("7: cores A = 2core (0,2)"));
  EXPECT_THAT(s.log, testing::Contains("7: log info: 2core"));
  EXPECT_THAT(s.log, testing::Contains(
                         HasSubstr("9: cores A = 0core (refused: a container has at least 1 CPU, not 0")));
  EXPECT_THAT(s.log,
              testing::Contains(HasSubstr("9: cores B = 9core (refused: 9 CPUs are wanted, the host has 4")));
}

TEST(cores, a_container_grows_over_whole_cores_of_its_cache_and_goes_back) {
  Scene s({"A", "B"});
  // 2 sockets of 4 cores: CPUs 0-3 and 4-7, with the siblings 8-11 and 12-15.
  const HostFacts xeon = topology({.sockets = 2, .cores = 4, .threads = 2});
  s.facts.cpus = xeon.cpus;
  s.facts.online = xeon.online;
  s.play(policy(R"(
    on begin { log "go" }
    task steps {
      for c in all where c.index == 0 { pin c to {4} }
      for c in all where c.index == 1 { pin c to {1, 6} }
      wait 2step
      for c in all where c.index == 0 { cores(c) += 2 }
      wait 2step
      for c in all where c.index == 0 { cores(c) += 2 }
      wait 2step
      for c in all where c.index == 0 { cores(c) = 2 }
    }
  )"));
  s.run(7, {});
  EXPECT_THAT(s.log, testing::Contains("3: cores A = 3core (4-5,7)"));
  EXPECT_THAT(s.log, testing::Contains("5: cores A = 5core (4-5,7,12-13)"));
  EXPECT_THAT(s.log, testing::Contains("7: cores A = 2core (4-5)"));
}

TEST(cores, are_chosen_without_allocating) {
  Plan plan;
  plan.slots = 2;
  plan.slot_names = {"A", "B"};
  plan.actions_per_step = 2;
  const HostFacts facts = topology({.sockets = 2, .cores = 32, .threads = 2, .caches = 8});
  Shadow shadow(plan, facts);
  for (const int32_t slot : {0, 1}) {
    shadow.set_placement(slot, CpuSet(1), HUGE_VAL);
    shadow.set_running(slot, true);
  }
  shadow.begin_call(1, 1);
  shadow.fire(0, 0);
  allocations = 0;
  counting = true;
  EXPECT_EQ(shadow.set_cores(0, 40), 0);
  EXPECT_EQ(shadow.set_cores(1, 7), 0);
  counting = false;
  EXPECT_EQ(allocations, 0U);
  EXPECT_EQ(shadow.cores(0), 40);
}

}  // namespace
}  // namespace cbench::test
