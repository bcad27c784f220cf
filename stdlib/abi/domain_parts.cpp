#include "stdlib/abi/domain_parts.h"

#include <string>

#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

constexpr Metric kWhole[] = {Metric::rdt_l3_cache_occupancy, Metric::rdt_memory_bandwidth_total,
                             Metric::rdt_memory_bandwidth_local};

}  // namespace

std::vector<DomainPart> domain_parts(const RdtFacts& rdt, const MetricSet& enabled) {
  std::vector<DomainPart> parts;
  const auto add = [&](Metric whole, bool node, uint32_t id) {
    const std::string name = std::string(info(whole).name) + (node ? "_n" : "_d") + std::to_string(id);
    if (const auto metric = declare_metric(MetricGroup::rdt, name, info(whole).unit))
      parts.push_back({*metric, whole, node, id});
  };
  for (const Metric whole : kWhole) {
    if (!enabled[static_cast<size_t>(whole)]) continue;
    if (rdt.l3_domains.size() > 1)
      for (const uint32_t domain : rdt.l3_domains) add(whole, false, domain);
    for (const uint32_t node : rdt.snc_nodes) add(whole, true, node);
  }
  return parts;
}

void add_domain_parts(RunSpec& spec, const RdtFacts& rdt) {
  for (ContainerSpec& container : spec.containers)
    for (const DomainPart& part : domain_parts(rdt, container.sampling.enabled))
      container.sampling.enabled.set(static_cast<size_t>(part.metric));
}

Metric whole_of(Metric metric) {
  if (!is_own(metric) || info(metric).group != MetricGroup::rdt) return metric;
  for (const Metric whole : kWhole)
    if (info(metric).name.starts_with(info(whole).name)) return whole;
  return metric;
}

}  // namespace cbench
