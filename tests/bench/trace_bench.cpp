// link: runtime.trace
// What recording and reading a step cost, by containers.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

#include "runtime/trace/trace.h"

namespace {

using namespace cbench;

std::string new_path() {
  static int count = 0;
  return (std::filesystem::temp_directory_path() /
          ("cbench-bench-" + std::to_string(::getpid()) + "-" + std::to_string(count++)))
      .string();
}

TraceHeader header_of(size_t containers) {
  TraceHeader header;
  for (size_t i = 0; i < kMetricCount; ++i) header.columns.push_back(static_cast<Metric>(i));
  for (size_t i = 0; i < containers; ++i) header.container_names.push_back("container" + std::to_string(i));
  return header;
}

Frame frame_of(const TraceHeader& header) {
  Frame frame(header.columns, header.container_names.size());
  std::fill(frame.running.begin(), frame.running.end(), uint8_t{1});
  for (size_t c = 0; c < frame.columns().size(); ++c)
    for (size_t row = 0; row <= frame.slots(); ++row) {
      if (info(frame.columns()[c]).type == MetricType::Str)
        frame.set_text(c, row, "shared");
      else
        frame.set_i64(c, row, static_cast<int64_t>(c * row));
    }
  return frame;
}

void check(bool ok) {
  if (!ok) std::abort();
}

// sample() alone; the batch is written outside of the measured time.
void sample(benchmark::State& state) {
  const TraceHeader header = header_of(static_cast<size_t>(state.range(0)));
  const std::string path = new_path();
  {
    auto writer = TraceWriter::create(path, header);
    check(writer.ok());
    const Frame frame = frame_of(header);
    for (int64_t steps = 0; auto _ : state) {
      (*writer)->sample(frame);
      if (++steps % 10 != 0) continue;
      state.PauseTiming();
      check((*writer)->flush().ok());
      state.ResumeTiming();
    }
  }
  std::filesystem::remove(path);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sample)->Arg(1)->Arg(5)->Arg(16)->Arg(64)->Iterations(5000);

// Ten steps and their flush: a second of a run at 100 ms.
void second(benchmark::State& state) {
  const TraceHeader header = header_of(static_cast<size_t>(state.range(0)));
  const std::string path = new_path();
  {
    auto writer = TraceWriter::create(path, header);
    check(writer.ok());
    const Frame frame = frame_of(header);
    for (auto _ : state) {
      for (int step = 0; step < 10; ++step) (*writer)->sample(frame);
      check((*writer)->flush().ok());
    }
    state.SetBytesProcessed(static_cast<int64_t>(std::filesystem::file_size(path)));
  }
  std::filesystem::remove(path);
}
BENCHMARK(second)->Arg(5)->Arg(16)->Arg(64)->Iterations(300);

// Reading all steps of a closed trace back into frames.
void read(benchmark::State& state) {
  const TraceHeader header = header_of(static_cast<size_t>(state.range(0)));
  const std::string path = new_path();
  constexpr int kSteps = 2000;
  {
    auto writer = TraceWriter::create(path, header);
    check(writer.ok());
    const Frame frame = frame_of(header);
    for (int step = 0; step < kSteps; ++step) {
      (*writer)->sample(frame);
      if (step % 10 == 9) check((*writer)->flush().ok());
    }
    check((*writer)->close({}).ok());
  }
  for (auto _ : state) {
    auto reader = TraceReader::open(path);
    check(reader.ok());
    for (;;) {
      auto item = (*reader)->next();
      check(item.ok());
      if (!item->has_value()) break;
    }
  }
  state.SetItemsProcessed(state.iterations() * kSteps * state.range(0));
  std::filesystem::remove(path);
}
BENCHMARK(read)->Arg(5)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
