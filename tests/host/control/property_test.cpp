// link: runtime.loop
// Random sequences of actions on every profile of the simulated resctrl: what the shadow accepts the kernel
// accepts, classes of a layout never share a way, and at the end the tree is what it was.
#include <bit>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "runtime/actuators/actuator.h"
#include "runtime/host/resctrl.h"
#include "runtime/policy/policy.h"
#include "tests/support/resctrl_sim.h"
#include "tests/support/resctrl_snapshot.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
constexpr const char* kRun = "019f0000-0000-7000-8000-0000feedbeef";

using Random = std::mt19937;
int64_t draw(Random& random, int64_t from, int64_t to) {
  return std::uniform_int_distribution<int64_t>(from, to)(random);
}

/// The policy: actions at random, some of them impossible.
struct Dice {
  static inline Random random;
  static inline const HostFacts* facts = nullptr;
  static inline int64_t classes = 0;

  static abi::i32 roll(abi::PolicyContext* c, abi::i32 event, abi::i32) {
    if (static_cast<abi::Event>(event) != abi::Event::Step) return abi::kGoOn;
    for (int64_t n = draw(random, 1, 3); n > 0; --n) act(*c);
    return abi::kGoOn;
  }
  static void act(abi::PolicyContext& c) {
    c.call->fire(c.host, 0, 0);
    const auto cls = static_cast<abi::i32>(draw(random, 0, classes - 1));
    const auto domain =
        static_cast<abi::i32>(draw(random, -1, static_cast<int64_t>(facts->rdt.l3_domains.size()) - 1));
    if (facts->rdt.l2_allocation) return divide(c, facts->rdt.l2_ways);
    const auto ways = static_cast<int64_t>(facts->rdt.l3_ways);
    switch (draw(random, 0, 3)) {
      case 0:
        return divide(c, ways);
      case 1:
        c.call->set_ways(c.host, cls, domain, draw(random, 0, ways + 1));
        return;
      case 2:
        if (facts->rdt.mb_kind() == MbKind::Percent)
          c.call->set_mb(c.host, cls, domain, static_cast<double>(draw(random, 0, 110)) / 100);
        else
          c.call->set_mb_rate(c.host, cls, domain, static_cast<double>(draw(random, 0, 300)) * 1e9 / 3);
        return;
      default:
        c.call->move(c.host, static_cast<abi::i32>(draw(random, 0, 1)), cls);
    }
  }
  static void divide(abi::PolicyContext& c, int64_t ways) {
    c.call->layout_clear(c.host);
    int64_t left = ways;
    for (int64_t cls = 0; cls < classes; ++cls) {
      const int64_t part = draw(random, 1, std::max<int64_t>(1, left / 2));
      left -= part;
      c.call->layout_part(c.host, static_cast<abi::i32>(cls), cls + 1 == classes ? abi::kRest : part);
    }
    facts->rdt.l2_allocation ? c.call->layout_l2(c.host) : c.call->layout(c.host);
  }
};

class Game {
 public:
  Game(const std::string& profile, uint32_t seed)
      : simulator(profile), before(resctrl_snapshot(simulator.root())) {
    char made[] = "/tmp/cbench-property-XXXXXX";
    scratch = ::mkdtemp(made);
    facts.rdt = read_resctrl(simulator.root());
    Dice::random.seed(seed);
    Dice::facts = &facts;
    Dice::classes = draw(Dice::random, 1, std::min<int64_t>(4, facts.rdt.num_closids - 1));
    plan.policy = "dice";
    plan.slots = 2;
    plan.slot_names = {"a", "b"};
    plan.rules.push_back({.text = "at random", .line = 1, .span = {}});
    for (int64_t i = 0; i < Dice::classes; ++i) plan.classes.push_back(fmt::format("c{}", i));
    plan.classes_at_once = static_cast<uint32_t>(Dice::classes);
    plan.default_class = 0;
    plan.acts = {{Verb::Move, 1, {}}};
    if (facts.rdt.l2_allocation) {
      plan.acts.push_back({Verb::LayoutL2, 1, {}});
    } else {
      plan.acts.insert(plan.acts.end(), {{Verb::Layout, 1, {}}, {Verb::Ways, 1, {}}});
      plan.acts.push_back({facts.rdt.mb_kind() == MbKind::Percent ? Verb::Mb : Verb::MbRate, 1, {}});
    }
    plan.dwell_steps = 1;
    plan.state_bytes = 16;
  }
  ~Game() { fs::remove_all(scratch); }
  Game(const Game&) = delete;
  Game& operator=(const Game&) = delete;

