// link: compiler.pipeline compiler.codegen stdlib.embed runtime.loop
// What the stock policies do to a victim and a polluter: the real loop, compiler and actuators, on the
// simulated resctrl, with workloads that are a model (tests/support/cache_model.h). Their table is a golden
// file, which docs/policies-model.md shows.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "compiler/codegen/codegen.h"
#include "compiler/pipeline/pipeline.h"
#include "runtime/host/resctrl.h"
#include "stdlib/abi/inputs.h"
#include "stdlib/embed/stock.h"
#include "tests/support/cache_model.h"
#include "tests/support/cgroup_child.h"
#include "tests/support/fake_run.h"
#include "tests/support/resctrl_sim.h"

namespace cbench {
namespace {

using test::CacheModel;
using test::Effect;
using test::Share;
using test::Workload;
namespace fs = std::filesystem;

constexpr double kMiB = 1048576;
constexpr int64_t kStep = 100 * kMs, kLength = 30'000 * kMs;

/// A part of the run; figures are averages over its second half, when a policy has settled.
struct Scenario {
  std::string name, what;
  Workload victim, polluter;
  double target_ms = 0;  ///< of the victim's p95; 0: it serves no requests
};

const Scenario kScenarios[] = {
    {"thrash",
     "the polluter walks through 400 MiB, the victim lives in the cache",
     {.working_set = 18 * kMiB, .accesses = 0.012, .cpi = 0.6, .cores = 4},
     {.working_set = 400 * kMiB, .accesses = 0.04, .cpi = 0.6, .overlap = 10, .cores = 8},
     0},
    {"stream",
     "the polluter streams from memory, the victim misses the cache now and then",
     {.working_set = 60 * kMiB, .accesses = 0.01, .cpi = 0.6, .cores = 4},
     {.working_set = 4000 * kMiB, .accesses = 0.1, .always_miss = 1, .cpi = 0.5, .overlap = 30, .cores = 12},
     0},
    {"service",
     "the victim answers requests with a p95 of 2 ms, the polluter thrashes",
     {.working_set = 16 * kMiB, .accesses = 0.012, .cpi = 0.6, .cores = 16, .service = 1e6, .requests = 2600},
     {.working_set = 400 * kMiB, .accesses = 0.04, .cpi = 0.6, .overlap = 10, .cores = 8},
     2},
};

/// A static partition, as an administrator would set it once.
constexpr const char* kStatic = R"(policy static_partition 1 "Half the cache for each"
class victims default, polluters
on begin { try layout l3 { victims: 10way, polluters: 10way } else stop "{reason}" }
on start(c) { if not c.critical { try move c -> polluters else log "{reason}" } }
)";

/// CPU control is the model's; classes, ways and bandwidth are real writes to the simulated resctrl.
class ModelHost final : public ControlledHost {
 public:
  explicit ModelHost(Actuators& actuators) : actuators_(actuators) {}
  Result<> attach(size_t slot, const Started& started, const Allocation& goal) override {
    return actuators_.attach(slot, started, goal);
  }
  void detach(size_t slot) override { actuators_.detach(slot); }
  Result<> apply(const Change& change, const Allocation& goal) override {
    ++changes;
    if (change.target == Target::ContainerCpus)
      cores[static_cast<size_t>(change.index)] =
          static_cast<double>(goal.containers[static_cast<size_t>(change.index)].cpus.count());
    else if (change.target != Target::ContainerQuota && change.target != Target::ContainerPause)
      return actuators_.apply(change, goal);
    return Done{};
  }
  void sync_tasks() override { actuators_.sync_tasks(); }
  std::vector<std::string> restore() override { return {}; }

  std::map<size_t, double> cores;
  int changes = 0;

