// link: runtime.driver
// What watching a run costs: the loop's thread in each step and ten times a second, and a frame on the thread
// that draws.
#include <benchmark/benchmark.h>

#include "runtime/driver/run_view.h"
#include "runtime/driver/run_watch.h"

namespace cbench {
namespace {

class Silent final : public RunFace {
 public:
  void take(const News&) override {}
  void tick(const LiveFigures&) override {}
  void end() override {}
};

struct Stage {
  explicit Stage(size_t containers)
      : frame({Metric::perf_instructions, Metric::perf_cycles, Metric::docker_cpu_usage_total,
               Metric::docker_memory_usage},
              containers),
        lives(containers) {
    for (size_t i = 0; i < containers; ++i) {
      spec.containers.emplace_back().name.value = "service-" + std::to_string(i);
      lives[i].state = ContainerState::Running;
      lives[i].cpus.set(i);
      frame.running[i] = 1;
      for (size_t column = 0; column < 4; ++column) frame.set_i64(column, i, 1'000'000);
    }
  }
  std::unique_ptr<RunWatch> watch() {
    std::vector<std::unique_ptr<RunFace>> faces;
    faces.push_back(std::make_unique<Silent>());
    auto made = std::make_unique<RunWatch>(facts, std::move(faces), false);
    made->event({.kind = EventKind::Begin, .text = ""});
    return made;
  }
  RunSpec spec;
  Frame frame;
  std::vector<ContainerLife> lives;
  RunFacts facts{.spec = spec,
                 .plan = nullptr,
                 .run_id = "",
                 .mode = "act",
                 .engine = "",
                 .trace_path = "",
                 .warnings = {}};
};

void loop_step(benchmark::State& state) {
  Stage stage(static_cast<size_t>(state.range(0)));
  const auto watch = stage.watch();
  for (auto _ : state) {
    stage.frame.now_ns += 1'000'000;
    watch->sample(stage.frame);
  }
}
BENCHMARK(loop_step)->Arg(2)->Arg(20)->Arg(100);

void loop_hand_over(benchmark::State& state) {
  Stage stage(static_cast<size_t>(state.range(0)));
  const auto watch = stage.watch();
  for (auto _ : state) watch->progress({.elapsed_ns = 1, .total_ns = 2, .lives = &stage.lives});
}
BENCHMARK(loop_hand_over)->Arg(2)->Arg(20)->Arg(100);

void draw_frame(benchmark::State& state) {
  RunView view{.name = "bench", .policy = "rescue", .mode = "act", .phase = RunView::Phase::Measuring};
  view.elapsed_ns = 1'000'000'000;
  view.total_ns = 10'000'000'000;
  for (int64_t i = 0; i < state.range(0); ++i) {
    RunView::Row row{
        .name = "service-" + std::to_string(i), .state = ContainerState::Running, .sampled = true};
    row.cpu_percent = 99.5;
    row.ipc = 1.25;
    row.memory_bytes = 1e8;
    row.cores = std::to_string(i);
    for (int point = 0; point < 30; ++point) row.sparks.push(point * 3);
    view.rows.push_back(row);
  }
  for (int i = 0; i < 5; ++i) view.actions.push_back({1, "quota service-1 = 50%", Outcome::Applied, "", 1});
  for (auto _ : state)
    benchmark::DoNotOptimize(draw(view, {.columns = 120, .rows = 120, .colour = true, .utf8 = true}));
}
BENCHMARK(draw_frame)->Arg(2)->Arg(20)->Arg(100);

}  // namespace
}  // namespace cbench
