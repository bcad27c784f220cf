#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>

#include "runtime/driver/preflight.h"
#include "runtime/driver/run_folder.h"
#include "runtime/driver/run_id.h"
#include "runtime/driver/sources.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(run_id, it_is_a_uuid_of_version_7_unique_and_in_the_order_of_time) {
  std::set<std::string> ids;
  std::string before;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_run_id();
    EXPECT_THAT(id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_GE(id.substr(0, 13), before);
    before = id.substr(0, 13);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
}

class run_folder : public testing::Test {
 protected:
  run_folder() {
    char made[] = "/tmp/cbench-folder-XXXXXX";
    before_ = std::filesystem::current_path();
    folder_ = mkdtemp(made);
    std::filesystem::current_path(folder_);
    spec.name.value = "my bench/../1";
  }
  ~run_folder() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }
  RunSpec spec;

 private:
  std::filesystem::path before_, folder_;
};

TEST_F(run_folder, a_name_cannot_lead_out_of_results_and_latest_is_the_newest_run) {
  const auto first = make_run_folder(spec, "one", "");
  ASSERT_TRUE(first.ok());
  point_latest(*first);
  const auto made = make_run_folder(spec, "two", "");
  ASSERT_TRUE(made.ok());
  point_latest(*made);
  EXPECT_EQ(made->trace, "results/my_bench_.._1/two/trace.arrows");
  EXPECT_EQ(std::filesystem::read_symlink("results/my_bench_.._1/latest"), "two");
}

TEST_F(run_folder, of_a_run_that_came_to_nothing_nothing_is_left_and_latest_stays) {
  const auto nothing = make_run_folder(spec, "zero", "");
  ASSERT_TRUE(nothing.ok());
  remove_empty(*nothing);
  EXPECT_FALSE(std::filesystem::exists("results"));
  const auto kept = make_run_folder(spec, "one", "");
  ASSERT_TRUE(kept.ok());
  std::ofstream(kept->trace) << "rows";
  point_latest(*kept);
  remove_empty(*kept);
  const auto failed = make_run_folder(spec, "two", "");
  ASSERT_TRUE(failed.ok());
  remove_empty(*failed);
  EXPECT_TRUE(std::filesystem::exists(kept->trace));
  EXPECT_FALSE(std::filesystem::exists("results/my_bench_.._1/two"));
  EXPECT_EQ(std::filesystem::read_symlink("results/my_bench_.._1/latest"), "one");
}

TEST_F(run_folder, a_trace_is_never_overwritten) {
  std::ofstream("there.arrows") << "precious";
  const auto made = make_run_folder(spec, "one", "there.arrows");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().exit, Exit::Usage);
}

TEST_F(run_folder, one_that_cannot_be_made_is_an_error_with_its_name) {
  spec.output = "/proc/no/such";
  const auto made = make_run_folder(spec, "one", "");
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("/proc/no/such"));
}

class preflight : public testing::Test {
 protected:
  preflight() {
    facts.online = *parse_cpu_list("0-1");
    spec.path = "bench.yml";
    spec.containers.emplace_back().name.value = "a";
  }
  RunSpec spec;
  HostFacts facts;
  SourceSet sources;
};

TEST_F(preflight, a_cpu_that_is_not_there_is_what_the_host_lacks) {
  spec.containers[0].cores.value = *parse_cpu_list("1-3");
  const Result<> checked = check_cpus(spec, facts, sources);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  EXPECT_THAT(checked.error().message, HasSubstr("`a` wants CPU 2-3"));
}

TEST_F(preflight, more_cpus_than_there_are_is_what_the_host_lacks) {
  spec.containers[0].num_cores = 2;
  EXPECT_TRUE(check_cpus(spec, facts, sources).ok());
  spec.containers[0].num_cores = 3;
  EXPECT_EQ(check_cpus(spec, facts, sources).error().exit, Exit::HostLacks);
}

TEST_F(preflight, a_memory_node_that_is_not_there_is_what_the_host_lacks_and_its_line_is_named) {
  const uint32_t source = sources.add("bench.yml", "a:\n  cpuset_mems: 0-2\n");
  spec.containers[0].memory_nodes = {*parse_cpu_list("0-2"), {source, 18, 21}};
  EXPECT_TRUE(check_memory_nodes(spec, *parse_cpu_list("0-3"), sources).ok());
  const Result<> checked = check_memory_nodes(spec, *parse_cpu_list("0,2"), sources);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  EXPECT_THAT(checked.error().message, HasSubstr("bench.yml:2: `a` wants memory of NUMA node 1,"));
  EXPECT_THAT(checked.error().hint, HasSubstr("nodes 0,2"));
  spec.containers[0].memory_nodes = {};
  EXPECT_TRUE(check_memory_nodes(spec, *parse_cpu_list("1"), sources).ok()) << "nothing was asked for";
}

