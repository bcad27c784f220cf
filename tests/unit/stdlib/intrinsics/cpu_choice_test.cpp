// Which CPUs a container gains and leaves: on hosts that can be read, and on random ones against the rules as
// they are written down, one after the other.
#include "stdlib/intrinsics/cpu_choice.h"

#include <algorithm>
#include <climits>
#include <functional>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/topology.h"

namespace cbench::test {
namespace {

CpuSet set(const char* list) { return *parse_cpu_list(list); }

/// What a container with `has` gets for `count`, beside others.
std::string resized(const HostFacts& facts, const char* has, size_t count,
                    const std::vector<const char*>& others = {}) {
  CpuChoice choice(facts);
  for (const char* other : others) choice.add_other(set(other));
  CpuSet cpus = set(has);
  choice.resize(cpus, count);
  return to_list(cpus);
}

// 2 sockets of 4 cores: CPUs 0-3 and 4-7, with the siblings 8-11 and 12-15.
const HostFacts kXeon = topology({.sockets = 2, .cores = 4, .threads = 2});
// 1 socket of 4 caches with 2 cores each: 0-1, 2-3, 4-5, 6-7, and the siblings 8-15.
const HostFacts kEpyc = topology({.cores = 8, .threads = 2, .caches = 4});

TEST(cpu_choice, each_cpu_has_a_core_for_itself_before_two_share_one) {
  EXPECT_EQ(resized(kXeon, "", 4), "0-3");
  EXPECT_EQ(resized(kXeon, "", 6), "0-3,8-9") << "siblings before the other socket's cache";
  EXPECT_EQ(resized(kXeon, "", 9), "0-4,8-11");
}

TEST(cpu_choice, a_newcomer_keeps_off_the_siblings_of_others) {
  EXPECT_EQ(resized(kXeon, "", 2, {"0-1", "4-7"}), "2-3");
  EXPECT_EQ(resized(kXeon, "", 2, {"0-2", "4-6"}), "3,11") << "not 3 and 7: the cache is one";
  EXPECT_EQ(resized(kXeon, "", 1, {"0-7"}), "8") << "where there is nothing else";
}

TEST(cpu_choice, a_newcomer_goes_where_most_cores_are_free) {
  EXPECT_EQ(resized(kXeon, "", 2, {"0"}), "4-5") << "the second socket has 4 free cores, the first 3";
  EXPECT_EQ(resized(kEpyc, "", 2, {"0", "2"}), "4-5") << "a CCX that it has to itself";
  EXPECT_EQ(resized(kEpyc, "", 6, {"4"}), "0-3,8-9") << "from CCX to CCX";
}

TEST(cpu_choice, of_nodes_within_one_cache_the_emptier_is_taken) {
  // SNC-2: the nodes 0-1 and 2-3 share the cache of their socket.
  const HostFacts snc = topology({.cores = 4, .nodes = 2});
  EXPECT_EQ(resized(snc, "", 2, {"1"}), "2-3");
  EXPECT_EQ(resized(snc, "3", 2), "2-3");
}

TEST(cpu_choice, a_container_grows_beside_itself_and_goes_back_the_way_it_came) {
  EXPECT_EQ(resized(kXeon, "5", 3), "4-6");
  EXPECT_EQ(resized(kXeon, "4-7,12-15", 9), "0,4-7,12-15");
  EXPECT_EQ(resized(kXeon, "0,4-7,12-15", 8), "4-7,12-15") << "out of the cache where it has one CPU";
  EXPECT_EQ(resized(kXeon, "4-7,12-13", 5), "4-7,12") << "a sibling of its own before a core";
  EXPECT_EQ(resized(kXeon, "0-3", 3, {"1"}), "0,2-3") << "from where others are";
  EXPECT_EQ(resized(kXeon, "0-3", 3, {"9"}), "0,2-3") << "from beside others";
}

TEST(cpu_choice, without_topology_the_least_used_and_lowest_are_taken) {
  HostFacts facts;
  facts.online = set("0-3");
  EXPECT_EQ(resized(facts, "", 2), "0-1");
  EXPECT_EQ(resized(facts, "", 3, {"0-3", "1-2"}), "0-1,3");
  EXPECT_EQ(resized(facts, "", 9), "0-3");
  EXPECT_EQ(resized(facts, "0-3", 2, {"1"}), "0,2");
  HostFacts no_cache = topology({.sockets = 2, .cores = 2});
  for (CpuFacts& cpu : no_cache.cpus) cpu.l3_domain = -1;
  EXPECT_EQ(resized(no_cache, "3", 2), "2-3") << "the socket is known";
}

TEST(cpu_choice, what_is_kept_for_last_is_taken_last) {
  CpuChoice choice(kXeon);
  choice.keep_for_last(set("0-3,5-7"));
  choice.add_other(set("4,8-15"));
  CpuSet cpus;
  choice.resize(cpus, 9);
  EXPECT_EQ(to_list(cpus), "4,8-15");
  choice.resize(cpus, 10);
  EXPECT_EQ(cpus.count(), 10U);
  choice.clear();
  cpus.reset();
  choice.resize(cpus, 1);
  EXPECT_EQ(to_list(cpus), "0");
}

/// The rules, each as a number of which the least is wanted.
class Rules {
 public:
  Rules(const HostFacts& facts, const std::vector<CpuSet>& others, const CpuSet& has)
      : facts_(facts), others_(others), has_(has) {}

