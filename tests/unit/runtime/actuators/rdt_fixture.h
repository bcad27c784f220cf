// CLOS groups of a policy with two classes, on a mock of resctrl.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/actuators/actuator.h"
#include "tests/support/mock_resctrl_tree.h"

namespace cbench {

inline const std::string kRun = "0190a1b2-0000-7000-8000-0123456789ab";

class RdtTest : public testing::Test {
 protected:
  RdtTest() {
    auto opened = Journal::open(kRun, base + "/state");
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
    plan.policy = "jailer";
    plan.slots = 1;
    plan.slot_names = {"hog"};
    plan.classes = {"shared", "jail"};
    plan.classes_at_once = 2;
    plan.default_class = 0;
    plan.acts = {{Verb::Move, 1, {}}, {Verb::Ways, 2, {}}, {Verb::Mb, 3, {}}};
    goal.classes.resize(2);
    goal.containers.resize(1);
    goal.containers[0].cls = 0;
  }
  ~RdtTest() override {
    mock.reset();
    std::filesystem::remove_all(base);
  }

  void mount(const MockResctrlTree::Shape& shape) {
    mock.reset();  // it removes the tree
    mock = std::make_unique<MockResctrlTree>(root, shape);
    facts.rdt = mock->facts();
    goal.domains = facts.rdt.l3_domains.size();
    goal.classes.assign(plan.classes.size() * goal.domains, {});
  }
  Result<> begin() {
    actuators = std::make_unique<Actuators>(plan, facts, kRun, *journal);
    auto begun = actuators->begin();
    if (mock) mock->fill_groups();
    return begun;
  }
  Result<> ways(int32_t cls, uint64_t mask) {
    return apply(Target::ClassWays, cls, [&](Allocation::Class& c) { c.ways = mask; });
  }
  Result<> mb(int32_t cls, double value) {
    return apply(Target::ClassMb, cls, [&](Allocation::Class& c) { c.mb = value; });
  }
  /// A change of a class in the domains whose bits are set.
  Result<> apply(Target target, int32_t cls, const std::function<void(Allocation::Class&)>& change,
                 uint64_t domains = ~uint64_t{0}) {
    for (size_t domain = 0; domain < goal.domains; ++domain)
      if ((domains >> domain & 1) != 0)
        change(goal.classes[static_cast<size_t>(cls) * goal.domains + domain]);
    return actuators->apply({target, cls, 0, domains}, goal);
  }
  [[nodiscard]] std::string file(const char* cls, const char* name) const {
    return fmt::format("{}/cbench-456789ab-{}/{}", root, cls, name);
  }
  [[nodiscard]] std::string schemata(const char* cls) const {
    return MockResctrlTree::content(file(cls, "schemata"));
  }

  std::string base = std::filesystem::temp_directory_path() / fmt::format("cbench-rdt-{}", ::getpid());
  std::string root = base + "/resctrl";
  std::unique_ptr<Journal> journal;
  std::unique_ptr<MockResctrlTree> mock;
  Plan plan;
  HostFacts facts;
  Allocation goal;
  std::unique_ptr<Actuators> actuators;
};

}  // namespace cbench