 private:
  Actuators& actuators_;
};

std::string slurp(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// What the simulated resctrl allows a process: the CBM and bandwidth of the group that lists it.
Share share_of(const std::string& root, pid_t pid, double peak) {
  std::string group = root;
  for (const auto& entry : fs::directory_iterator(root))
    if (fs::exists(entry.path() / "schemata") && entry.is_directory() &&
        ("\n" + slurp(entry.path() / "tasks")).find(fmt::format("\n{}\n", pid)) != std::string::npos)
      group = entry.path();
  const auto schemata = read_schemata(group);
  Share share;
  if (!schemata.ok()) return share;
  share.ways = *find_l3(*schemata)->find(0);
  const uint64_t mb = *find_line(*schemata, "MB")->find(0);
  share.bandwidth = mb >= 100 ? INFINITY : static_cast<double>(mb) / 100 * peak;
  return share;
}

class Stage {
 public:
  Stage(const Scenario& scenario, const std::string& policy) : scenario_(scenario) {
    spec_.path = "scenario.yml";
    spec_.name.value = scenario.name;
    spec_.engine = EngineKind::Process;
    spec_.max_ns = kLength;
    spec_.step_ns = kStep;
    for (const char* name : {"victim", "polluter"}) add(name);
    facts_.rdt = read_resctrl(simulator_.root());
    facts_.rdt.l3_domains.resize(1);  // all run on one socket
    for (uint32_t cpu = 0; cpu < 16; ++cpu) {
      facts_.cpus.push_back({.cpu = cpu, .core = cpu, .socket = 0, .numa = 0, .l3_domain = 0});
      facts_.online.set(cpu);
    }
    compile(policy);
  }

  /// The effects on victim and polluter, averaged.
  std::vector<Effect> play() {
    char folder[] = "/tmp/cbench-scenario-XXXXXX";
    const fs::path scratch = mkdtemp(folder);
    {
      auto journal = Journal::open("019f0000-0000-7000-8000-00000000abcd", scratch / "state");
      Actuators actuators(compiled_->plan, facts_, "019f0000-0000-7000-8000-00000000abcd", **journal);
      const Result<> begun = actuators.begin();
      EXPECT_TRUE(begun.ok()) << begun.error().message;
      ModelHost host(actuators);
      run_on(host, scratch / "trace.arrows");
      changes = host.changes;
      EXPECT_THAT((*journal)->restore(), testing::IsEmpty());
    }
    fs::remove_all(scratch);
    std::vector<Effect> mean = sums_;
    for (Effect& effect : mean) {
      effect.cpi /= counted_;
      effect.instructions /= counted_;
      effect.latency_p95 /= counted_;
    }
    return mean;
  }

  int changes = 0;

 private:
  void add(const std::string& name) {
    ContainerSpec& c = spec_.containers.emplace_back();
    c.name.value = name;
    c.index = static_cast<int64_t>(spec_.containers.size()) - 1;
    c.stop_ns = kLength;
    c.critical = name == "victim";
    c.sampling.enabled = every_metric();
    for (int64_t* period : {&c.sampling.perf_period_ns, &c.sampling.docker_period_ns,
                            &c.sampling.rdt_period_ns, &c.sampling.app_period_ns})
      *period = kStep;
    const bool victim = c.critical;
    c.cores.value = *parse_cpu_list(victim ? "0-3" : "4-15");
    if (victim && scenario_.target_ms > 0)
      c.targets.emplace_back(Metric::app_latency_p95, scenario_.target_ms * 1e6);
  }

  void compile(const std::string& policy) {
    const uint32_t source = sources_.add("policy.cbp", policy);
    Diagnostics diagnostics;
    CompileTarget target;
    target.spec = &spec_;
    target.facts = &facts_;
    target.columns = columns_;
    if (policy.find("policy bandwidth_aware") != std::string::npos)
      target.params.emplace_back("peak",
                                 Located<std::string>{fmt::format("{:.0f}GB/s", model_.peak / 1e9), {}});
    compiled_ = compile_policy(sources_, source, target, generate, diagnostics);
    ASSERT_TRUE(compiled_.has_value()) << render(diagnostics, sources_, false);
  }

  void run_on(ModelHost& host, const std::string& path) {
    FakeClock clock;
    FakeEngine engine(spec_, clock);
    std::vector<std::unique_ptr<CgroupChild>> children(2);
    engine.cgroup_of = [&](size_t slot) {
      children[slot] = std::make_unique<CgroupChild>(std::vector<std::string>{"freezer"}, [] {
        for (;;) ::pause();
      });
      CgroupPaths own;
      own.mode = CgroupMode::V1;
      own.freezer = children[slot]->group("freezer");
      return own;
    };
    Frame frame(columns_, 2);
    FakeSampler sampler;
    sampler.on_collect = [&](Frame& into) { measure(into, host, children); };
    FakeObserver observer;
    TraceHeader header;
    header.columns = columns_;
    header.container_names = {"victim", "polluter"};
    header.step_ns = kStep;
    header.plan = compiled_->plan;
    header.policy_text = "policy";
    header.mode = "act";
    auto trace = TraceWriter::create(path, header);
    ASSERT_TRUE(trace.ok());
    SignalWatch signals;
    const RunInputs inputs{.spec = spec_,
                           .facts = facts_,
                           .mode = Mode::Act,
                           .engine = engine,
                           .sampler = sampler,
                           .host = &host,
                           .frame = frame,
                           .trace = **trace,
                           .sink = nullptr,
                           .observer = observer,
                           .clock = clock,
                           .signals = signals,
                           .plan = &compiled_->plan,
                           .entry = compiled_->entry,
                           .logs = "logs",
                           .workers = 0,
                           .patience = std::chrono::minutes(1)};
    const RunOutcome outcome = run(inputs);
    EXPECT_THAT(outcome.problems, testing::IsEmpty()) << fmt::format("{}", fmt::join(observer.lines, "\n"));
  }

  void measure(Frame& frame, ModelHost& host, const std::vector<std::unique_ptr<CgroupChild>>& children) {
    for (size_t column = 0; column < columns_.size(); ++column)
      for (size_t row = 0; row <= 2; ++row) frame.set_missing(column, row, Status::Unavailable);
    if (!children[0] || !children[1]) return;
    const std::vector<Workload> loads = {scenario_.victim, scenario_.polluter};
    std::vector<Share> shares;
    for (size_t slot = 0; slot < 2; ++slot) {
      shares.push_back(share_of(simulator_.root(), children[slot]->pid, model_.peak));
      const auto cores = host.cores.find(slot);
      shares.back().cores = cores != host.cores.end()
                                ? cores->second
                                : static_cast<double>(spec_.containers[slot].cores.value.count());
    }
    if (shares != shares_) effects_ = model_.settle(loads, shares);
    shares_ = shares;
    const std::vector<Effect>& effects = effects_;
    for (size_t slot = 0; slot < 2; ++slot) show(frame, slot, effects[slot]);
    if (frame.now_ns < kLength / 2) return;
    ++counted_;
    for (size_t slot = 0; slot < 2; ++slot) {
      sums_[slot].cpi += effects[slot].cpi;
      sums_[slot].instructions += effects[slot].instructions;
      sums_[slot].latency_p95 += effects[slot].latency_p95;
    }
  }

  static void show(Frame& frame, size_t slot, const Effect& effect) {
    const auto set = [&](Metric metric, double value) {
      const auto column = static_cast<size_t>(frame.column(metric));
      if (info(metric).type == MetricType::I64)
        frame.set_i64(column, slot, std::llround(value));
      else
        frame.set_f64(column, slot, value);
    };
    set(Metric::perf_llc_mpki, effect.mpki);
    set(Metric::perf_instructions_per_cycle, 1 / effect.cpi);
    set(Metric::rdt_l3_cache_occupancy, effect.occupancy);
    set(Metric::rdt_memory_bandwidth_total, effect.bandwidth);
    if (effect.latency_p95 > 0) set(Metric::app_latency_p95, effect.latency_p95 * 1e9);
  }

  const Scenario& scenario_;
  SimulatedResctrl simulator_{"xeon-2s"};
  CacheModel model_;
  RunSpec spec_;
  HostFacts facts_;
  SourceSet sources_;
  std::vector<Metric> columns_ = [] {
    std::vector<Metric> all;
    for (size_t m = 0; m < kMetricCount; ++m) all.push_back(static_cast<Metric>(m));
    return all;
  }();
  std::optional<CompiledPolicy> compiled_;
  std::vector<Share> shares_;    ///< of the last step
  std::vector<Effect> effects_;  ///< of these
  std::vector<Effect> sums_ = std::vector<Effect>(2, Effect{.cpi = 0});
  int counted_ = 0;
};

std::string text_of(const std::string& policy) {
  if (policy == "static") return kStatic;
  if (policy == "none") return "policy none 1 \"No control at all\"\n";
  return std::string(stock_policy(policy));
}

/// Both alone, with the whole machine.
std::vector<Effect> alone(const Scenario& scenario) {
  const CacheModel model;
  return {model.settle({scenario.victim}, {{.ways = 0xFFFFF, .cores = 4}})[0],
          model.settle({scenario.polluter}, {{.ways = 0xFFFFF, .cores = 12}})[0]};
}

struct Row {
  double victim = 0, polluter = 0, latency_ms = 0;  ///< speed as a part of that alone
};

TEST(scenarios, stock_policies_against_a_static_partition_and_none) {
  if (!CgroupChild::possible({"freezer"})) GTEST_SKIP() << "no cgroup v1 freezer";
  std::string table = "scenario  policy            victim %  polluter %  p95 ms  changes\n";
  std::map<std::string, std::map<std::string, Row>> rows;
  for (const Scenario& scenario : kScenarios) {
    const std::vector<Effect> best = alone(scenario);
    for (const char* policy : {"none", "static", "default", "cache_aware", "bandwidth_aware", "parties"}) {
      if (scenario.target_ms == 0 && std::string(policy) == "parties") continue;  // it needs latencies
      Stage stage(scenario, text_of(policy));
      const std::vector<Effect> effects = stage.play();
      const Row row{best[0].cpi / effects[0].cpi, effects[1].instructions / best[1].instructions,
                    effects[0].latency_p95 * 1e3};
      rows[scenario.name][policy] = row;
      table += fmt::format("{:<8}  {:<16}  {:>8.0f}  {:>10.0f}  {:>6}  {:>7}\n", scenario.name, policy,
                           100 * row.victim, 100 * row.polluter,
                           row.latency_ms > 0 ? fmt::format("{:.2f}", row.latency_ms) : "", stage.changes);
    }
  }
  const fs::path golden = fs::path(CBENCH_TESTS_DIR) / "golden/scenarios.expected";
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(golden) << table;
  EXPECT_EQ(table, slurp(golden));
  EXPECT_THAT(slurp(fs::path(CBENCH_TESTS_DIR) / "../docs/policies-model.md"), testing::HasSubstr(table));

  // What the policies are for.
  EXPECT_GT(rows["thrash"]["cache_aware"].victim, rows["thrash"]["none"].victim + 0.1);
  EXPECT_GT(rows["thrash"]["cache_aware"].victim, rows["thrash"]["static"].victim);
  EXPECT_GT(rows["stream"]["bandwidth_aware"].victim, rows["stream"]["static"].victim + 0.05);
  EXPECT_LT(rows["service"]["parties"].latency_ms, 2.0);
  EXPECT_GT(rows["service"]["none"].latency_ms, 2.0);
  for (auto& [scenario, by_policy] : rows)
    EXPECT_NEAR(by_policy["default"].victim, by_policy["none"].victim, 1e-9) << scenario;
}

TEST(scenarios, the_model_holds_what_must_hold) {
  const CacheModel model;
  const Workload small{.working_set = 12 * kMiB, .accesses = 0.02, .cpi = 0.6, .cores = 2};
  const Workload large{.working_set = 500 * kMiB, .accesses = 0.05, .cpi = 0.6, .overlap = 10, .cores = 4};
  const auto shared =
      model.settle({small, large}, {{.ways = 0xFFFFF, .cores = 4}, {.ways = 0xFFFFF, .cores = 4}});
  EXPECT_LE(shared[0].occupancy + shared[1].occupancy, model.bytes * 1.0001);
  const auto apart =
      model.settle({small, large}, {{.ways = 0x3FF, .cores = 4}, {.ways = 0xFFC00, .cores = 4}});
  EXPECT_GT(apart[0].occupancy, shared[0].occupancy);
  EXPECT_LT(apart[0].cpi, shared[0].cpi);
  const auto slowed = model.settle(
      {small, large}, {{.ways = 0x3FF, .cores = 4}, {.ways = 0xFFC00, .bandwidth = 2e9, .cores = 4}});
  EXPECT_NEAR(slowed[1].bandwidth, 2e9, 0.02e9);
  EXPECT_LE(slowed[0].cpi, apart[0].cpi);
}

}  // namespace
}  // namespace cbench