  [[nodiscard]] size_t taken() const {
    return chosen(facts_.online & ~has_, {[&](auto& c) { return on(c); }, [&](auto& c) { return beside(c); },
                                          [&](auto& c) { return mine(c, &CpuFacts::l3_domain) == 0; },
                                          [&](auto& c) { return mine(c, &CpuFacts::numa) == 0; },
                                          [&](auto& c) { return mine(c, &CpuFacts::socket) == 0; },
                                          [&](auto& c) { return -room(c, &CpuFacts::l3_domain); },
                                          [&](auto& c) { return -room(c, &CpuFacts::numa); },
                                          [&](auto& c) { return -room(c, &CpuFacts::socket); },
                                          [&](auto& c) { return own_siblings(c); },
                                          [&](auto& c) { return static_cast<int>(c.cpu); }});
  }
  [[nodiscard]] size_t left() const {
    return chosen(
        has_, {[&](auto& c) { return -on(c); }, [&](auto& c) { return -beside(c); },
               [&](auto& c) { return mine(c, &CpuFacts::socket); },
               [&](auto& c) { return mine(c, &CpuFacts::numa); },
               [&](auto& c) { return mine(c, &CpuFacts::l3_domain); },
               [&](auto& c) { return -own_siblings(c); }, [&](auto& c) { return -static_cast<int>(c.cpu); }});
  }

 private:
  using Rule = std::function<int(const CpuFacts&)>;

  [[nodiscard]] size_t chosen(const CpuSet& from, const std::vector<Rule>& rules) const {
    std::vector<CpuFacts> left;
    for (const CpuFacts& c : facts_.cpus)
      if (from[c.cpu]) left.push_back(c);
    for (const Rule& rule : rules) {
      int least = INT_MAX;
      for (const CpuFacts& c : left) least = std::min(least, rule(c));
      std::erase_if(left, [&](const CpuFacts& c) { return rule(c) > least; });
    }
    return left.at(0).cpu;
  }
  [[nodiscard]] int on(const CpuFacts& c) const {
    return static_cast<int>(
        std::count_if(others_.begin(), others_.end(), [&](const CpuSet& o) { return o[c.cpu]; }));
  }
  [[nodiscard]] std::vector<CpuFacts> siblings(const CpuFacts& c) const {
    std::vector<CpuFacts> out;
    for (const CpuFacts& s : facts_.cpus)
      if (facts_.online[s.cpu] && s.cpu != c.cpu && s.core == c.core && s.socket == c.socket)
        out.push_back(s);
    return out;
  }
  [[nodiscard]] int beside(const CpuFacts& c) const {
    int n = 0;
    for (const CpuFacts& s : siblings(c)) n += on(s);
    return n;
  }
  [[nodiscard]] int own_siblings(const CpuFacts& c) const {
    int n = 0;
    for (const CpuFacts& s : siblings(c)) n += has_[s.cpu] ? 1 : 0;
    return n;
  }
  template <typename Id>
  [[nodiscard]] int mine(const CpuFacts& c, Id CpuFacts::* level) const {
    if (static_cast<int32_t>(c.*level) < 0) return 0;
    return static_cast<int>(std::count_if(facts_.cpus.begin(), facts_.cpus.end(), [&](const CpuFacts& o) {
      return has_[o.cpu] && o.*level == c.*level;
    }));
  }
  /// Cores without others in a part where the container is not.
  template <typename Id>
  [[nodiscard]] int room(const CpuFacts& c, Id CpuFacts::* level) const {
    if (static_cast<int32_t>(c.*level) < 0 || mine(c, level) > 0) return 0;
    int n = 0;
    for (const CpuFacts& o : facts_.cpus) {
      if (!facts_.online[o.cpu] || o.*level != c.*level || on(o) + beside(o) > 0) continue;
      const std::vector<CpuFacts> rest = siblings(o);
      n += std::all_of(rest.begin(), rest.end(), [&](const CpuFacts& s) { return s.cpu > o.cpu; }) ? 1 : 0;
    }
    return n;
  }

