// Cache ways on the shadow: `layout` and `ways`, what fits and what does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string masks(const Scene& s) {
  std::string out;
  for (const auto& cls : s.instance->goal().classes)
    out += (out.empty() ? "" : " ") + std::to_string(cls.ways);
  return out;
}

TEST(layout, a_number_of_ways_below_zero_is_not_the_rest) {
  Scene s({"A"});
  s.with_rdt();
  s.play(
      policy("class a default, b\nstate n: way = -1way\n"
             "on begin { layout l3 { a: n, b: n - 4way }; layout l3 { a: rest, b: n } }"));
  EXPECT_THAT(s.log, ElementsAre("0: layout l3 a:-1 b:-5 (refused: `a` gets -1 ways)",
                                 "0: layout l3 a:rest b:-1 (refused: `b` gets -1 ways)"));
}

TEST(layout, the_parts_are_contiguous_and_the_rest_is_the_rest) {
  Scene s({"A"});
  s.with_rdt(11);
  s.play(policy("class shared default, jail\non begin { layout l3 { jail: 2way, shared: rest } }"));
  EXPECT_THAT(s.log, ElementsAre("0: layout l3 jail:2 shared:rest"));
  EXPECT_EQ(masks(s), std::to_string(0x7FC) + " 3");
}

TEST(layout, what_does_not_fit_is_refused_with_the_numbers) {
  Scene s({"A"});
  s.with_rdt(11);
  s.play(
      policy("class shared default, jail\non begin {\n  try layout l3 { jail: 11way, shared: rest } else log "
             "\"no: {reason}\"\n"
             "  layout l3 { jail: 0way, shared: rest }\n}"));
  EXPECT_THAT(s.log,
              ElementsAre("0: layout l3 jail:11 shared:rest (refused: 12 ways are needed, the cache has 11)",
                          "0: log info: no: 12 ways are needed, the cache has 11",
                          HasSubstr("(refused: `jail` gets 0 ways")));
  EXPECT_EQ(masks(s), "2047 2047");
}

TEST(layout, more_ways_are_taken_from_the_rest) {
  const std::vector<Sample> tick = {{"A", kPids, 1}, {"B", kPids, 1}, {"C", kPids, 1}};
  Scene s({"A"});
  s.with_rdt(11);
  s.play(
      policy("class shared default, jail\non begin { layout l3 { jail: 2way, shared: rest } }\nevery 300ms { "
             "ways(jail) += 4 }"));
  s.run(6, tick);
  EXPECT_THAT(s.log,
              ElementsAre("0: layout l3 jail:2 shared:rest", "3: ways jail = 6way", "6: ways jail = 10way"));
  EXPECT_EQ(masks(s), std::to_string(0x400) + " " + std::to_string(0x3FF));
  s.log.clear();
  s.run(3, tick);
  EXPECT_THAT(s.log, ElementsAre("9: ways jail = 14way (refused: `jail` gets 14 ways, the cache has 11)"));
}

void with_l2(Scene& s, uint32_t ways) {
  s.facts.rdt.present = s.facts.rdt.l2_allocation = true;
  s.facts.rdt.l2_ways = ways;
  s.facts.rdt.num_closids = 4;
}

std::string l2_masks(const Scene& s) {
  std::string out;
  for (const auto& cls : s.instance->goal().classes) out += (out.empty() ? "" : " ") + std::to_string(cls.l2);
  return out;
}

TEST(l2_layout, divides_the_l2_and_leaves_the_l3_alone) {
  Scene s({"A"});
  s.with_rdt(11);
  with_l2(s, 8);
  s.play(
      policy("class shared default, jail\non begin { layout l2 { jail: 2way, shared: rest } }\n"
             "every 300ms { layout l2 { jail: 3way, shared: rest } }"));
  EXPECT_THAT(s.log, ElementsAre("0: layout l2 jail:2 shared:rest"));
  EXPECT_EQ(l2_masks(s), std::to_string(0xFC) + " 3");
  EXPECT_EQ(masks(s), "2047 2047");
  s.run(3, {{"A", kPids, 1}});
  EXPECT_THAT(s.log, testing::Contains("3: layout l2 jail:3 shared:rest"));
  EXPECT_EQ(l2_masks(s), std::to_string(0xF8) + " 7") << "one way moved";
}

TEST(l2_layout, says_why_not) {
  Scene without({"A"});
  without.with_rdt(11);
  without.play(policy("class shared default, jail\non begin { layout l2 { jail: 2way, shared: rest } }"));
  EXPECT_THAT(without.log, ElementsAre(HasSubstr("(refused: this host's RDT has no L2 cache allocation)")));
  Scene small({"A"});
  with_l2(small, 8);
  small.play(policy("class shared default, jail\non begin { layout l2 { jail: 8way, shared: rest } }"));
  EXPECT_THAT(small.log, ElementsAre(HasSubstr("(refused: 9 ways are needed, the cache has 8)")));
  Scene other({"A"});
  EXPECT_THAT(other.compile(
                  policy("class shared default, jail\non begin { layout l4 { jail: 8way, shared: rest } }")),
              HasSubstr("there are `l3` and `l2`"));
}

TEST(l2_layout, a_trial_that_is_lost_puts_it_back) {
  Scene s({"A"});
  with_l2(s, 8);
  s.play(
      policy("class shared default, jail\non begin { layout l2 { jail: 2way, shared: rest } }\n"
             "fn grow() -> plan { layout l2 { jail: 5way, shared: rest } }\n"
             "task t { wait 3step; trial grow() for 2 vote false else revert; return }"));
  s.run(4, {{"A", kPids, 1}});
  EXPECT_EQ(l2_masks(s), std::to_string(0xE0) + " " + std::to_string(0x1F));
  s.run(6, {{"A", kPids, 1}});
  EXPECT_EQ(l2_masks(s), std::to_string(0xFC) + " 3");
}

}  // namespace
}  // namespace cbench::test
