// cbench validate: checks a benchmark, alone or with its policy, without running anything.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "compiler/config/expanded.h"
#include "runtime/collectors/collector.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/preflight.h"
#include "runtime/driver/sources.h"
#include "runtime/exporters/sha256.h"

namespace cbench {
namespace {

struct ValidateOptions {
  std::string bench, policy;
  std::vector<std::string> params;
  bool host = false, expand = false;
  Overrides overrides;
};

/// The benchmark written out, with a checksum by which two people can tell that they have the same one.
std::string expanded(const RunSpec& spec) {
  const std::string text = expanded_yaml(spec);
  const size_t jobs = spec.containers.size();
  return fmt::format("{}# {} container{}, sha256 {}\n", text, jobs, jobs == 1 ? "" : "s", sha256_hex(text));
}

std::string in_words(const RunSpec& spec) {
  size_t metrics = 0;
  for (const ContainerSpec& container : spec.containers) metrics += container.sampling.enabled.count();
  return fmt::format(
      "{}: benchmark `{}` is valid: {} container{}, {} metrics, a step every {} ms for {:.6g} s, engine {}",
      spec.path, spec.name.value, spec.containers.size(), spec.containers.size() == 1 ? "" : "s", metrics,
      static_cast<double>(spec.step_ns) / 1e6, static_cast<double>(spec.max_ns) / 1e9, name(spec.engine));
}

int validate(const ValidateOptions& options, Console& console) {
  const auto params = parse_params(options.params);
  if (!params.ok()) return console.fail(params.error());
  Result<Bench> bench = load_bench(options.bench, console, options.overrides);
  if (!bench.ok()) return console.fail(bench.error());
  RunSpec& spec = bench->spec;
  const std::string text = options.expand ? expanded(spec) : "";  // without what depends on this host
  HostFacts facts = look_at_host();
  facts.rdt.peak_bandwidth = spec.peak_bandwidth.value_or(facts.rdt.peak_bandwidth);
  if (options.host) fit_together(spec, facts);
  std::vector<std::string> lacks;
  const Result<std::optional<PolicySource>> source =
      options.policy.empty() && !options.host && spec.policy.value.empty()
          ? Result<std::optional<PolicySource>>(
                std::optional<PolicySource>())  // a name without a policy is a warning only
          : choose_policy(*bench, options.policy);
  if (!source.ok()) return console.fail(source.error());
  if (options.host) {
    if (const Result<> host = check_host(spec, facts, bench->sources); !host.ok())
      return console.fail(host.error());
    if (const Result<> ports = check_ports(spec, bench->sources); !ports.ok())
      return console.fail(ports.error());
    if (const Result<> images = check_images(spec, bench->sources); !images.ok())
      return console.fail(images.error());
  }
  if (*source) {
    const CompileTarget target{.spec = &spec,
                               .facts = &facts,
                               .columns = columns_of(spec),
                               .params = all_params(spec, *params),
                               .degraded = false};
    const Result<CompiledPolicy> compiled = compile(bench->sources, **source, target, console);
    if (!compiled.ok()) return console.fail(compiled.error());
    if (options.host) lacks = lacking(compiled->plan, facts, (*source)->path);
  }
  if (!lacks.empty())
    return console.fail(
        {Exit::HostLacks,
         fmt::format("this host lacks what the policy needs:\n  {}", fmt::join(lacks, "\n  ")),
         "`cbench run --degraded` runs it all the same"});
  if (options.expand)
    std::fputs(text.c_str(), stdout);
  else
    std::puts(in_words(spec).c_str());
  return 0;
}

}  // namespace

void add_validate(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App* command = app.add_subcommand("validate", "Check a benchmark without running it");
  command->add_option("BENCH", options->bench, "the benchmark (bench.yml)")->required();
  command->add_option("--policy", options->policy, "check this policy against it as well")
      ->type_name("POLICY");
  command->add_option("--param", options->params, "set a parameter of the policy: name=value")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--host", options->host, "check as well that this host can run it");
  command->add_flag("--expand", options->expand,
                    "print it with every generated container, default and variable written out");
  command->add_option("--seed", options->overrides.seed, "of generated containers, instead of the file's")
      ->type_name("N");
  command->add_option("--time-scale", options->overrides.time_scale, "divide all times of the file by this")
      ->check(CLI::Range(1e-3, 1e6))
      ->type_name("X");
  command->footer(
      "Examples:\n  cbench validate bench.yml\n  cbench validate bench.yml --policy my.cbp --host\n"
      "  cbench validate trace.yml --expand --seed 7 > static.yml");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return validate(*options, console); }; });
}

}  // namespace cbench
