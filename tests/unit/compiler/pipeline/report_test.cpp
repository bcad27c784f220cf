// What `cbench check` says of the parts of a policy.
#include <gmock/gmock.h>

#include "compiler/pipeline/pipeline.h"
#include "stdlib/abi/assumed.h"
#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

TEST(report, the_costs_of_all_parts_are_those_of_the_policy) {
  const RunSpec spec = assumed_run({"a", "b", "c"});
  const HostFacts facts = assumed_host();
  for (const EmbeddedText& stock : stock_policies()) {
    SourceSet sources;
    Diagnostics diagnostics;
    const uint32_t source = sources.add(std::string(stock.name), std::string(stock.text));
    const auto report =
        report_policy(sources, source, {&spec, &facts, all_metrics(), {}, false}, diagnostics);
    ASSERT_TRUE(report) << stock.name << render(diagnostics, sources, false);
    uint64_t operations = 0, bytes = 0;
    for (const PartReport& part : report->parts) {
      operations += part.operations;
      bytes += part.state_bytes;
    }
    EXPECT_EQ(operations, report->plan.operations) << stock.name;
    EXPECT_EQ(bytes, report->plan.state_bytes) << stock.name;
  }
}

TEST(report, a_rule_reads_what_its_streams_read) {
  const RunSpec spec = assumed_run({"a"});
  const HostFacts facts = assumed_host();
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("a.cbp",
                                      "policy a 1 \"a\"\nstream s(c) = c.docker.pids + 1\n"
                                      "when s(c) > 3 each c in all { quota(c) = 50% }\n");
  const auto report = report_policy(sources, source, {&spec, &facts, all_metrics(), {}, false}, diagnostics);
  ASSERT_TRUE(report) << render(diagnostics, sources, false);
  ASSERT_EQ(report->parts.size(), 2U);
  EXPECT_EQ(report->parts[0].text, "stream s");
  EXPECT_EQ(report->parts[1].line, 3U);
  EXPECT_THAT(report->parts[1].reads, testing::ElementsAre(Metric::docker_pids));
  EXPECT_THAT(report->parts[1].does, testing::ElementsAre(Verb::Quota));
}

TEST(dump, checked_shows_each_expression_with_its_type) {
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("a.cbp", "policy a 1 \"a\"\nstream s(c) = c.docker.pids + 1\n");
  const auto text = dump_policy(sources, source, {}, "checked", nullptr, diagnostics);
  ASSERT_TRUE(text) << render(diagnostics, sources, false);
  EXPECT_THAT(*text, testing::HasSubstr("    metric docker_pids: a count, perhaps missing\n"));
}

}  // namespace
}  // namespace cbench
