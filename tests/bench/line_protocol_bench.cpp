// link: runtime.exporters
// Line protocol on one core: bytes a second of wide points, 64 containers, all metrics, figures as a real run
// has them.
#include <random>

#include <benchmark/benchmark.h>

#include "runtime/exporters/exporter.h"

namespace {

using namespace cbench;

void line_protocol(benchmark::State& state) {
  constexpr size_t kSlots = 64;
  std::vector<Metric> columns;
  for (size_t i = 0; i < kMetricCount; ++i) columns.push_back(static_cast<Metric>(i));
  Frame frame(columns, kSlots);
  RunSpec spec;
  for (size_t slot = 0; slot < kSlots; ++slot) {
    ContainerSpec container;
    container.name.value = "container" + std::to_string(slot);
    container.image.value = "registry.example.org/bench/workload:1.2";
    container.index = static_cast<int64_t>(slot);
    container.cores.value.set(slot).set(slot + 1);
    spec.containers.push_back(container);
    frame.running[slot] = 1;
  }
  std::mt19937_64 random(1);
  for (size_t column = 0; column < columns.size(); ++column)
    for (size_t row = 0; row <= kSlots; ++row) switch (info(columns[column]).type) {
        case MetricType::I64:
          frame.set_i64(column, row, static_cast<int64_t>(random() >> (24 + random() % 40)));
          break;
        case MetricType::F64:
          frame.set_f64(column, row, static_cast<double>(random() >> 11) / 9e13);
          break;
        case MetricType::Str:
          frame.set_text(column, row, "class" + std::to_string(random() % 4));
          break;
      }
  TraceHeader header;
  header.run_id = "0190b1f2-7c1a-7d3e-8f00-0123456789ab";
  HostFacts facts;
  facts.hostname = "node-1";
  LineProtocol protocol(spec, header, facts);
  std::string out;
  int64_t bytes = 0, points = 0;
  for (auto _ : state) {
    out.clear();
    frame.wall_ns += 100'000'000;
    protocol.sample(frame, out);
    benchmark::DoNotOptimize(out.data());
    bytes += static_cast<int64_t>(out.size());
    points += kSlots + 1;
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(points);
}
BENCHMARK(line_protocol);

}  // namespace

BENCHMARK_MAIN();
