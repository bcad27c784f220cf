// cbench run: compiles configuration and policy together, checks the host, runs, and sums up.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "runtime/analysis/summary.h"
#include "runtime/collectors/collector.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/preflight.h"
#include "runtime/driver/rdt_sim.h"
#include "runtime/driver/repeats.h"
#include "runtime/driver/run_session.h"
#include "runtime/driver/sources.h"

namespace cbench {
namespace {

struct RunOptions {
  std::string bench, config, policy, mode, engine, rdt_root, rdt_sim, trace, export_lp, resume;
  std::vector<std::string> params;
  int64_t repeat = 0;
  std::optional<uint64_t> seed;
  double time_scale = 1;
  bool degraded = false, no_export = false, json = false;
};

/// All that is decided before the host is touched.
struct Decided {
  Bench bench;
  std::unique_ptr<RdtSimulator> simulator;  ///< of --rdt-sim
  HostFacts facts;
  Mode mode = Mode::Observe;
  std::optional<PolicySource> source;
  std::optional<CompiledPolicy> policy;
  std::vector<std::pair<std::string, std::string>> params;
};

Mode mode_of(const RunOptions& options, const RunSpec& spec) {
  if (options.mode == "observe") return Mode::Observe;
  if (options.mode == "advise") return Mode::Advise;
  if (options.mode == "act") return Mode::Act;
  return spec.mode.value_or(Mode::Act);
}

/// Shows what the host lacks; a run in mode act is refused then, unless it was asked to go on degraded.
Result<> check_needs(const Decided& decided, bool degraded, Console& console) {
  const std::vector<std::string> lacks = lacking(decided.policy->plan, decided.facts, decided.source->path);
  if (lacks.empty()) return Done{};
  const std::string what = fmt::format("this host lacks what policy `{}` needs:\n  {}",
                                       decided.policy->plan.policy, fmt::join(lacks, "\n  "));
  if (decided.mode == Mode::Act && !degraded)
    return Error{Exit::HostLacks, what,
                 "--degraded runs it all the same: rules that need these stay silent, and the trace says so"};
  console.warn(what + (degraded ? "\n  rules that need these stay silent"
                                : "\n  these metrics are missing to it, and these actions are refused"));
  return Done{};
}

Result<Decided> decide(const RunOptions& options, Console& console) {
  auto params = parse_params(options.params);
  if (!params.ok()) return params.error();
  Overrides overrides{.seed = options.seed, .time_scale = options.time_scale};
  if (!options.engine.empty())
    overrides.engine = options.engine == "docker" ? EngineKind::Docker : EngineKind::Process;
  Result<Bench> bench =
      load_bench(options.bench.empty() ? options.config : options.bench, console, overrides);
  if (!bench.ok()) return bench.error();
  Decided decided;
  decided.bench = std::move(*bench);
  RunSpec& spec = decided.bench.spec;
  if (options.repeat > 0) spec.repeat = options.repeat;
  decided.mode = mode_of(options, spec);
  if (decided.mode != Mode::Observe) {
    auto chosen = choose_policy(decided.bench, options.policy);
    if (!chosen.ok()) return chosen.error();
    decided.source = *chosen;
  }
  if (!decided.source) decided.mode = Mode::Observe;
  std::string rdt_root = options.rdt_root;
  if (!options.rdt_sim.empty()) {
    Result<std::unique_ptr<RdtSimulator>> simulator = RdtSimulator::start(options.rdt_sim);
    if (!simulator.ok()) return simulator.error();
    decided.simulator = std::move(*simulator);
    rdt_root = decided.simulator->root();
  }
  decided.facts = look_at_host(rdt_root);
  fit_together(spec, decided.facts);
  if (decided.source) {
    const CompileTarget target{.spec = &spec,
                               .facts = &decided.facts,
                               .columns = columns_of(spec),
                               .params = all_params(spec, *params),
                               .degraded = options.degraded};
    Result<CompiledPolicy> compiled = compile(decided.bench.sources, *decided.source, target, console);
    if (!compiled.ok()) return compiled.error();
    decided.policy = std::move(*compiled);
    for (const auto& [name, value] : target.params) decided.params.emplace_back(name, value.value);
  }
  if (const Result<> host = check_host(spec, decided.facts, decided.bench.sources); !host.ok())
    return host.error();
  if (decided.policy)
    if (const Result<> needs = check_needs(decided, options.degraded, console); !needs.ok())
      return needs.error();
  return decided;
}

void tell_about_host(const HostFacts& facts, Console& console) {
  if (facts.rdt.simulated)
    console.warn(fmt::format(
        "RDT is simulated ({}): its figures are a model's, and nothing of the hardware is changed",
        facts.rdt.profile));
  for (const auto& [metric, reason] : facts.unavailable)
    console.detail(fmt::format("{} is not measured: {}", info(metric).field, reason));
  if (!facts.unavailable.empty())
    console.say(
        fmt::format("{} of the configured metrics cannot be measured here and stay empty (-v lists them)",
                    facts.unavailable.size()));
}

/// The summary on standard output, and what to do with the trace on standard error.
Result<RunSummary> sum_up(const SessionResult& result, const RunSpec& spec, bool json, Console& console) {
  Result<std::unique_ptr<TraceReader>> trace = TraceReader::open(result.trace_path);
  if (!trace.ok()) return trace.error();
  Result<RunSummary> summary = summarize(**trace, spec.discard_ns);
  if (!summary.ok()) return summary;
  if (json) {
    std::fputs((with_event("summary", to_json(*summary, -1)) + "\n").c_str(), stdout);
    std::fflush(stdout);  // a reader that has gone is no failure of the run
  } else {
    std::fputs((to_text(*summary) + fmt::format("\ntrace  {}\n", result.trace_path)).c_str(), stdout);
    std::fflush(stdout);  // what follows on standard error stands behind it
    console.say(fmt::format("next   cbench dry-run {}{}\n       cbench export {} --to lp", result.trace_path,
                            summary->policy.empty() ? " --policy POLICY.cbp" : "", result.trace_path));
  }
  return summary;
}

int exit_code(const SessionResult& result, Console& console) {
  if (result.outcome.signal != 0) return 128 + result.outcome.signal;
  if (!result.outcome.problems.empty()) return static_cast<int>(result.outcome.exit);
  if (result.exported &&
      (result.exported->refused + result.exported->unsent > 0 || !result.exported->problem.empty()))
    return console.fail(
        {Exit::ExportPartial,
         fmt::format("{} lines stored, {} refused, {} not sent: {}", result.exported->stored,
                     result.exported->refused, result.exported->unsent, result.exported->problem),
         fmt::format("the trace has everything: cbench export {} --to influx", result.trace_path)});
  return 0;
}

OneRun run_once(const RunPlan& plan, bool json, Console& console) {
  OneRun one;
  Result<SessionResult> result = run_session(plan, console);
  if (!result.ok()) {
    one.exit_code = console.fail(result.error());
    return one;
  }
  Result<RunSummary> summary = sum_up(*result, plan.spec, json, console);
  if (summary.ok())
    one.summary = std::move(*summary);
  else
    console.fail(summary.error());
  one.exit_code = exit_code(*result, console);
  one.result = std::move(*result);
  return one;
}

int run_benchmark(const RunOptions& options, Console& console) {
  if (options.bench.empty() == options.config.empty())
    return console.fail({Exit::Usage, "give one BENCH.yml", "cbench run BENCH.yml"});
  const Result<Decided> decided = decide(options, console);
  if (!decided.ok()) return console.fail(decided.error());
  const RunSpec& spec = decided->bench.spec;
  tell_about_host(decided->facts, console);
  recover_dead_runs(console);  // they may hold ports
  if (const Result<> ports = check_ports(spec, decided->bench.sources); !ports.ok())
    return console.fail(ports.error());
  if (!options.no_export && options.export_lp.empty() && spec.influx.host.empty())
    console.detail("no database is configured: the run is recorded locally");

  RunPlan plan{.spec = spec,
               .facts = decided->facts,
               .mode = decided->mode,
               .degraded = options.degraded,
               .policy = decided->policy ? &*decided->policy : nullptr,
               .policy_path = "",
               .policy_text = "",
               .params = decided->params,
               .trace_path = options.trace,
               .export_path = options.export_lp,
               .send = !options.no_export,
               .json = options.json};
  if (decided->source) {
    plan.policy_path = decided->source->path;
    plan.policy_text = decided->bench.sources.text(decided->source->source);
  }
  const Runner runner = [&](const RunPlan& one) { return run_once(one, options.json, console); };
  if (spec.repeat > 1 || spec.warmup_runs > 0 || !options.resume.empty())
    return run_repeats(plan, options.resume, runner, console);
  const OneRun one = runner(plan);
  if (one.result && one.result->hung) {
    std::fflush(nullptr);
    std::_Exit(one.exit_code);
  }
  return one.exit_code;
}

}  // namespace

void add_run(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Run a benchmark, measure it, and let a policy act on it");
  command->add_option("BENCH", options->bench, "the benchmark (bench.yml)");
  command->add_option("-c,--config", options->config, "the same, as container-bench names it")
      ->type_name("BENCH");
  command->add_option("--policy", options->policy, "a policy file, or the name of a stock policy")
      ->type_name("POLICY");
  command->add_option("--param", options->params, "set a parameter of the policy: name=value")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--mode", options->mode, "observe: no policy; advise: it decides, nothing is applied; act")
      ->check(CLI::IsMember({"observe", "advise", "act"}));
  command->add_option("--engine", options->engine, "what runs the containers")
      ->check(CLI::IsMember({"docker", "process"}));
  command->add_flag("--degraded", options->degraded, "run although the host lacks what the policy needs");
  command->add_option("--repeat", options->repeat, "number of runs")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command
      ->add_option("--resume", options->resume,
                   "make the runs that are missing in this folder of repeated runs")
      ->check(CLI::ExistingDirectory)
      ->type_name("FOLDER");
  command->add_option("--seed", options->seed, "of generated containers, instead of the file's")
      ->type_name("N");
  command->add_option("--time-scale", options->time_scale, "divide all times of the file by this")
      ->check(CLI::Range(1e-3, 1e6))
      ->type_name("X");
  CLI::Option* root = command->add_option("--rdt-root", options->rdt_root, "where resctrl is mounted")
                          ->check(CLI::ExistingDirectory);
  command
      ->add_option("--rdt-sim", options->rdt_sim,
                   "simulate resctrl: xeon-2s, epyc-ccx … (cbench-resctrl-sim --list)")
      ->type_name("PROFILE")
      ->excludes(root);
  command->add_option("-o,--output", options->trace, "where to write the trace")->type_name("FILE");
  command->add_option("--export-lp", options->export_lp, "write line protocol to this file as well")
      ->type_name("FILE");
  command->add_flag("--no-export", options->no_export, "send nothing to the configured database");
  command->add_flag("--json", options->json,
                    "what happens as JSON, one object a line, the summary as the last");
  command->footer(
      "Examples:\n  cbench run bench.yml\n  cbench run bench.yml --policy fair_share --param full=80%\n"
      "  cbench run bench.yml --policy my.cbp --mode advise -o trace.arrows\n"
      "  cbench run bench.yml --repeat 10\n"
      "  cbench run bench.yml --repeat 10 --resume results/NAME/latest");
  command->callback([options, &chosen] {
    chosen = [options](Console& console) { return run_benchmark(*options, console); };
  });
}

}  // namespace cbench
