#include "stdlib/abi/host_facts.h"

namespace cbench {
namespace {

std::vector<HostPart> with_ids(std::vector<uint32_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::vector<HostPart> parts;
  for (const uint32_t id : ids) parts.push_back({id, {}});
  return parts;
}

void add_cpu(std::vector<HostPart>& parts, int64_t id, uint32_t cpu) {
  for (HostPart& part : parts)
    if (part.id == id) part.cpus.push_back(cpu);
}

}  // namespace

std::vector<HostPart> HostFacts::socket_parts() const {
  std::vector<uint32_t> ids;
  for (const CpuFacts& cpu : cpus)
    if (online[cpu.cpu]) ids.push_back(cpu.socket);
  if (ids.empty()) {
    HostPart all;
    for (uint32_t cpu = 0; cpu < kMaxCpus; ++cpu)
      if (online[cpu]) all.cpus.push_back(cpu);
    return {all};
  }
  std::vector<HostPart> parts = with_ids(std::move(ids));
  for (const CpuFacts& cpu : cpus)
    if (online[cpu.cpu]) add_cpu(parts, cpu.socket, cpu.cpu);
  return parts;
}

std::vector<HostPart> HostFacts::domain_parts() const {
  std::vector<uint32_t> ids;
  if (rdt.present) ids = rdt.l3_domains;
  if (ids.empty())
    for (const CpuFacts& cpu : cpus)
      if (online[cpu.cpu] && cpu.l3_domain >= 0) ids.push_back(static_cast<uint32_t>(cpu.l3_domain));
  std::vector<HostPart> parts = with_ids(std::move(ids));
  for (const CpuFacts& cpu : cpus)
    if (online[cpu.cpu]) add_cpu(parts, cpu.l3_domain, cpu.cpu);
  return parts;
}

}  // namespace cbench