  const HostFacts& facts_;
  const std::vector<CpuSet>& others_;
  const CpuSet& has_;
};

struct RandomHost {
  explicit RandomHost(unsigned seed) : random(seed) {
    const auto one_of = [&](std::initializer_list<uint32_t> all) {
      return *(all.begin() + random() % all.size());
    };
    Shape shape{.sockets = one_of({1, 2}), .cores = one_of({2, 4, 8}), .threads = one_of({1, 2, 2, 4})};
    shape.nodes = one_of({1, 1, 2});
    shape.caches = one_of({1, 1, 2});
    shape.paired = random() % 2 == 0;
    facts = topology(shape);
    for (const CpuFacts& cpu : facts.cpus)
      if (random() % 8 == 0 && facts.online.count() > 1) facts.online.reset(cpu.cpu);
    if (random() % 5 == 0)
      for (CpuFacts& cpu : facts.cpus) cpu.l3_domain = -1;
    others.resize(random() % 5);
    for (CpuSet& other : others) other = some(2 + random() % 6);
  }
  CpuSet some(uint32_t one_in) {
    CpuSet cpus;
    for (const CpuFacts& cpu : facts.cpus) cpus[cpu.cpu] = random() % one_in == 0;
    return cpus & facts.online;
  }
  std::mt19937 random;
  HostFacts facts;
  std::vector<CpuSet> others;
};

TEST(cpu_choice, follows_its_rules_on_every_host) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    RandomHost host(seed);
    CpuChoice choice(host.facts);
    choice.add_other(host.facts.online);
    choice.clear();  // nothing of that is left
    for (const CpuSet& other : host.others) choice.add_other(other);
    CpuSet cpus = host.some(4);
    const CpuSet begin = cpus;
    const size_t all = host.facts.online.count();
    while (cpus.count() < all) {
      CpuSet expected = cpus;
      expected.set(Rules(host.facts, host.others, cpus).taken());
      choice.resize(cpus, cpus.count() + 1);
      ASSERT_EQ(to_list(cpus), to_list(expected)) << "seed " << seed;
    }
    ASSERT_EQ(cpus, host.facts.online);
    CpuSet at_once = begin;
    choice.resize(at_once, all + 7);
    ASSERT_EQ(at_once, cpus);
    while (cpus.any()) {
      CpuSet expected = cpus;
      expected.reset(Rules(host.facts, host.others, cpus).left());
      choice.resize(cpus, cpus.count() - 1);
      ASSERT_EQ(to_list(cpus), to_list(expected)) << "seed " << seed;
    }
  }
}

TEST(cpu_choice, alone_on_an_even_host_shrinking_undoes_growing) {
  for (const HostFacts& facts : {kXeon, kEpyc, topology({.sockets = 2, .cores = 8, .nodes = 2})}) {
    CpuChoice choice(facts);
    std::vector<CpuSet> grown(1);
    while (grown.back() != facts.online) {
      CpuSet next = grown.back();
      choice.resize(next, next.count() + 1);
      grown.push_back(next);
    }
    CpuSet cpus = facts.online;
    for (size_t n = grown.size(); n-- > 0; choice.resize(cpus, n == 0 ? 0 : n - 1))
      ASSERT_EQ(to_list(cpus), to_list(grown[n]));
  }
}

TEST(cpu_choice, a_thousand_cpus_are_no_burden) {
  const HostFacts facts = topology({.sockets = 2, .cores = 256, .threads = 2, .caches = 32});
  CpuChoice choice(facts);
  CpuSet cpus;
  choice.resize(cpus, kMaxCpus);
  EXPECT_EQ(cpus.count(), kMaxCpus);
}

}  // namespace
}  // namespace cbench::test