TEST_F(preflight, descriptors_are_counted_and_too_few_are_refused_with_the_number) {
  for (uint32_t cpu = 0; cpu < 100; ++cpu) facts.cpus.push_back({.cpu = cpu});
  const uint64_t without = descriptors(spec, facts);
  for (const Metric metric :
       {Metric::perf_cycles, Metric::perf_instructions, Metric::perf_instructions_per_cycle})
    spec.containers[0].sampling.enabled.set(static_cast<size_t>(metric));
  EXPECT_EQ(descriptors(spec, facts), without + 200) << "what is derived takes none";
  EXPECT_TRUE(check_descriptors(spec, facts, without + 200).ok());
  const Result<> refused = check_descriptors(spec, facts, without + 199);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().exit, Exit::HostLacks);
  EXPECT_THAT(refused.error().message, HasSubstr(std::to_string(without + 200)));
  facts.unavailable[Metric::perf_cycles] = "no counter";
  EXPECT_EQ(descriptors(spec, facts), without + 100) << "what cannot be opened neither";
}

TEST_F(preflight, a_part_by_domain_lacks_what_the_whole_lacks) {
  Plan plan;
  plan.needs = {{*declare_metric(MetricGroup::rdt, "l3_cache_occupancy_d1", Unit::Bytes), 3, {}}};
  EXPECT_TRUE(lacking(plan, facts, "p.cbp").empty());
  facts.unavailable[Metric::rdt_l3_cache_occupancy] = "resctrl is not mounted; mount it";
  EXPECT_THAT(
      lacking(plan, facts, "p.cbp"),
      testing::ElementsAre("p.cbp:3: reads rdt_l3_cache_occupancy_d1: resctrl is not mounted; mount it"));
}

TEST_F(preflight, each_lacking_metric_and_action_is_listed_with_its_line) {
  Plan plan;
  plan.needs.push_back({.what = Metric::perf_llc_mpki, .line = 16, .span = {}});
  plan.needs.push_back({.what = Metric::docker_cpu_usage_percent, .line = 17, .span = {}});
  plan.acts.push_back({.what = Verb::Layout, .line = 21, .span = {}});
  plan.acts.push_back({.what = Verb::Quota, .line = 22, .span = {}});
  facts.unavailable[Metric::perf_llc_mpki] = "no counters; use a bare machine";
  facts.rdt.absent_reason = "not mounted; mount it";
  EXPECT_THAT(lacking(plan, facts, "p.cbp"),
              ElementsAre("p.cbp:16: reads perf_llc_mpki: no counters; use a bare machine",
                          "p.cbp:21: `layout` needs resctrl: not mounted; mount it"));
  EXPECT_TRUE(allocates_rdt(plan));
}

TEST(policy_source, a_file_wins_over_a_stock_policy_and_an_unknown_name_lists_them) {
  SourceSet sources;
  const auto stock = load_policy(sources, "fair-share");
  ASSERT_TRUE(stock.ok());
  EXPECT_THAT(std::string(sources.text(stock->source)), HasSubstr("policy fair_share"));
  const auto unknown = load_policy(sources, "no_such");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().exit, Exit::Invalid);
  EXPECT_THAT(unknown.error().hint, HasSubstr("fair_share"));
}

TEST(params, each_is_name_and_value_and_those_given_last_win) {
  const auto given = parse_params({"hi=20mpki", "lo=a=b"});
  ASSERT_TRUE(given.ok());
  EXPECT_THAT(*given, ElementsAre(testing::Pair("hi", "20mpki"), testing::Pair("lo", "a=b")));
  EXPECT_EQ(parse_params({"=x"}).error().exit, Exit::Usage);
  EXPECT_EQ(parse_params({"hi"}).error().exit, Exit::Usage);
  RunSpec spec;
  spec.params.push_back({"hi", {"10mpki", {}}});
  const auto all = all_params(spec, *given);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front().second.value, "10mpki");
}

}  // namespace
}  // namespace cbench
