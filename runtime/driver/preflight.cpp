#include "runtime/driver/preflight.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/log_tail.h"
#include "runtime/host/calibrate.h"
#include "runtime/host/probe.h"
#include "runtime/host/topology.h"
#include "stdlib/abi/bandwidth.h"
#include "stdlib/abi/domain_parts.h"

namespace cbench {
namespace {

/// "bench.yml:6"
std::string line_of(Span span, const RunSpec& spec, const SourceSet& sources) {
  return fmt::format("{}:{}", span.known() ? sources.name(span.source) : spec.path, sources.line(span));
}

}  // namespace

std::string place_of(Span span, const RunSpec& spec, const SourceSet& sources) {
  if (!span.known()) return spec.path;
  const Place at = sources.place(span.source, span.begin);
  return fmt::format("{}:{}:{}", sources.name(span.source), at.line, at.column);
}

HostFacts look_at_host(const std::string& rdt_root) {
  HostRoots roots;
  if (!rdt_root.empty()) roots.resctrl = rdt_root;
  HostFacts facts = probe_host(roots);
  facts.rdt.peak_bandwidth = saved_peak_bandwidth(calibration_file(), facts).value_or(0);
  return facts;
}

void fit_together(RunSpec& spec, HostFacts& facts) {
  facts.rdt.peak_bandwidth = spec.peak_bandwidth.value_or(facts.rdt.peak_bandwidth);
  add_domain_parts(spec, facts.rdt);
  MetricSet wanted;
  for (const Metric metric : columns_of(spec)) wanted.set(static_cast<size_t>(metric));
  probe_metrics(wanted, facts, spec.events);
}

Result<> check_cpus(const RunSpec& spec, const HostFacts& facts, const SourceSet& sources) {
  for (const ContainerSpec& container : spec.containers) {
    const std::string usable = fmt::format("this process may use CPUs {}", to_list(facts.online));
    if (const CpuSet absent = container.cores.value & ~facts.online; absent.any())
      return Error{
          Exit::HostLacks,
          fmt::format("{}: `{}` wants CPU {}, which this host does not have",
                      line_of(container.cores.span, spec, sources), container.name.value, to_list(absent)),
          usable};
    if (container.cores.value.none() && container.num_cores > static_cast<int64_t>(facts.online.count()))
      return Error{
          Exit::HostLacks,
          fmt::format("{}: `{}` wants {} CPUs, this host has {}", line_of(container.span, spec, sources),
                      container.name.value, container.num_cores, facts.online.count()),
          usable};
  }
  return Done{};
}

Result<> check_memory_nodes(const RunSpec& spec, const CpuSet& nodes, const SourceSet& sources) {
  for (const ContainerSpec& container : spec.containers)
    if (const CpuSet absent = container.memory_nodes.value & ~nodes; absent.any())
      return Error{Exit::HostLacks,
                   fmt::format("{}: `{}` wants memory of NUMA node {}, which this host does not have",
                               line_of(container.memory_nodes.span, spec, sources), container.name.value,
                               to_list(absent)),
                   fmt::format("this process may use memory of nodes {}", to_list(nodes))};
  return Done{};
}

Result<> check_files(const RunSpec& spec, const SourceSet& sources) {
  for (const ContainerSpec& container : spec.containers) {
    if (!container.app || container.app->path.value.empty()) continue;
    const Located<std::string>& path = container.app->path;
    const std::string trouble = LogTail::why_not(path.value);
    if (trouble.empty()) continue;
    return Error{
        Exit::HostLacks,
        fmt::format("{}: the figures of `{}` cannot be read from {}: {}", place_of(path.span, spec, sources),
                    container.name.value, path.value, trouble),
        fmt::format("the file has to be there when the run begins, empty perhaps: `touch {}`", path.value)};
  }
  return Done{};
}

uint64_t descriptors(const RunSpec& spec, const HostFacts& facts) {
  constexpr uint64_t kOwn = 64;      // standard streams, trace, timers, the engine's connections …
  constexpr uint64_t kFigures = 24;  // a container's cgroup files, resctrl's files aside
  constexpr uint64_t kStreams = 6;   // its output and pipes
  uint64_t sum = kOwn;
  std::vector<uint64_t> queued;  // of those that wait for CPUs only so many run at once
  for (const ContainerSpec& container : spec.containers) {
    uint64_t events = 0, rdt = 0;
    const MetricSet& enabled = container.sampling.enabled;
    for (size_t i = 0; i < kMetricIds; ++i) {
      if (!enabled[i]) continue;
      const auto metric = static_cast<Metric>(i);
      const MetricInfo& m = info(metric);
      if (m.group == MetricGroup::perf && m.kind != MetricKind::Derived &&
          !facts.unavailable.contains(metric))
        ++events;
      if (m.group == MetricGroup::rdt && facts.rdt.present)
        rdt = 2 + 3 * (facts.rdt.l3_domains.size() + facts.rdt.snc_nodes.size());
    }
    const uint64_t own = events * facts.cpus.size() + rdt + kFigures + kStreams;
    if (spec.admission != Admission::Share && container.cores.value.none())
      queued.push_back(own);
    else
      sum += own;
  }
  std::sort(queued.begin(), queued.end(), std::greater<>());
  queued.resize(std::min(queued.size(), facts.online.count()));
  return std::accumulate(queued.begin(), queued.end(), sum);
}

uint64_t most_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_max;
}

