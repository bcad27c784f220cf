#include "tests/bench/twins/stage.h"

#include <random>
#include <stdexcept>

#include "compiler/codegen/codegen.h"
#include "stdlib/abi/inputs.h"
#include "stdlib/embed/stock.h"
#include "tests/bench/twins/twin.h"

namespace cbench::twins {

Stage::Stage(const std::string& policy, size_t containers) {
  if (policy == "cache_aware") {
    columns = {Metric::perf_llc_mpki};
    low_ = 4, middle_ = 11, high_ = 25, weather_ = 0.5;
  } else if (policy == "bandwidth_aware") {
    columns = {Metric::rdt_memory_bandwidth_total};
    const double share = 20e9 / static_cast<double>(containers);
    low_ = 0.3 * share, middle_ = 0.65 * share, high_ = 1.8 * share, weather_ = 0.5;
  } else if (policy == "parties") {
    columns = {Metric::app_latency_p95};
    low_ = 7.5e6, middle_ = 8.8e6, high_ = 10.2e6, weather_ = 0.2;
  } else {
    throw std::invalid_argument("there is no stage for " + policy);
  }
  spec.name.value = "stage";
  spec.step_ns = 100'000'000;
  for (size_t i = 0; i < containers; ++i) {
    ContainerSpec c;
    c.name.value = "c" + std::to_string(i);
    c.index = static_cast<int64_t>(i);
    c.sampling.enabled = every_metric();
    for (int64_t* period : {&c.sampling.perf_period_ns, &c.sampling.docker_period_ns,
                            &c.sampling.rdt_period_ns, &c.sampling.app_period_ns})
      *period = spec.step_ns;
    if (policy == "parties" && i < kCritical) {
      c.critical = true;
      c.targets = {{Metric::app_latency_p95, static_cast<double>(kTargetNs)}};
    }
    spec.containers.push_back(std::move(c));
  }
  for (size_t cpu = 0; cpu < 16; ++cpu) facts.online.set(cpu);
  facts.rdt.present = facts.rdt.l3_allocation = facts.rdt.mb_allocation = true;
  facts.rdt.l3_domains = {0};
  facts.rdt.l3_ways = 11;
  facts.rdt.num_closids = 16;

  SourceSet sources;
  Diagnostics diagnostics;
  CompileTarget target;
  target.spec = &spec;
  target.facts = &facts;
  target.columns = columns;
  auto made = compile_policy(sources, sources.add(policy, std::string(stock_policy(policy))), target,
                             generate, diagnostics);
  if (!made) throw std::runtime_error(render(diagnostics, sources, false));
  compiled = std::move(*made);
}

std::vector<Frame> Stage::frames(size_t count, uint64_t seed) const {
  std::mt19937_64 random(seed);
  const auto chance = [&](uint64_t of) { return random() % of == 0; };
  const auto unit = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
  const size_t n = spec.containers.size();
  std::vector<double> level(n, low_);
  double weather = 1;  // what all have in common
  std::vector<Frame> out;
  out.reserve(count);
  for (size_t k = 0; k < count; ++k) {
    Frame frame(columns, n);
    if (chance(40)) weather = 1 + weather_ * (2 * unit() - 1);
    for (size_t slot = 0; slot < n; ++slot) {
      if (chance(40)) level[slot] = chance(2) ? low_ : chance(2) ? middle_ : high_;
      const double value = weather * level[slot] * (0.8 + 0.4 * unit());
      if (chance(100))
        frame.set_missing(0, slot, chance(2) ? Status::NotDue : Status::Unavailable);
      else if (info(columns[0]).type == MetricType::F64)
        frame.set_f64(0, slot, value);
      else
        frame.set_i64(0, slot, static_cast<int64_t>(value));
    }
    out.push_back(std::move(frame));
  }
  return out;
}

}  // namespace cbench::twins
