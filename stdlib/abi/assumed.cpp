#include "stdlib/abi/assumed.h"

#include "stdlib/abi/inputs.h"

namespace cbench {

HostFacts assumed_host() {
  HostFacts facts;
  facts.hostname = "assumed";
  facts.cpu_vendor = "GenuineIntel";
  for (uint32_t cpu = 0; cpu < 16; ++cpu) {
    facts.cpus.push_back({cpu, cpu, 0, 0, 0});
    facts.online.set(cpu);
  }
  facts.memory_bytes = 64ULL << 30U;
  RdtFacts& rdt = facts.rdt;
  rdt.present = rdt.simulated = rdt.l3_allocation = rdt.mb_allocation = true;
  rdt.l3_domains = {0};
  rdt.l3_ways = 11;
  rdt.l3_bytes = 22ULL << 20U;
  rdt.num_closids = 16;
  rdt.l3_occupancy = rdt.mbm_total = rdt.mbm_local = true;
  rdt.num_rmids = 256;
  return facts;
}

RunSpec assumed_run(const std::vector<std::string>& containers, int64_t step_ns,
                    const std::vector<Metric>& own) {
  RunSpec spec;
  spec.name.value = "assumed";
  spec.engine = EngineKind::Process;
  spec.step_ns = step_ns;
  for (const std::string& name : containers) {
    ContainerSpec container;
    container.name.value = name;
    container.index = static_cast<int64_t>(spec.containers.size());
    Sampling& sampling = container.sampling;
    sampling.enabled = every_metric();
    for (const Metric metric : own) sampling.enabled.set(static_cast<size_t>(metric));
    sampling.perf_period_ns = sampling.docker_period_ns = sampling.rdt_period_ns =
        sampling.app_period_ns = kAssumedPeriodNs;
    spec.containers.push_back(std::move(container));
  }
  return spec;
}

std::vector<Metric> all_metrics(const std::vector<Metric>& own) {
  std::vector<Metric> all;
  for (size_t m = 0; m < kMetricCount; ++m) all.push_back(static_cast<Metric>(m));
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

}  // namespace cbench
