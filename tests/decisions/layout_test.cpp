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

}  // namespace
}  // namespace cbench::test
