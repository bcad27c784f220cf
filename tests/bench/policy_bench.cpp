// link: compiler.pipeline compiler.codegen compiler.native runtime.policy
// What a policy costs: from text to native code, and one step of it.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <benchmark/benchmark.h>

#include "compiler/codegen/codegen.h"
#include "compiler/native/native.h"
#include "compiler/pipeline/pipeline.h"
#include "runtime/policy/policy.h"
#include "stdlib/abi/inputs.h"
#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

/// A run of `n` containers that measure everything, on a host with RDT.
struct World {
  explicit World(size_t n) {
    spec.name.value = "bench";
    spec.step_ns = 100'000'000;
    for (size_t i = 0; i < n; ++i) {
      ContainerSpec c;
      c.name.value = "c" + std::to_string(i);
      c.index = static_cast<int64_t>(i);
      c.sampling.enabled = every_metric();
      c.sampling.perf_period_ns = c.sampling.docker_period_ns = c.sampling.rdt_period_ns = spec.step_ns;
      spec.containers.push_back(std::move(c));
    }
    for (size_t m = 0; m < kMetricCount; ++m) columns.push_back(static_cast<Metric>(m));
    facts.online.set(0).set(1);
    facts.rdt.present = facts.rdt.l3_allocation = facts.rdt.mb_allocation = true;
    facts.rdt.l3_ways = 11;
    facts.rdt.num_closids = 16;
  }

  CompiledPolicy compile(const std::string& name, const Codegen& codegen = generate) {
    SourceSet sources;
    Diagnostics diagnostics;
    const uint32_t source = sources.add(name, std::string(stock_policy(name)));
    CompileTarget target;
    target.spec = &spec;
    target.facts = &facts;
    target.columns = columns;
    auto compiled = compile_policy(sources, source, target, codegen, diagnostics);
    if (!compiled) throw std::runtime_error(render(diagnostics, sources, false));
    return std::move(*compiled);
  }

  RunSpec spec;
  HostFacts facts;
  std::vector<Metric> columns;
};

/// Text to native code, all phases, for five containers: in this process, which holds LLVM already.
void text_to_native(benchmark::State& state, const std::string& name) {
  World world(5);
  for (auto _ : state) benchmark::DoNotOptimize(world.compile(name).entry);
}
BENCHMARK_CAPTURE(text_to_native, cache_aware, std::string("cache_aware"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(text_to_native, fair_share, std::string("fair_share"))->Unit(benchmark::kMillisecond);

/// As `cbench` does it for a policy that is not in the cache: the generator's process is started each time.
void text_to_native_cold(benchmark::State& state, const std::string& name) {
  World world(5);
  const Codegen codegen = cached({.path = codegen_program()}, CodeCache(""));
  for (auto _ : state) benchmark::DoNotOptimize(world.compile(name, codegen).entry);
}
BENCHMARK_CAPTURE(text_to_native_cold, cache_aware, std::string("cache_aware"))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(text_to_native_cold, bandwidth_aware, std::string("bandwidth_aware"))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(text_to_native_cold, parties, std::string("parties"))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(text_to_native_cold, fair_share, std::string("fair_share"))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// As `cbench` does it for a policy that is in the cache.
void text_to_native_cached(benchmark::State& state, const std::string& name) {
  char folder[] = "/tmp/cbench-bench-XXXXXX";
  if (!mkdtemp(folder)) return state.SkipWithError("no folder in /tmp");
  World world(5);
  const Codegen codegen = cached({.path = codegen_program()}, CodeCache(std::string(folder) + "/code"));
  world.compile(name, codegen);
  for (auto _ : state) benchmark::DoNotOptimize(world.compile(name, codegen).entry);
  std::filesystem::remove_all(folder);
}
BENCHMARK_CAPTURE(text_to_native_cached, cache_aware, std::string("cache_aware"))
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Parse and check, as `cbench check` does.
void text_to_checked(benchmark::State& state, const std::string& name) {
  for (auto _ : state) {
    SourceSet sources;
    Diagnostics diagnostics;
    const uint32_t source = sources.add(name, std::string(stock_policy(name)));
    benchmark::DoNotOptimize(check_policy(sources, source, diagnostics));
  }
}
BENCHMARK_CAPTURE(text_to_checked, cache_aware, std::string("cache_aware"))->Unit(benchmark::kMillisecond);

/// One step of a policy that finds nothing to do, with everything measured.
void one_step(benchmark::State& state, const std::string& name) {
  const auto n = static_cast<size_t>(state.range(0));
  World world(n);
  const CompiledPolicy compiled = world.compile(name);
  Frame frame(world.columns, n);
  PolicyInstance policy(compiled.plan, compiled.entry, world.facts);
  policy.call(abi::Event::Begin, frame);
  CpuSet cpus;
  cpus.set(0);
  for (size_t i = 0; i < n; ++i) {
    policy.set_placement(static_cast<int32_t>(i), cpus, HUGE_VAL);
    policy.set_running(static_cast<int32_t>(i), true);
    policy.call(abi::Event::Start, frame, static_cast<int32_t>(i));
  }
  for (size_t column = 0; column < world.columns.size(); ++column)
    for (size_t slot = 0; slot < n; ++slot)
      if (info(world.columns[column]).type == MetricType::F64)
        frame.set_f64(column, slot, 1.0);
      else if (info(world.columns[column]).type == MetricType::I64)
        frame.set_i64(column, slot, 1);
  for (auto _ : state) {
    ++frame.step;
    frame.now_ns += world.spec.step_ns;
    benchmark::DoNotOptimize(policy.call(abi::Event::Step, frame));
  }
  state.counters["per_container"] =
      benchmark::Counter(static_cast<double>(n) / 1e9,
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK_CAPTURE(one_step, cache_aware, std::string("cache_aware"))
    ->Arg(4)
    ->Arg(64)
    ->Arg(256)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(one_step, bandwidth_aware, std::string("bandwidth_aware"))
    ->Arg(4)
    ->Arg(64)
    ->Arg(256)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cbench
