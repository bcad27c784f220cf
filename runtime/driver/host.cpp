// cbench host: what this host can measure and control, and what each missing piece costs.
#include <cstdio>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "runtime/collectors/collector.h"
#include "runtime/driver/commands.h"
#include "runtime/engines/engine.h"
#include "runtime/host/probe.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

std::string docker_words() {
  RunSpec spec;
  const std::unique_ptr<Engine> engine = make_docker_engine(spec, "", "");
  const Result<> usable = engine->check();
  return usable.ok() ? "usable"
                     : fmt::format("not usable: {} ({})", usable.error().message, usable.error().hint);
}

std::string bandwidth_words(const RdtFacts& rdt) {
  switch (rdt.mb_kind()) {
    case MbKind::Percent:
      return fmt::format("from {} % in steps of {} %", rdt.mb_min, rdt.mb_granularity);
    case MbKind::Rate:
      return fmt::format("from {:.4g} MB/s in steps of {:.4g} MB/s", rdt.mb_least_rate() / 1e6,
                         rdt.mb_step() * rdt.mb_unit_rate() / 1e6);
    case MbKind::None:
      break;
  }
  return "fixed";
}

std::string rdt_words(const RdtFacts& rdt) {
  if (!rdt.present)
    return fmt::format("no: {}; costs: cache and bandwidth are neither measured nor allocated",
                       rdt.absent_reason);
  return fmt::format("{}: {} L3 ways in {} domain{}, {} classes, bandwidth {}, monitoring{}{}{}", rdt.root,
                     rdt.l3_ways, rdt.l3_domains.size(), rdt.l3_domains.size() == 1 ? "" : "s",
                     rdt.num_closids, bandwidth_words(rdt), rdt.l3_occupancy ? " occupancy" : "",
                     rdt.mbm_total ? " total" : "", rdt.mbm_local ? " local" : "");
}

/// Metrics that are missing, those with the same remedy together; `in_full`: each with its whole reason.
std::string missing(const HostFacts& facts, bool in_full) {
  std::map<std::string, std::string> by_reason;
  for (const auto& [metric, reason] : facts.unavailable) {
    const size_t remedy = in_full ? std::string::npos : reason.find("; ");
    std::string& names = by_reason[remedy == std::string::npos ? reason : reason.substr(remedy + 2)];
    names += (names.empty() ? "" : " ") + std::string(info(metric).field);
  }
  std::string out;
  for (const auto& [reason, names] : by_reason) out += fmt::format("  {}\n    {}\n", names, reason);
  return out.empty()
             ? ""
             : fmt::format("\nnot measurable here{}\n", in_full ? "" : ", and the remedy (-v: why)") + out;
}

int look(bool json, const std::string& rdt_root, bool in_full) {
  HostRoots roots;
  if (!rdt_root.empty()) roots.resctrl = rdt_root;
  HostFacts facts = probe_host(roots);
  probe_metrics(every_metric(), facts);
  if (json) {
    std::puts(to_json(facts).c_str());
    return 0;
  }
  constexpr const char* kModes[] = {"v1", "v2", "hybrid (v1 controllers, v2 beside them)"};
  std::fputs(
      fmt::format("host       {}\nsystem     {}, Linux {}\nCPU        {}, {} CPUs usable ({}), {} socket{}\n"
                  "memory     {:.1f} GiB\nfrequency  governor {}, turbo {}, SMT {}\ncgroups    {}\n"
                  "perf       perf_event_paranoid {}\nresctrl    {}\nDocker     {}\nmetrics    {} of {} can "
                  "be measured\n{}",
                  facts.hostname, facts.os, facts.kernel, facts.cpu_model, facts.online.count(),
                  to_list(facts.online), facts.sockets, facts.sockets == 1 ? "" : "s",
                  static_cast<double>(facts.memory_bytes) / (1ULL << 30),
                  facts.governor.empty() ? "unknown" : facts.governor, facts.turbo, facts.smt,
                  kModes[static_cast<size_t>(facts.cgroup_mode)], facts.perf_event_paranoid,
                  rdt_words(facts.rdt), docker_words(), kMetricCount - facts.unavailable.size(), kMetricCount,
                  missing(facts, in_full))
          .c_str(),
      stdout);
  return 0;
}

}  // namespace

void add_host(CLI::App& app, Command& chosen) {
  auto json = std::make_shared<bool>(false);
  auto rdt_root = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("host", "Show what this host can measure and control");
  command->add_flag("--json", *json, "as JSON");
  command->add_option("--rdt-root", *rdt_root, "where resctrl is mounted")->check(CLI::ExistingDirectory);
  command->footer("Example:\n  cbench host");
  command->callback([json, rdt_root, &chosen] {
    chosen = [json, rdt_root](Console& console) { return look(*json, *rdt_root, console.verbose()); };
  });
}

}  // namespace cbench
