#include "compiler/base/diagnostic.h"

#include <set>

#include <gtest/gtest.h>

namespace cbench {
namespace {

TEST(diagnostics, a_caret_stands_under_the_span) {
  SourceSet sources;
  const uint32_t s = sources.add("a.cbp", "policy x 1 \"\"\n\tlet y = zz + 1\n");
  Diagnostics diagnostics;
  diagnostics.report(Kind::UnknownName, {s, 23, 25}, "unknown name `zz`", "not declared").hint("declare it");
  EXPECT_EQ(render(diagnostics.all()[0], sources, false),
            "a.cbp:2:10: error[CB0201]: unknown name `zz`\n"
            "2 |  let y = zz + 1\n"
            "  |          ^^ not declared\n"
            "  = help: declare it\n");
}

TEST(diagnostics, one_frame_shows_lines_of_two_files) {
  SourceSet sources;
  const uint32_t a = sources.add("p.cbp", "c.perf.cycles");
  const uint32_t b = sources.add("b.yml", "data:\n  perf: false\n");
  Diagnostics diagnostics;
  diagnostics.report(Kind::MetricDisabled, {a, 0, 13}, "the policy reads `perf.cycles`", "read here")
      .label({b, 8, 19}, "turned off here");
  EXPECT_EQ(render(diagnostics.all()[0], sources, false),
            "p.cbp:1:1: error[CB0301]: the policy reads `perf.cycles`\n"
            "1 | c.perf.cycles\n"
            "  | ^^^^^^^^^^^^^ read here\n"
            "  :: b.yml:2:3\n"
            "2 |   perf: false\n"
            "  |   ----------- turned off here\n");
}

TEST(diagnostics, a_caret_past_the_end_of_the_text_is_drawn) {
  SourceSet sources;
  const uint32_t s = sources.add("a.cbp", "abc");
  Diagnostics diagnostics;
  diagnostics.report(Kind::Syntax, {s, 3, 3}, "unexpected end");
  EXPECT_EQ(render(diagnostics.all()[0], sources, false),
            "a.cbp:1:4: error[CB0101]: unexpected end\n1 | abc\n  |    ^\n");
}

TEST(diagnostics, a_hundred_of_each_are_told_and_the_rest_is_only_known_to_be_there) {
  SourceSet sources;
  const uint32_t s = sources.add("a.cbp", "abc");
  Diagnostics diagnostics;
  const auto report = [&](Kind kind, size_t times) {
    for (size_t i = 0; i < times; ++i) diagnostics.report(kind, {s, 0, 1}, "x").hint("y");
  };
  report(Kind::Unreachable, 3);
  report(Kind::Syntax, kMostTold - 1);
  EXPECT_FALSE(diagnostics.enough());
  EXPECT_TRUE(render(diagnostics, sources, false).ends_with("\n99 errors, 3 warnings\n"));
  report(Kind::Syntax, 5);
  diagnostics.latest().hint("of one that is not kept");
  EXPECT_TRUE(diagnostics.enough());
  EXPECT_EQ(diagnostics.error_count(), kMostTold + 4);
  EXPECT_EQ(diagnostics.all().size(), kMostTold + 3);
  EXPECT_TRUE(render(diagnostics, sources, false).ends_with("\n100 errors or more, 3 warnings\n"));
  EXPECT_EQ(diagnostics.all().back().hints.size(), 1U);
}

TEST(diagnostics, codes_are_unique) {
  std::set<std::string_view> codes;
  const char* all[] = {
#define CBENCH_DIAGNOSTIC(id, code, severity, summary) code,
#include "compiler/base/diagnostics.def"
  };
  for (const char* code : all) EXPECT_TRUE(codes.insert(code).second) << code;
}

TEST(nearest, a_slip_of_the_pen_finds_its_word) {
  EXPECT_EQ(nearest("imgae", {"image", "index", "name"}), "image");
  EXPECT_EQ(nearest("zzz", {"image", "index"}), "");
}

TEST(nearest, among_very_many_names_none_is_looked_for_and_few_are_listed) {
  EXPECT_EQ(nearest("imgae", std::vector<std::string>(kMostCandidates, "image")), "image");
  EXPECT_EQ(nearest("imgae", std::vector<std::string>(kMostCandidates + 1, "image")), "");
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a", "b"}), "a, b");
  EXPECT_TRUE(listed(std::vector<std::string>(103, "a")).ends_with("a, a and 3 more"));
}

TEST(sources, columns_and_lines_count_from_one) {
  SourceSet sources;
  const uint32_t s = sources.add("x", "ab\r\ncd");
  EXPECT_EQ(sources.place(s, 4).line, 2U);
  EXPECT_EQ(sources.place(s, 4).column, 1U);
  EXPECT_EQ(sources.line_text(s, 1), "ab");
}

}  // namespace
}  // namespace cbench
