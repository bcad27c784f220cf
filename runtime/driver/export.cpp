// cbench export: sends a recorded trace to a database, or writes it as line protocol.
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "runtime/driver/commands.h"
#include "runtime/driver/sources.h"
#include "runtime/exporters/exporter.h"
#include "runtime/host/probe.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

struct ExportOptions {
  std::string trace, to = "influx", output = "-";
};

/// The benchmark's target, overridden by INFLUXDB_*; a secret that the trace masks can only come from there.
InfluxTarget target_of(const RunSpec& spec) {
  InfluxTarget target = spec.influx;
  const auto take = [](const char* name, auto& into) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') into = value;
  };
  take("INFLUXDB_HOST", target.host);
  take("INFLUXDB_BUCKET", target.bucket);
  take("INFLUXDB_USER", target.user);
  take("INFLUXDB_TOKEN", target.token);
  if (const char* org = std::getenv("INFLUXDB_ORG")) target.org = org;  // empty means InfluxDB 1.x
  return target;
}

int export_one(const ExportOptions& options, Console& console) {
  Result<std::unique_ptr<TraceReader>> trace = TraceReader::open(options.trace);
  if (!trace.ok()) return console.fail(trace.error());
  const TraceHeader& header = (*trace)->header();
  const Result<Environment> environment = process_environment(header.config_path);
  if (!environment.ok()) return console.fail(environment.error());
  const Result<Bench> bench = recorded_bench(header, *environment, console);
  if (!bench.ok()) return console.fail(bench.error());
  const Result<HostFacts> facts = host_facts_from_json(header.host_json, own_of(header.columns));
  if (!facts.ok()) return console.fail(facts.error());
  InfluxTarget target;
  if (options.to == "influx") {
    target = target_of(bench->spec);
    if (target.host.empty() || !target.org)
      return console.fail(
          {Exit::Usage, "no InfluxDB is configured, neither in the trace's benchmark nor in the environment",
           "set INFLUXDB_HOST, INFLUXDB_ORG (empty for InfluxDB 1.x), INFLUXDB_BUCKET and INFLUXDB_TOKEN, or "
           "write a file with --to lp"});
    if (target.token == "***") target.token.clear();
  }
  const Result<ExportReport> report = export_trace(**trace, bench->spec, *facts, target, options.output);
  if (!report.ok()) return console.fail(report.error());
  if (report->refused + report->unsent > 0)
    return console.fail({Exit::ExportPartial,
                         fmt::format("{} lines stored, {} refused, {} not sent: {}", report->stored,
                                     report->refused, report->unsent, report->problem),
                         "exporting again is safe: a point that is there already is replaced by itself"});
  console.say(fmt::format("{} lines {}", report->stored,
                          options.to == "influx" ? "stored by " + target.host : "written"));
  if ((*trace)->truncated()) console.warn("the trace was cut off: what could be read was exported");
  return 0;
}

}  // namespace

void add_export(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command =
      app.add_subcommand("export", "Send a recorded trace to InfluxDB, or write it as line protocol");
  command->add_option("TRACE", options->trace, "a trace (.arrows)")->required();
  command
      ->add_option("--to", options->to, "influx: the benchmark's database or INFLUXDB_*; lp: line protocol")
      ->check(CLI::IsMember({"influx", "lp"}));
  command->add_option("-o,--output", options->output, "file of --to lp; default: standard output")
      ->type_name("FILE");
  command->footer(
      "Examples:\n  cbench export trace.arrows --to lp -o trace.lp\n  cbench export trace.arrows --to "
      "influx");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return export_one(*options, console); }; });
}

}  // namespace cbench
