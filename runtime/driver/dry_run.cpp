// cbench dry-run: what a policy decides on recorded traces, by the same machine code as in a live run.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "runtime/analysis/replay.h"
#include "runtime/analysis/summary.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/sources.h"
#include "runtime/host/probe.h"
#include "stdlib/abi/domain_parts.h"
#include "stdlib/abi/own_metric.h"

namespace cbench {
namespace {

struct DryRunOptions {
  std::vector<std::string> policies, params, traces;
  bool json = false;
};

std::string seconds(int64_t ns) { return fmt::format("{:.2f} s", static_cast<double>(ns) / 1e9); }

/// The recorded policy when `name` is empty.
Result<PolicySource> policy_for(SourceSet& sources, const TraceHeader& header, const std::string& name) {
  if (!name.empty()) return load_policy(sources, name);
  if (header.policy_text.empty())
    return Error{Exit::Usage, "the trace was recorded without a policy", "name one: --policy POLICY.cbp"};
  return PolicySource{sources.add(header.policy_path, header.policy_text), header.policy_path};
}

/// Parameters as the recording had them (without those that another policy does not know), then those given.
std::vector<std::pair<std::string, std::string>> params_for(
    const TraceHeader& header, bool recorded_policy,
    const std::vector<std::pair<std::string, std::string>>& given) {
  std::vector<std::pair<std::string, std::string>> all;
  if (recorded_policy) all = header.params;
  all.insert(all.end(), given.begin(), given.end());
  return all;
}

void print(const Replay& replay, const Plan& plan, bool json) {
  std::string out;
  if (json) {
    for (const Decision& decision : replay.decisions) out += decision_json(decision, plan) + "\n";
  } else {
    out = decision_table(replay.decisions, plan, "");
  }
  std::fputs(out.c_str(), stdout);
}

/// Where the layout solver put the classes, decision by decision.
void print_masks(const Replay& replay, const Plan& plan) {
  if (!replay.masks.empty()) std::puts("\ncache ways, as masks by L3 domain");
  for (const auto& [index, words] : replay.masks) {
    const Decision& decision = replay.decisions[index];
    std::fputs(
        fmt::format("  {}  {}: {}\n", seconds(decision.time_ns), describe(decision, plan), words).c_str(),
        stdout);
  }
}

/// How the replay compares with the recording. True when they should agree and do not.
bool compare(const Replay& replay, const ReplayInputs& inputs, Console& console) {
  if (!replay.end) console.warn("the trace was cut off: the run did not end in order");
  if (!replay.stopped.empty()) console.warn("the policy stopped: " + replay.stopped);
  if (inputs.plan.trials > 0 && !inputs.same_policy)
    console.say("open loop: trials are judged by what was recorded, not by what they would have changed");
  if (inputs.trace.header().policy_text.empty()) {
    console.say("open loop: the trace was recorded without a policy and does not react to these decisions");
    return false;
  }
  if (!replay.difference) {
    console.say(inputs.same_policy
                    ? fmt::format("all {} decisions are those of the live run", replay.decisions.size())
                    : "the actions are those of the live run");
    return false;
  }
  const Difference& first = *replay.difference;
  const std::string where = fmt::format("step {} ({}): recorded {}, replayed {}", first.step,
                                        seconds(first.time_ns), first.recorded, first.replayed);
  if (inputs.same_policy) {
    console.fail(
        {Exit::RunFailed, "the replay differs from the live run at " + where,
         "the same policy on the same trace must decide the same: please report this with the trace"});
    return true;
  }
  console.say("the first action that differs from the live run is at " + where);
  console.say(
      "open loop: the trace does not react to these actions; what is measured after that step is "
      "counterfactual");
  return false;
}

int replay_one(const std::string& path, const std::string& name, const DryRunOptions& options,
               const std::vector<std::pair<std::string, std::string>>& given, Console& console) {
  Result<std::unique_ptr<TraceReader>> trace = TraceReader::open(path);
  if (!trace.ok()) return console.fail(trace.error());
  const TraceHeader& header = (*trace)->header();
  Result<Bench> bench = recorded_bench(header, [](const std::string&) { return std::nullopt; }, console);
  if (!bench.ok()) return console.fail(bench.error());
  const Result<HostFacts> facts = host_facts_from_json(header.host_json, own_of(header.columns));
  if (!facts.ok()) return console.fail(facts.error());
  add_domain_parts(bench->spec, facts->rdt);
  const Result<PolicySource> policy = policy_for(bench->sources, header, name);
  if (!policy.ok()) return console.fail(policy.error());

  const bool recorded = bench->sources.text(policy->source) == header.policy_text;
  const auto params = params_for(header, recorded, given);
  CompileTarget target{.spec = &bench->spec,
                       .facts = &*facts,
                       .columns = header.columns,
                       .params = {},
                       .degraded = header.degraded,
                       .recorded_ns = header.plan.sample_ns};
  for (const auto& [key, value] : params) target.params.emplace_back(key, Located<std::string>{value, {}});
  const Result<CompiledPolicy> compiled = compile(bench->sources, *policy, target, console);
  if (!compiled.ok()) return console.fail(compiled.error());

  const ReplayInputs inputs{.trace = **trace,
                            .plan = compiled->plan,
                            .entry = compiled->entry,
                            .facts = *facts,
                            .spec = bench->spec,
                            .same_policy = recorded && params == header.params};
  const Result<Replay> replayed = replay(inputs);
  if (!replayed.ok()) return console.fail(replayed.error());
  if (!options.json && (options.traces.size() > 1 || options.policies.size() > 1))
    std::printf("%s, policy %s\n", path.c_str(), compiled->plan.policy.c_str());
  print(*replayed, compiled->plan, options.json);
  if (console.verbose() && !options.json) print_masks(*replayed, compiled->plan);
  return compare(*replayed, inputs, console) ? static_cast<int>(Exit::RunFailed) : 0;
}

int dry_run(const DryRunOptions& options, Console& console) {
  const auto given = parse_params(options.params);
  if (!given.ok()) return console.fail(given.error());
  const std::vector<std::string> policies =
      options.policies.empty() ? std::vector<std::string>{""} : options.policies;
  int worst = 0;
  for (const std::string& trace : options.traces)
    for (const std::string& policy : policies)
      worst = std::max(worst, replay_one(trace, policy, options, *given, console));
  return worst;
}

}  // namespace

void add_dry_run(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<DryRunOptions>();
  CLI::App* command = app.add_subcommand("dry-run", "Replay a policy on recorded traces");
  command->add_option("TRACE", options->traces, "traces of earlier runs (.arrows)")->required();
  command
      ->add_option("--policy", options->policies, "a policy file or stock policy; default: the one recorded")
      ->type_name("POLICY")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--param", options->params, "set a parameter of the policy: name=value")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--json", options->json, "one decision a line, as JSON");
  command->footer(
      "Examples:\n  cbench dry-run results/NAME/latest/trace.arrows\n"
      "  cbench dry-run --policy my.cbp --param hi=20mpki trace.arrows");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return dry_run(*options, console); }; });
}

}  // namespace cbench
