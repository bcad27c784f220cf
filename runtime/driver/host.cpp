// cbench host: what this host can measure and control, and what each missing piece costs.
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/analysis/table.h"
#include "runtime/collectors/collector.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/preflight.h"
#include "runtime/engines/engine.h"
#include "runtime/host/calibrate.h"
#include "runtime/host/checks.h"
#include "runtime/host/json_text.h"
#include "runtime/host/probe.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

struct HostOptions {
  bool json = false, calibrate = false;
  std::string rdt_root;
};

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

std::string in_words(const HostFacts& facts, const std::vector<HostCheck>& checks, bool in_full) {
  std::string out = fmt::format("{}: {}, Linux {}, {:.1f} GiB\n\n", facts.hostname, facts.os, facts.kernel,
                                static_cast<double>(facts.memory_bytes) / (1ULL << 30U));
  Table table({{"what"}, {"state"}, {"finding"}});
  std::string mend;
  for (const HostCheck& check : checks) {
    table.row({check.what, std::string(kCheckStates[static_cast<size_t>(check.state)]), check.finding});
    if (check.state != CheckState::Ok)
      mend += fmt::format("  {} costs: {}\n    {}\n", check.what, check.cost, check.remedy);
  }
  out += table.text();
  if (!mend.empty()) out += "\nwhat that costs, and what mends it\n" + mend;
  return out +
         fmt::format("\n{} of {} metrics can be measured (`cbench metrics` lists them)\n",
                     kMetricCount - facts.unavailable.size(), kMetricCount) +
         missing(facts, in_full);
}

std::string as_json(const HostFacts& facts, const std::vector<HostCheck>& checks) {
  auto json = nlohmann::ordered_json::parse(to_json(facts));
  json["checks"] = nlohmann::ordered_json::array();
  for (const HostCheck& check : checks)
    json["checks"].push_back({{"what", check.what},
                              {"state", kCheckStates[static_cast<size_t>(check.state)]},
                              {"finding", check.finding},
                              {"cost", check.cost},
                              {"remedy", check.remedy}});
  return dump_json(json, 2);
}

int calibrate(HostFacts& facts, Console& console) {
  console.say("measuring the memory bandwidth of each L3 domain: leave the host alone meanwhile");
  const auto measured = measure_bandwidth(facts);
  if (!measured.ok()) return console.fail(measured.error());
  double least = 0;
  for (const DomainBandwidth& domain : *measured) {
    console.say(fmt::format("L3 domain {}: {:.1f} GB/s", domain.domain, domain.bytes_per_second / 1e9));
    if (least == 0 || domain.bytes_per_second < least) least = domain.bytes_per_second;
  }
  const std::string path = calibration_file();
  if (const Result<> saved = save_peak_bandwidth(path, facts, least); !saved.ok())
    return console.fail(saved.error());
  console.say(fmt::format("{:.1f} GB/s, the least of them, is kept in {}", least / 1e9, path));
  facts.rdt.peak_bandwidth = least;
  return 0;
}

int look(const HostOptions& options, Console& console) {
  HostFacts facts = look_at_host(options.rdt_root);
  if (options.calibrate)
    if (const int code = calibrate(facts, console); code != 0) return code;
  probe_metrics(every_metric(), facts);
  Surroundings around = look_around(facts);
  const RunSpec spec;
  if (const Result<> usable = make_docker_engine(spec, "", "")->check(); !usable.ok()) {
    around.docker_trouble = usable.error().message;
    around.docker_remedy = usable.error().hint;
  }
  const std::vector<HostCheck> checks = host_checks(facts, around);
  std::fputs(
      (options.json ? as_json(facts, checks) + "\n" : in_words(facts, checks, console.verbose())).c_str(),
      stdout);
  return 0;
}

}  // namespace

void add_host(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<HostOptions>();
  CLI::App* command = app.add_subcommand("host", "Show what this host can measure and control");
  command->add_flag("--json", options->json, "as JSON");
  command->add_flag("--calibrate", options->calibrate,
                    "measure the peak memory bandwidth first, and keep it");
  command->add_option("--rdt-root", options->rdt_root, "where resctrl is mounted")
      ->check(CLI::ExistingDirectory);
  command->footer("Examples:\n  cbench host\n  cbench host --calibrate");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return look(*options, console); }; });
}

}  // namespace cbench
