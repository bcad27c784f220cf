// The metrics of rdt by L3 domain: `l3_cache_occupancy_d1` is l3_cache_occupancy in domain 1.
#pragma once

#include <vector>

#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// A metric in one L3 domain or, with sub-NUMA clustering, in one node of a domain (`_n2`).
struct DomainPart {
  Metric metric{}, whole{};
  bool node = false;
  uint32_t id = 0;  ///< resctrl's number of the domain or node
};

/// The parts of the metrics of `enabled` that this host can tell: none for a single domain without nodes, whose value is
/// the whole. No more than there is room for among the metrics of one's own (own_metric.h).
std::vector<DomainPart> domain_parts(const RdtFacts& rdt, const MetricSet& enabled);

/// Turns the parts on wherever the whole is measured.
void add_domain_parts(RunSpec& spec, const RdtFacts& rdt);

/// What a part is a part of; the metric itself when it is none.
Metric whole_of(Metric metric);

}  // namespace cbench
