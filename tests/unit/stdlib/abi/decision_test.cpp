// Decisions as a person reads them.
#include "stdlib/abi/decision.h"

#include <limits>

#include <gtest/gtest.h>

namespace cbench {
namespace {

Plan plan() {
  Plan p;
  p.slot_names = {"victim", "hog"};
  p.classes = {"shared", "jail"};
  return p;
}

std::string described(Verb verb, int32_t slot, int32_t cls, double value, std::string detail) {
  Decision d;
  d.verb = verb;
  d.slot = slot;
  d.cls = cls;
  d.value = value;
  d.detail = std::move(detail);
  return describe(d, plan());
}

TEST(Describe, says_what_each_verb_does_to_what) {
  EXPECT_EQ(described(Verb::Move, 1, 1, 0, ""), "move hog -> jail");
  EXPECT_EQ(described(Verb::Move, 1, -1, 0, ""), "move hog -> root");
  EXPECT_EQ(described(Verb::Layout, -1, -1, 0, "jail:2 shared:9"), "layout l3 jail:2 shared:9");
  EXPECT_EQ(described(Verb::Ways, -1, 1, 3, ""), "ways jail = 3way");
  EXPECT_EQ(described(Verb::Mb, -1, 1, 0.4, ""), "mb jail = 40%");
  EXPECT_EQ(described(Verb::Pin, 1, -1, 0, "1"), "pin hog to 1");
  EXPECT_EQ(described(Verb::Quota, 1, -1, 0.5, ""), "quota hog = 50%");
  EXPECT_EQ(described(Verb::Reject, 1, -1, 0, "no room"), "reject hog: no room");
  EXPECT_EQ(described(Verb::Stop, -1, -1, 0, "two classes do not fit"), "stop: two classes do not fit");
  EXPECT_EQ(described(Verb::Log, -1, -1, 2, "hog not jailed"), "log warn: hog not jailed");
  EXPECT_EQ(described(Verb::Annotate, 1, -1, 0, "jailed #1"), "annotate hog: jailed #1");
  EXPECT_EQ(described(Verb::Annotate, -1, -1, 0, "calm"), "annotate: calm");
  EXPECT_EQ(described(Verb::Emit, -1, -1, 1.5, "x"), "emit x = 1.5");
}

TEST(Describe, prints_percentages_without_the_rounding_of_their_conversion) {
  EXPECT_EQ(described(Verb::Quota, 1, -1, 0.07, ""), "quota hog = 7%");
  EXPECT_EQ(described(Verb::Quota, 1, -1, 1.5, ""), "quota hog = 150%");
  EXPECT_EQ(described(Verb::Quota, 1, -1, std::numeric_limits<double>::infinity(), ""), "quota hog = none");
}

TEST(Describe, prints_a_figure_with_all_its_digits) {
  EXPECT_EQ(described(Verb::Emit, -1, -1, 0.1, "x"), "emit x = 0.1");
  EXPECT_EQ(described(Verb::Emit, -1, -1, 123456789.25, "x"), "emit x = 123456789.25");
}

}  // namespace
}  // namespace cbench