Result<> check_descriptors(const RunSpec& spec, const HostFacts& facts, uint64_t most) {
  const uint64_t needed = descriptors(spec, facts);
  if (needed <= most) return Done{};
  return Error{
      Exit::HostLacks,
      fmt::format("the run needs {} open files, {} are allowed: each perf event of each of the {} containers "
                  "takes one "
                  "on each of the {} CPUs",
                  needed, most, spec.containers.size(), facts.cpus.size()),
      fmt::format("`ulimit -Hn {}` as root (systemd: LimitNOFILE=), or enable fewer perf metrics", needed)};
}

Result<> check_host(const RunSpec& spec, const HostFacts& facts, const SourceSet& sources) {
  if (Result<> cpus = check_cpus(spec, facts, sources); !cpus.ok()) return cpus;
  if (Result<> nodes = check_memory_nodes(spec, read_memory_nodes(), sources); !nodes.ok()) return nodes;
  if (Result<> files = check_files(spec, sources); !files.ok()) return files;
  return check_descriptors(spec, facts, most_descriptors());
}

std::vector<std::string> lacking(const Plan& plan, const HostFacts& facts, const std::string& policy_path) {
  std::vector<std::string> out;
  for (const PlanUse<Metric>& use : plan.needs)
    if (const auto found = facts.unavailable.find(whole_of(use.what)); found != facts.unavailable.end())
      out.push_back(
          fmt::format("{}:{}: reads {}: {}", policy_path, use.line, info(use.what).field, found->second));
  for (const PlanUse<Verb>& use : plan.acts)
    if (info(use.what).resource == ActionResource::Rdt && !facts.rdt.present)
      out.push_back(
          fmt::format("{}:{}: `{}` needs resctrl: {}", policy_path, use.line, info(use.what).name,
                      facts.rdt.absent_reason.empty() ? "it is not mounted" : facts.rdt.absent_reason));
    else if (const std::string_view why = why_not_mb(use.what, facts.rdt); !why.empty())
      out.push_back(fmt::format("{}:{}: {}; {}", policy_path, use.line, why, kMbRemedy));
  return out;
}

bool allocates_rdt(const Plan& plan) {
  return std::any_of(plan.acts.begin(), plan.acts.end(),
                     [](const PlanUse<Verb>& use) { return info(use.what).resource == ActionResource::Rdt; });
}

}  // namespace cbench
