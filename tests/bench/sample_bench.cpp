// link: runtime.collectors
// What sampling one container costs: all software perf events on every CPU and all of Docker's figures; CPU
// time of ours.
#include <cstdlib>
#include <filesystem>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/figure_files.h"
#include "runtime/host/probe.h"
#include "tests/support/cgroup_child.h"

namespace {

using namespace cbench;

const std::vector<std::string> kHierarchies = {"cpu",   "cpuacct", "cpuset", "memory",
                                               "blkio", "pids",    "unified"};

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}
[[noreturn]] void spin() {
  for (volatile uint64_t i = 0;; i = i + 1) {
  }
}

/// Samples the groups that `wanted` holds of a container that runs `body`.
void sample(benchmark::State& state, const std::vector<MetricGroup>& wanted, void (*body)()) {
  if (!CgroupChild::possible(kHierarchies))
    return state.SkipWithError("needs a hybrid host and the right to make cgroups");
  const CgroupChild child(kHierarchies, body);
  const HostFacts facts = probe_host();
  RunSpec spec;
  spec.step_ns = 1;
  spec.containers.resize(1);
  for (size_t i = 0; i < kMetricCount; ++i)
    for (const MetricGroup group : wanted)
      if (kMetrics[i].group == group) spec.containers[0].sampling.enabled.set(i);
  // cpu_clock doubles task_clock: six software events remain.
  spec.containers[0].sampling.enabled.reset(static_cast<size_t>(Metric::perf_cpu_clock));
  Frame frame(columns_of(spec), 1);
  frame.running[0] = 1;
  const std::string folder =
      std::filesystem::temp_directory_path() / ("cbench-bench-" + std::to_string(::getpid()));
  {
    auto journal = Journal::open("bench", folder);
    if (!journal) return state.SkipWithError(journal.error().message.c_str());
    Sampler sampler(spec, facts, frame, **journal);
    Started started;
    started.pid = child.pid;
    if (auto cgroup = cgroups_of(child.pid)) started.cgroup = *cgroup;
    sampler.attach(0, started);
    for (auto _ : state) {
      ++frame.step;
      sampler.collect(frame);
    }
    size_t cells = 0;
    for (size_t column = 0; column < frame.columns().size(); ++column) cells += frame.has(column, 0) ? 1 : 0;
    state.counters["values"] = static_cast<double>(cells);
    state.counters["cpus"] = static_cast<double>(facts.cpus.size());
    (*journal)->close();
  }
  std::filesystem::remove_all(folder);
}

BENCHMARK_CAPTURE(sample, all_sources_idle_container, {MetricGroup::perf, MetricGroup::docker},
                  sleep_for_ever);
BENCHMARK_CAPTURE(sample, all_sources_busy_container, {MetricGroup::perf, MetricGroup::docker}, spin);
BENCHMARK_CAPTURE(sample, perf_only_idle, {MetricGroup::perf}, sleep_for_ever);
BENCHMARK_CAPTURE(sample, perf_only_busy, {MetricGroup::perf}, spin);
BENCHMARK_CAPTURE(sample, docker_only, {MetricGroup::docker}, sleep_for_ever);

/// Our own part of a sample: the parsers, on the texts that this kernel gives.
void parse_v1_memory_stat(benchmark::State& state) {
  std::string text;
  read_file("/sys/fs/cgroup/memory/memory.stat", text);
  std::vector<FigureSource> wanted;
  for (const FigureSource& source : figures_of_v1())
    if (source.file == "memory.stat") wanted.push_back(source);
  Figures figures{};
  for (auto _ : state) {
    parse_figures(Format::Keyed, text, wanted, figures);
    benchmark::DoNotOptimize(figures.value[kInactiveFile]);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(parse_v1_memory_stat);

}  // namespace
