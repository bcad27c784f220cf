// cbench check: what is wrong with a policy, or what it reads, does and costs.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "compiler/native/native.h"
#include "runtime/collectors/collector.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/sources.h"
#include "runtime/host/probe.h"

namespace cbench {
namespace {

struct CheckOptions {
  std::vector<std::string> policies, params;
  std::string bench, format = "text", dump;
};

/// The uses of a metric or action as "name (line n)".
template <class T, class Name>
std::string uses(const std::vector<PlanUse<T>>& all, Name name) {
  std::string out;
  for (const PlanUse<T>& use : all)
    out += fmt::format("{}{} (line {})", out.empty() ? "" : ", ", name(use.what), use.line);
  return out.empty() ? "nothing" : out;
}

std::string param_line(const PlanParam& param) {
  const double scale = info(param.unit).scale;  // values are held in canonical units
  const std::string_view suffix = info(param.unit).suffix;
  const bool time = param.unit != Unit::None && info(param.unit).second == 1 && info(param.unit).byte == 0;
  const double unit = time ? scale * 1e9 : scale;  // times are held in nanoseconds
  return fmt::format("  param  {} = {:.6g}{} in {:.6g}{}..{:.6g}{}  {}\n", param.name, param.value / unit,
                     suffix, param.lo / unit, suffix, param.hi / unit, suffix, param.doc);
}

/// A stream or rule, what it costs, reads and does.
std::string part_lines(const PartReport& part) {
  std::vector<std::string_view> reads, does;
  for (const Metric metric : part.reads) reads.push_back(info(metric).field);
  for (const Verb verb : part.does) does.push_back(info(verb).name);
  std::string out = part.line > 0 ? fmt::format("  line {:<4} {}\n", part.line, part.text)
                                  : fmt::format("  {}\n", part.text);
  out += fmt::format("            {} operations, {} bytes", part.operations, part.state_bytes);
  if (!reads.empty()) out += fmt::format("; reads {}", fmt::join(reads, ", "));
  if (!does.empty()) out += fmt::format("; does {}", fmt::join(does, ", "));
  return out + "\n";
}

std::string report(const std::string& path, const CheckReport& checked) {
  const Plan& plan = checked.plan;
  std::string out = fmt::format("{}: policy {}: {}\n  reads  {}\n  does   {}\n", path, plan.policy, plan.doc,
                                uses(plan.needs, [](Metric m) { return info(m).field; }),
                                uses(plan.acts, [](Verb v) { return info(v).name; }));
  for (const PlanParam& param : plan.params) out += param_line(param);
  for (const PartReport& part : checked.parts) out += part_lines(part);
  out += fmt::format(
      "  costs  at most {} operations a step and {} bytes of state, {} metrics read, {} kinds of action, {} "
      "actions a step; deadline {:.3g} ms\n",
      plan.operations, plan.state_bytes, plan.needs.size(), plan.acts.size(), plan.actions_per_step,
      static_cast<double>(plan.deadline_ns) / 1e6);
  return out;
}

class Check {
 public:
  Check(const CheckOptions& options, Console& console) : options_(options), console_(console) {}

  int go() {
    const bool of_text = options_.dump == "ast" || options_.dump == "checked";
    if (!options_.dump.empty() && !of_text && options_.bench.empty())
      return console_.fail({Exit::Usage,
                            fmt::format("--dump {} needs a benchmark to compile for", options_.dump),
                            "add --bench BENCH.yml"});
    if (const Result<> ready = prepare(); !ready.ok()) return console_.fail(ready.error());
    for (const std::string& name : options_.policies) {
      const Result<PolicySource> policy = load_policy(bench_.sources, name);
      if (!policy.ok()) return console_.fail(policy.error());
      one(*policy);
    }
    if (options_.format == "json") {
      std::fputs(render_json(diagnostics_, bench_.sources).c_str(), stdout);
    } else {
      console_.show(diagnostics_, bench_.sources);
      std::fputs(out_.c_str(), stdout);
    }
    return diagnostics_.has_errors() ? static_cast<int>(Exit::Invalid) : 0;
  }

 private:
  Result<> prepare() {
    const auto params = parse_params(options_.params);
    if (!params.ok()) return params.error();
    if (!options_.bench.empty()) {
      Result<Bench> bench = load_bench(options_.bench, console_);
      if (!bench.ok()) return bench.error();
      bench_ = std::move(*bench);
      target_.columns = columns_of(bench_.spec);
    }
    facts_ = probe_host();
    target_.spec = &bench_.spec;
    target_.facts = &facts_;
    target_.params = all_params(bench_.spec, *params);
    return Done{};
  }

  void one(const PolicySource& policy) {
    if (!options_.dump.empty()) {
      if (const auto text = dump_policy(bench_.sources, policy.source, target_, options_.dump,
                                        native_codegen(), diagnostics_))
        out_ += *text;
    } else if (check_policy(bench_.sources, policy.source, diagnostics_)) {
      out_ += options_.bench.empty() ? assumed(policy) : planned(policy);
    }
  }

  std::string planned(const PolicySource& policy) {
    Diagnostics again;  // what was found above, and what does not fit the benchmark
    const auto checked = report_policy(bench_.sources, policy.source, target_, again);
    for (const Diagnostic& d : again.all())
      if (info(d.kind).severity == Severity::Error) diagnostics_.add(d);
    return checked ? report(policy.path, *checked) : "";
  }

  /// Without a benchmark the costs are those of an assumed one.
  std::string assumed(const PolicySource& policy) {
    CompileTarget target;
    target.params = target_.params;
    constexpr const char* kWorld = "4 containers that are sampled each 100 ms, on 16 CPUs";
    Diagnostics misfits;
    const auto checked = report_policy(bench_.sources, policy.source, target, misfits);
    if (checked)
      return report(policy.path, *checked) +
             fmt::format("         assumed: {}; --bench BENCH.yml gives yours\n", kWorld);
    const size_t before = diagnostics_.error_count();
    for (const Diagnostic& d : misfits.all())
      if (d.kind == Kind::UnknownParam || d.kind == Kind::BadParam) diagnostics_.add(d);
    if (diagnostics_.error_count() > before) return "";
    return fmt::format("{}: over its budget with {}; `--bench BENCH.yml` says what it costs in yours\n",
                       policy.path, kWorld);
  }

  const CheckOptions& options_;
  Console& console_;
  Bench bench_;
  HostFacts facts_;
  CompileTarget target_;
  Diagnostics diagnostics_;
  std::string out_;
};

}  // namespace

void add_check(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand("check", "Check a policy and print what it reads, does and costs");
  command
      ->add_option("POLICY", options->policies,
                   "policy files, `-` for standard input, or names of stock policies")
      ->required();
  command->add_option("--bench", options->bench, "check it against this benchmark as well")
      ->type_name("BENCH");
  command->add_option("--param", options->params, "set a parameter of the policy: name=value")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "text, or json: the diagnostics for an editor")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--dump", options->dump, "print a stage of the compilation instead")
      ->check(CLI::IsMember({"ast", "checked", "plan", "ir", "asm"}));
  command->footer("Examples:\n  cbench check my.cbp\n  cbench check my.cbp --bench bench.yml --dump ir");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return Check(*options, console).go(); }; });
}

}  // namespace cbench
