// Random but seeded runs for the exporters' tests: configuration, host, frames, and what a frame must give
// when exported.
#pragma once

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "runtime/exporters/exporter.h"

namespace cbench::testing {

struct RandomRun {
  explicit RandomRun(uint64_t seed, size_t slots = 3) : random(seed), frame(all_metrics(), slots) {
    for (size_t slot = 0; slot < slots; ++slot) {
      ContainerSpec container;
      container.name.value = "c " + std::to_string(slot) + text(6);
      container.index = static_cast<int64_t>(slot) * 2 + 1;
      if (slot % 2 == 0) container.image.value = "registry.local:5000/img," + std::to_string(slot) + "=x";
      container.cores.value.set(slot).set(slot + 1).set(slot + 5);
      spec.containers.push_back(container);
      header.container_names.push_back(container.name.value);
    }
    spec.name.value = "a \"quoted\" name";
    header.run_id = "0190b1f2-7c1a-7d3e-8f00-0123456789ab";
    header.config_text = "benchmark:\n  name: \"x\\y\"\n";
    header.start_wall_ns = 1'700'000'000'000'000'000;
    header.columns = frame.columns();
    facts.hostname = "node-1";
  }

  static std::vector<Metric> all_metrics() {
    std::vector<Metric> out;
    for (size_t i = 0; i < kMetricCount; ++i) out.push_back(static_cast<Metric>(i));
    return out;
  }

  uint64_t below(uint64_t n) { return std::uniform_int_distribution<uint64_t>(0, n - 1)(random); }

  std::string text(size_t longest) {
    static constexpr std::string_view kAlphabet[] = {"a",  "b",  ",",  "=", " ", "\\", "\"",
                                                     "\n", "\t", "\r", "'", "#", "é"};
    std::string out;
    for (size_t left = below(longest + 1); left > 0; --left) out += kAlphabet[below(std::size(kAlphabet))];
    return out;
  }

  double f64() {
    switch (below(8)) {
      case 0:
        return std::numeric_limits<double>::quiet_NaN();
      case 1:
        return -std::numeric_limits<double>::infinity();
      case 2:
        return 0.0;
      case 3:
        return static_cast<double>(below(1'000'000));
      case 4:
        return std::numeric_limits<double>::denorm_min();
      default:
        return std::bit_cast<double>(random());
    }
  }
  int64_t i64() {
    constexpr int64_t kEdges[] = {0, -1, INT64_MIN, INT64_MAX, 9'007'199'254'740'993};
    return below(4) == 0 ? kEdges[below(5)] : std::bit_cast<int64_t>(random() >> below(64));
  }

  /// Fills the frame with the next step's values; a third of the cells is missing.
  void next_step() {
    ++frame.step;
    frame.now_ns += 100'000'000;
    frame.wall_ns = header.start_wall_ns + frame.now_ns;
    for (size_t slot = 0; slot < frame.slots(); ++slot) frame.running[slot] = below(5) > 0;
    for (size_t column = 0; column < frame.columns().size(); ++column)
      for (size_t row = 0; row <= frame.slots(); ++row) fill(column, row);
  }

  void fill(size_t column, size_t row) {
    const auto status = static_cast<Status>(below(10));
    if (below(3) == 0 && !has_value(status)) {
      frame.set_missing(column, row, status);
      return;
    }
    switch (info(frame.columns()[column]).type) {
      case MetricType::I64:
        frame.set_i64(column, row, i64(), static_cast<Status>(below(2)));
        break;
      case MetricType::F64:
        frame.set_f64(column, row, f64(), static_cast<Status>(below(2)));
        break;
      case MetricType::Str:
        frame.set_text(column, row, text(12));
        break;
    }
  }

  std::mt19937_64 random;
  RunSpec spec;
  TraceHeader header;
  HostFacts facts;
  Frame frame;
};

}  // namespace cbench::testing
