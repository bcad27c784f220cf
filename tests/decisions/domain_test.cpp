// Sockets and L3 domains: their CPUs, states for each, and shares of a class in one domain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Four CPUs in two sockets, 0 and 3, and four L3 domains, 0, 1, 4 and 5, of a CPU each.
Scene scene_of_domains(const std::vector<std::string>& containers = {"A"}) {
  Scene s(containers);
  s.with_rdt();
  for (CpuFacts& cpu : s.facts.cpus) {
    cpu.socket = cpu.cpu / 2 * 3;
    cpu.l3_domain = static_cast<int32_t>(cpu.cpu + cpu.cpu / 2 * 2);
  }
  s.facts.rdt.l3_domains = {0, 1, 4, 5};
  return s;
}

std::string with_classes(const std::string& body) { return policy("class shared default, jail\n" + body); }

std::vector<uint64_t> ways_of(const Scene& s, size_t cls) {
  std::vector<uint64_t> ways;
  const Allocation& goal = s.instance->goal();
  for (size_t d = 0; d < goal.domains; ++d) ways.push_back(goal.classes[cls * goal.domains + d].ways);
  return ways;
}

TEST(domain, sockets_and_domains_are_walked_and_have_cpus) {
  Scene s = scene_of_domains();
  s.play(policy(R"(
on begin {
  for p in host.sockets { log "socket {p}: {count(k in p.cpus)}" }
  for d in host.domains where any(k in d.cpus: k in {1..2}) { log "domain {d}" }
  log "{host.num_sockets} {host.num_domains}"
  if let d = argmax(d in host.domains: count(k in d.cpus where k in {3})) { log "{d in host.domains} {d}" }
}
on start(c) { pin c to k in host.cpus where any(p in host.sockets where k in p.cpus: count(j in p.cpus where j in {3}) > 0) }
)"));
  EXPECT_THAT(s.log, ElementsAre("0: log info: socket 0: 2", "0: log info: socket 3: 2",
                                 "0: log info: domain 1", "0: log info: domain 4", "0: log info: 2 4",
                                 "0: log info: true 5", "0: pin A to 2-3"));
}

TEST(domain, a_cpu_of_no_domain_is_in_none) {
  Scene s = scene_of_domains();
  s.facts.cpus[0].l3_domain = -1;
  s.facts.rdt = {};
  s.play(policy("on begin { for d in host.domains { log \"{d}: {count(k in d.cpus)}\" } }"));
  EXPECT_THAT(s.log, ElementsAre("0: log info: 1: 1", "0: log info: 4: 1", "0: log info: 5: 1"));
}

TEST(domain, a_state_is_kept_for_each_and_survives_containers) {
  Scene s = scene_of_domains();
  s.play(policy(R"(
state seen(d: domain): int = 3
state heat(p: socket): ratio[2] = 10%
every 100ms {
  for d in host.domains where any(k in d.cpus: k in {1, 3}) { seen(d) += 1 }
  for p in host.sockets { heat(p)[1] += 5% }
}
when step == 2step {
  for d in host.domains { log "{d}: {seen(d)}" }
  for p in host.sockets { log "{p}: {heat(p)[0]} {heat(p)[1]}" }
}
)"));
  s.run(1, {});
  s.stop("A");
  s.start("A");
  s.run(1, {});
  EXPECT_THAT(s.log, ElementsAre("2: log info: 0: 3", "2: log info: 1: 5", "2: log info: 4: 3",
                                 "2: log info: 5: 5", "2: log info: 0: 10% 20%", "2: log info: 3: 10% 20%"));
}

TEST(domain, ways_are_set_in_one_and_read_as_the_least_of_all) {
  Scene s = scene_of_domains();
  s.play(with_classes(R"(
on begin { layout l3 { jail: 2way, shared: rest } }
when step == 3step {
  if let d = argmax(d in host.domains: count(k in d.cpus where k in {2})) {
    ways(jail, d) += 3way
    log "{ways(jail, d)} {ways(shared, d)} {ways(jail)} {ways(shared)}"
  }
}
when step == 6step { ways(jail) += 1way }
)"));
  EXPECT_THAT(ways_of(s, 1), ElementsAre(0x3, 0x3, 0x3, 0x3));
  ASSERT_EQ(s.instance->changes().size(), 0U);
  s.run(3, {});
  EXPECT_THAT(ways_of(s, 1), ElementsAre(0x3, 0x3, 0x1f, 0x3));
  EXPECT_THAT(ways_of(s, 0), ElementsAre(0x7fc, 0x7fc, 0x7e0, 0x7fc));
  s.run(3, {});
  EXPECT_THAT(ways_of(s, 1), ElementsAre(0x7, 0x7, 0x7, 0x7)) << "one more than the least, everywhere";
  EXPECT_THAT(s.log, ElementsAre("0: layout l3 jail:2 shared:rest", "3: ways jail in domain 4 = 5way",
                                 "3: log info: 5way 6way 2way 6way", "6: ways jail = 3way"));
}

TEST(domain, what_one_decision_changes_of_a_class_is_one_change) {
  Scene s = scene_of_domains();
  s.play(with_classes(R"(
when step == 1step { mb(jail) = 50% }
when step == 4step {
  for d in host.domains where any(k in d.cpus: k in {0..1}) { mb(jail, d) = 20% }
}
)"));
  s.run(1, {});
  ASSERT_EQ(s.instance->changes().size(), 1U);
  EXPECT_EQ(s.instance->changes()[0].domains, 0b1111U);
  s.run(3, {});
  ASSERT_EQ(s.instance->changes().size(), 2U);
  EXPECT_EQ(s.instance->changes()[0].domains, 0b0001U);
  EXPECT_EQ(s.instance->changes()[1].domains, 0b0010U);
  EXPECT_EQ(s.last()[0].domain, 0);
  EXPECT_EQ(s.last()[1].domain, 1);
}

TEST(domain, what_fails_in_one_stays_as_it_is_in_the_others) {
  Scene s = scene_of_domains();
  s.apply = false;
  s.play(
      with_classes("when step == 1step { for d in host.domains { mb(jail, d) = 20% } }\n"
                   "on failed(mb) { log \"{action}\" }\n"
                   "when step == 2step { for d in host.domains { log \"{mb(jail, d)}\" } }"));
  s.run(1, {});
  const std::vector<Change> changes = s.instance->changes();
  ASSERT_EQ(changes.size(), 4U);
  for (const Change& change : changes)
    if (change.domains == 0b0100)
      s.instance->failed(change, "no");
    else
      s.instance->applied(change);
  s.run(1, {});
  EXPECT_THAT(s.log, Contains("2: log info: mb jail in domain 4 = 20%"));
  const size_t n = s.log.size();
  EXPECT_EQ(s.log[n - 4] + s.log[n - 3] + s.log[n - 2] + s.log[n - 1],
            "2: log info: 20%2: log info: 20%2: log info: 100%2: log info: 20%");
}

TEST(domain, conflicts_and_rests_are_of_a_domain) {
  Scene s = scene_of_domains();
  s.play(with_classes(R"(
fn first() -> int { return 1 }
when step == 1step { for d in host.domains where 0 < count(k in d.cpus where k in {0}) { mb(jail, d) = 20% } }
when step == 1step { for d in host.domains where 0 < count(k in d.cpus where k in {0..1}) { mb(jail, d) = 30% } }
when step == 2step { mb(jail) = 50% }
)"));
  s.run(2, {});
  EXPECT_THAT(s.log, ElementsAre("1: mb jail in domain 0 = 20%",
                                 HasSubstr("1: mb jail in domain 0 = 30% (refused: set by the rule at line"),
                                 "1: mb jail in domain 1 = 30%",
                                 HasSubstr("2: mb jail = 50% (refused: changed 1 step ago")));
}

TEST(domain, a_trial_puts_back_the_domains_that_it_changed) {
  Scene s = scene_of_domains();
  s.play(
      with_classes("on begin { layout l3 { jail: 2way, shared: rest } }\n"
                   "task t {\n  wait 3step\n  if let d = argmin(d in host.domains: count(k in d.cpus where k "
                   "in {0..2})) {\n"
                   "    trial ways(jail, d) = 4way for 2step vote false else revert\n  }\n}"));
  s.run(4, {});
  EXPECT_THAT(ways_of(s, 1), ElementsAre(0x3, 0x3, 0x3, 0xf));
  s.run(2, {});
  EXPECT_THAT(ways_of(s, 1), ElementsAre(0x3, 0x3, 0x3, 0x3));
  EXPECT_THAT(ways_of(s, 0), ElementsAre(0x7fc, 0x7fc, 0x7fc, 0x7fc));
  EXPECT_THAT(s.log, Contains("6: ways jail in domain 5 = 2way"));
}

TEST(domain, the_class_of_a_container_has_shares_by_domain_too) {
  Scene s = scene_of_domains({"A", "B"});
  s.spec.containers[0].critical = true;
  s.play(
      policy("class shared default, own(c) for c in all where c.critical\n"
             "on start(c) { for d in host.domains where any(k in c.cpus: k in d.cpus) {\n"
             "  try ways(own(c), d) = 2way else log \"{reason}\"\n  log \"{ways(own(c), d) ?? 0way}\" } }"));
  EXPECT_THAT(s.log, Contains("0: ways own(A) in domain 0 = 2way"));
  EXPECT_THAT(s.log, Contains("0: log info: `B` has no `own`"));
  s.stop("A");
  EXPECT_THAT(ways_of(s, 1), ElementsAre(0x7ff, 0x7ff, 0x7ff, 0x7ff)) << "the next one begins anew";
}

}  // namespace
}  // namespace cbench::test
