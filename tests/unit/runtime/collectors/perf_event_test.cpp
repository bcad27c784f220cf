// Event codes of the vocabulary, model events on forced CPU models, refusals in words, and derived metrics.
#include "runtime/collectors/perf_event.h"

#include <cerrno>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include "runtime/collectors/model_event.h"
#include "runtime/collectors/perf_derived.h"

namespace cbench {
namespace {

using testing::HasSubstr;

TEST(PerfEvent, every_counted_metric_of_the_vocabulary_names_an_event) {
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (info(metric).group != MetricGroup::perf || info(metric).kind == MetricKind::Derived) continue;
    if (info(metric).source.starts_with("model:"))
      EXPECT_FALSE(model_event_names(info(metric).source.substr(6)).empty()) << info(metric).field;
    else
      EXPECT_TRUE(resolve_event(metric, {}).ok()) << info(metric).field;
  }
}

TEST(PerfEvent, codes_are_those_of_perf_event_open) {
  EXPECT_EQ(resolve_event(Metric::perf_instructions, {})->config, PERF_COUNT_HW_INSTRUCTIONS);
  EXPECT_EQ(resolve_event(Metric::perf_page_faults, {})->type, PERF_TYPE_SOFTWARE);
  const EventCode llc = *resolve_event(Metric::perf_llc_store_misses, {});
  EXPECT_EQ(llc.type, PERF_TYPE_HW_CACHE);
  EXPECT_EQ(llc.config, PERF_COUNT_HW_CACHE_LL | (PERF_COUNT_HW_CACHE_OP_WRITE << 8) |
                            (PERF_COUNT_HW_CACHE_RESULT_MISS << 16));
}

/// In a process of its own, because libpfm4 looks for its CPU once.
[[noreturn]] void resolve_on(const char* pmu, Metric metric, uint64_t expected) {
  ::setenv("LIBPFM_FORCE_PMU", pmu, 1);
  const auto code = resolve_event(metric, {});
  std::exit(code.ok() && code->type == PERF_TYPE_RAW && code->config == expected ? 7 : 1);
}

// Codes (cmask << 24 | umask << 8 | event) from Intel's event files at perfmon-events.intel.com.
TEST(ModelEventDeathTest, stall_events_have_intels_codes) {
  EXPECT_EXIT(resolve_on("skx", Metric::perf_stalls_total, 0x40004a3), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(resolve_on("skx", Metric::perf_stalls_l3_miss, 0x60006a3), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(resolve_on("icx", Metric::perf_stalls_mem_any, 0x140014a3), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(resolve_on("spr", Metric::perf_stalls_mem_any, 0x50021a6), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(resolve_on("hsw", Metric::perf_stalls_l2_miss, 0x50005a3), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(resolve_on("icl", Metric::perf_resource_stalls_scoreboard, 0x2a2), testing::ExitedWithCode(7),
              "");
}

TEST(ModelEventDeathTest, amd_has_no_event_for_stalls_and_the_reason_says_so) {
  const auto refused = [] {
    ::setenv("LIBPFM_FORCE_PMU", "amd64_fam19h_zen3", 1);
    HostFacts facts;
    facts.cpu_model = "EPYC";
    const auto code = resolve_event(Metric::perf_stalls_total, facts);
    std::exit(!code.ok() && code.error().message.find("EPYC") != std::string::npos &&
                      !code.error().hint.empty()
                  ? 7
                  : 1);
  };
  EXPECT_EXIT(refused(), testing::ExitedWithCode(7), "");
}

TEST(PerfEvent, each_refusal_has_a_reason_and_a_remedy) {
  HostFacts facts;
  facts.perf_event_paranoid = 3;
  facts.cpu_vendor = "AuthenticAMD";
  for (const auto& [error, message, hint] : {std::tuple{EACCES, "paranoid is 3", "cap_perfmon"},
                                             {EMFILE, "RLIMIT_NOFILE", "ulimit -n"},
                                             {ENOENT, "no counter", "pmu=on"},
                                             {ENOSYS, "no perf_event_open", "CONFIG_PERF_EVENTS"},
                                             {EBUSY, "another program", "perf"},
                                             {EIO, "Input/output", "perf_event_open(2)"}}) {
    facts.virtual_machine = true;
    const Error said = explain_open_failure(error, Metric::perf_cycles, facts, false);
    EXPECT_THAT(said.message, HasSubstr(message));
    EXPECT_THAT(said.hint, HasSubstr(hint));
  }
  EXPECT_THAT(explain_open_failure(ENOENT, Metric::perf_llc_loads, facts, true).hint, HasSubstr("AMD"));
}

PerfInterval interval(std::initializer_list<std::tuple<Metric, int64_t, Status, size_t>> events) {
  PerfInterval made;
  for (const auto& [metric, value, status, group] : events) made.set(metric, {value, status, group});
  return made;
}

TEST(Derived, formulas_are_those_of_the_vocabulary) {
  using enum Metric;
  const auto given = interval({{perf_instructions, 3000, Status::Ok, 0},
                               {perf_cycles, 2000, Status::Ok, 0},
                               {perf_stalls_total, 500, Status::Ok, 0},
                               {perf_stalls_l3_miss, 100, Status::Ok, 0},
                               {perf_llc_load_misses, 6, Status::Ok, 0},
                               {perf_cache_misses, 1, Status::Ok, 1},
                               {perf_cache_references, 4, Status::Ok, 1},
                               {perf_branch_misses, 1, Status::Ok, 1},
                               {perf_branch_instructions, 8, Status::Ok, 1}});
  const std::pair<Metric, double> expected[] = {{perf_instructions_per_cycle, 1.5},
                                                {perf_cycles_per_instruction, 2.0 / 3},
                                                {perf_llc_mpki, 2},
                                                {perf_stalled_cycles_percent, 25},
                                                {perf_stalls_l3_miss_percent, 5},
                                                {perf_theoretical_ipc, 2},
                                                {perf_ipc_efficiency, 0.75},
                                                {perf_cache_miss_rate, 0.25},
                                                {perf_branch_miss_rate, 0.125}};
  for (const auto& [metric, value] : expected) {
    EXPECT_EQ(derive(metric, given).status, Status::Ok) << info(metric).field;
    EXPECT_DOUBLE_EQ(derive(metric, given).value, value) << info(metric).field;
  }
}

TEST(Derived, a_missing_input_and_an_idle_container_give_no_value) {
  using enum Metric;
  EXPECT_EQ(derive(perf_instructions_per_cycle, interval({{perf_instructions, 1, Status::Ok, 0},
                                                          {perf_cycles, 0, Status::NotScheduled, 0}}))
                .status,
            Status::NotScheduled);
  EXPECT_EQ(derive(perf_instructions_per_cycle,
                   interval({{perf_instructions, 0, Status::Ok, 0}, {perf_cycles, 0, Status::Ok, 0}}))
                .status,
            Status::Unavailable);
  EXPECT_EQ(derive(perf_instructions_per_cycle, interval({})).status, Status::Unsupported);
}

TEST(Derived, multiplexed_inputs_make_a_ratio_only_from_one_group) {
  using enum Metric;
  const auto ipc = [](size_t group, Status status) {
    return derive(perf_instructions_per_cycle,
                  interval({{perf_instructions, 4, status, 0}, {perf_cycles, 2, Status::Ok, group}}))
        .status;
  };
  EXPECT_EQ(ipc(0, Status::Multiplexed), Status::Multiplexed);
  EXPECT_EQ(ipc(1, Status::Multiplexed), Status::NotScheduled);
  EXPECT_EQ(ipc(1, Status::Ok), Status::Ok);
}

}  // namespace
}  // namespace cbench
