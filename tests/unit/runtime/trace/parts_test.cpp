// The trace's parts: checksum, UTF-8, plan as JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/trace/crc32c.h"
#include "runtime/trace/plan_json.h"
#include "runtime/trace/utf8.h"

namespace cbench {
namespace {

TEST(Crc32c, gives_the_values_of_rfc_3720) {
  EXPECT_EQ(trace::crc32c("123456789", 9), 0xE3069283u);
  const std::string zeros(32, '\0'), ones(32, '\xFF');
  EXPECT_EQ(trace::crc32c(zeros.data(), 32), 0x8A9136AAu);
  EXPECT_EQ(trace::crc32c(ones.data(), 32), 0x62A8AB43u);
}

TEST(Crc32c, of_two_parts_is_that_of_the_whole) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(trace::crc32c(text.data() + cut, text.size() - cut, trace::crc32c(text.data(), cut)),
              trace::crc32c(text.data(), text.size()));
}

TEST(Utf8, keeps_what_is_utf8_and_replaces_the_rest) {
  for (const char* good : {"", "plain", "ä", "→", "\xEF\xBF\xBF", "😀", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(trace::to_utf8(good), good);
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(trace::to_utf8("\x80"), mark);
  EXPECT_EQ(trace::to_utf8("a\xC3"), "a" + mark);                            // cut
  EXPECT_EQ(trace::to_utf8("\xC0\x80"), mark + mark);                        // overlong
  EXPECT_EQ(trace::to_utf8("\xED\xA0\x80"), mark + mark + mark);             // surrogate
  EXPECT_EQ(trace::to_utf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);  // above U+10FFFF
  EXPECT_EQ(trace::to_utf8("a\xE2\x82z"), "a" + mark + mark + "z");
}

TEST(PlanJson, keeps_every_field) {
  Plan plan;
  plan.policy = "cache_aware";
  plan.doc = "Jail \"thrashers\"";
  plan.slots = 2;
  plan.slot_names = {"victim", "hog"};
  plan.columns = {Metric::docker_cpu_usage_percent};
  plan.classes = {"shared", "jail"};
  plan.owners = {-1, 2};
  plan.classes_at_once = 2;
  plan.default_class = 0;
  plan.params = {{"hi", "above this", Unit::Mpki, true, 0.1, -0.0, std::numeric_limits<double>::infinity()}};
  plan.rules = {{"when noisy(c)", 12, {0, 100, 130}, "no counter"}, {"on begin", 3, {}, ""}};
  plan.faults = {{"integer overflow", 14, {}}};
  plan.texts = {"not jailed: "};
  plan.state_bytes = UINT64_MAX;
  plan.needs = {{Metric::perf_llc_mpki, 8, {0, 1, 2}}};
  plan.acts = {{Verb::Move, 9, {0, 3, 4}}};
  plan.operations = 77;
  plan.dwell_steps = 3;
  plan.actions_per_step = 4;
  plan.deadline_ns = 50'000'000;

  const Result<Plan> read = plan_from_json(to_json(plan));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(plan));
  EXPECT_EQ(read->slot_names, plan.slot_names);
  EXPECT_EQ(read->columns, plan.columns);
  EXPECT_EQ(read->classes, plan.classes);
  EXPECT_EQ(read->owners, plan.owners);
  EXPECT_EQ(read->classes_at_once, 2U);
  EXPECT_EQ(read->default_class, 0);
  ASSERT_EQ(read->params.size(), 1u);
  EXPECT_EQ(read->params[0].unit, Unit::Mpki);
  EXPECT_EQ(read->params[0].value, 0.1);
  EXPECT_EQ(read->params[0].hi, plan.params[0].hi);
  EXPECT_TRUE(read->params[0].is_integer);
  ASSERT_EQ(read->rules.size(), 2u);
  EXPECT_EQ(read->rules[0].line, 12u);
  EXPECT_EQ(read->rules[0].silent, "no counter");
  EXPECT_EQ(read->rules[1].silent, "");
  EXPECT_EQ(read->rules[0].span, plan.rules[0].span);
  EXPECT_FALSE(read->faults[0].span.known());
  EXPECT_EQ(read->needs[0].what, Metric::perf_llc_mpki);
  EXPECT_EQ(read->acts[0].what, Verb::Move);
  EXPECT_EQ(read->state_bytes, UINT64_MAX);
  EXPECT_EQ(read->dwell_steps, 3u);
  EXPECT_EQ(read->actions_per_step, 4u);
  EXPECT_EQ(read->deadline_ns, 50'000'000);
}

TEST(PlanJson, says_what_is_wrong) {
  const std::string good = to_json(Plan{});
  const auto problem = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const Result<Plan> plan = plan_from_json(text);
    return plan.ok() ? "it was read" : plan.error().message;
  };
  using testing::HasSubstr;
  EXPECT_THAT(problem("{", "["), HasSubstr("not JSON"));
  EXPECT_THAT(problem("\"slots\":0", "\"slots\":-1"), HasSubstr("integer in range"));
  EXPECT_THAT(problem("\"slots\":0", "\"slots\":4294967296"), HasSubstr("integer in range"));
  EXPECT_THAT(problem("\"slots\":0", "\"slots\":1e300"), HasSubstr("integer in range"));
  EXPECT_THAT(problem("\"slots\":0", "\"slot\":0"), HasSubstr("`slots` is absent"));
  EXPECT_THAT(problem("\"classes\":[]", "\"classes\":[1]"), HasSubstr("a text was expected"));
  EXPECT_THAT(problem("\"columns\":[]", "\"columns\":[\"perf_tomorrow\"]"),
              HasSubstr("does not know `perf_tomorrow`"));
}

}  // namespace
}  // namespace cbench