  void play(int steps) {
    auto journal = Journal::open(kRun, scratch + "/state");
    Actuators actuators(plan, facts, kRun, **journal);
    const Result<> begun = actuators.begin();
    ASSERT_TRUE(begun.ok()) << begun.error().message;
    Frame frame({}, 2);
    frame.running = {1, 1};
    PolicyInstance policy(plan, Dice::roll, facts);
    policy.call(abi::Event::Begin, frame);
    for (int32_t slot = 0; slot < 2; ++slot) policy.set_running(slot, true);
    for (frame.step = 1; frame.step <= steps && !testing::Test::HasFailure(); ++frame.step) {
      policy.call(abi::Event::Step, frame);
      for (const Change& change : std::vector<Change>(policy.changes())) {
        if (!of_container(change.target)) {
          const Result<> applied = actuators.apply(change, policy.goal());
          ++writes;
          EXPECT_TRUE(applied.ok()) << "accepted by the shadow, refused by the kernel: "
                                    << applied.error().message;
        }
        policy.applied(change);
      }
      expect_as_planned(policy.goal());
    }
    EXPECT_GT(writes, steps / 4);
    EXPECT_THAT((*journal)->restore(), testing::IsEmpty());
    EXPECT_EQ(resctrl_snapshot(simulator.root()), before);
  }

  /// The files say what the shadow says, and of the classes that a layout has placed none shares a way.
  void expect_as_planned(const Allocation& goal) const {
    if (facts.rdt.l2_allocation) return expect_l2_as_planned(goal);
    const uint64_t all = (uint64_t{1} << facts.rdt.l3_ways) - 1;
    for (size_t domain = 0; domain < goal.domains; ++domain) {
      uint64_t taken = 0;
      for (size_t cls = 0; cls < plan.classes.size(); ++cls) {
        const auto schemata =
            read_schemata(fmt::format("{}/cbench-feedbeef-{}", simulator.root(), plan.classes[cls]));
        ASSERT_TRUE(schemata.ok()) << schemata.error().message;
        const uint64_t* mask = find_l3(*schemata)->find(facts.rdt.l3_domains[domain]);
        ASSERT_NE(mask, nullptr);
        const uint64_t planned = goal.classes[cls * goal.domains + domain].ways;
        EXPECT_EQ(*mask, planned == 0 ? all : planned);
        if (planned == 0 || planned == all) continue;  // as it was made
        EXPECT_EQ(*mask & taken, 0U) << plan.classes[cls];
        taken |= *mask;
      }
    }
  }

  void expect_l2_as_planned(const Allocation& goal) const {
    for (size_t cls = 0; cls < plan.classes.size(); ++cls) {
      const auto schemata =
          read_schemata(fmt::format("{}/cbench-feedbeef-{}", simulator.root(), plan.classes[cls]));
      ASSERT_TRUE(schemata.ok()) << schemata.error().message;
      for (const auto& [id, mask] : find_line(*schemata, "L2")->domains)
        EXPECT_EQ(mask, goal.classes[cls * goal.domains].l2) << id;
      for (size_t other = 0; other < cls; ++other)
        if (goal.classes[cls * goal.domains].l2 != 0xFF && goal.classes[other * goal.domains].l2 != 0xFF)
          EXPECT_EQ(goal.classes[cls * goal.domains].l2 & goal.classes[other * goal.domains].l2, 0U);
    }
  }

  SimulatedResctrl simulator;
  std::string before, scratch;
  HostFacts facts;
  Plan plan;
  int writes = 0;
};

class resctrl_property : public testing::TestWithParam<const char*> {};

TEST_P(resctrl_property, what_the_shadow_accepts_the_kernel_accepts_and_the_tree_is_as_before) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Game(GetParam(), seed).play(60);
  }
}

INSTANTIATE_TEST_SUITE_P(profiles, resctrl_property,
                         testing::Values("xeon-1s-11", "xeon-1s-12", "xeon-2s", "xeon-2s-11", "xeon-2s-cdp",
                                         "xeon-2s-mbps", "xeon-snc", "xeon-sparse", "atom-l2", "epyc-ccx"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace cbench
