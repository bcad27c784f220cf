#include "runtime/driver/preflight.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "runtime/collectors/log_tail.h"
#include "stdlib/abi/bandwidth.h"

namespace cbench {

Result<> check_cpus(const RunSpec& spec, const HostFacts& facts, const SourceSet& sources) {
  for (const ContainerSpec& container : spec.containers) {
    const std::string usable = fmt::format("this process may use CPUs {}", to_list(facts.online));
    if (const CpuSet absent = container.cores.value & ~facts.online; absent.any())
      return Error{Exit::HostLacks,
                   fmt::format("{}:{}: `{}` wants CPU {}, which this host does not have", spec.path,
                               sources.line(container.cores.span), container.name.value, to_list(absent)),
                   usable};
    if (container.cores.value.none() && container.num_cores > static_cast<int64_t>(facts.online.count()))
      return Error{
          Exit::HostLacks,
          fmt::format("{}:{}: `{}` wants {} CPUs, this host has {}", spec.path, sources.line(container.span),
                      container.name.value, container.num_cores, facts.online.count()),
          usable};
  }
  return Done{};
}

Result<> check_files(const RunSpec& spec, const SourceSet& sources) {
  for (const ContainerSpec& container : spec.containers) {
    if (!container.app || container.app->path.value.empty()) continue;
    const Located<std::string>& path = container.app->path;
    const std::string trouble = LogTail::why_not(path.value);
    if (trouble.empty()) continue;
    const Place at = sources.place(path.span.source, path.span.begin);
    return Error{
        Exit::HostLacks,
        fmt::format("{}:{}:{}: the figures of `{}` cannot be read from {}: {}", spec.path, at.line, at.column,
                    container.name.value, path.value, trouble),
        fmt::format("the file has to be there when the run begins, empty perhaps: `touch {}`", path.value)};
  }
  return Done{};
}

std::vector<std::string> lacking(const Plan& plan, const HostFacts& facts, const std::string& policy_path) {
  std::vector<std::string> out;
  for (const PlanUse<Metric>& use : plan.needs)
    if (const auto found = facts.unavailable.find(use.what); found != facts.unavailable.end())
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
