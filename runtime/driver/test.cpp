// cbench test: the tests that stand in policy files.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/driver/commands.h"
#include "runtime/driver/policy_test.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

struct TestOptions {
  std::vector<std::string> policies, params;
  std::string format = "text";
};

std::string step_line(const Decision& d, const Plan& plan) {
  std::string out = fmt::format("    step {:<4} {}", d.step, describe(d, plan));
  if (d.outcome == Outcome::Refused || d.outcome == Outcome::Failed)
    out += fmt::format(" ({}: {})", name(d.outcome), d.reason);
  if (d.outcome == Outcome::NoChange) out += " (no change)";
  if (d.rule >= 0 && static_cast<size_t>(d.rule) < plan.rules.size())
    out += fmt::format("  line {}", plan.rules[static_cast<size_t>(d.rule)].line);
  return out + "\n";
}

class Tests {
 public:
  Tests(const TestOptions& options, Console& console) : options_(options), console_(console) {}

  int go() {
    const auto params = parse_params(options_.params);
    if (!params.ok()) return console_.fail(params.error());
    for (const auto& [name, value] : *params) params_.emplace_back(name, Located<std::string>{value, {}});
    int worst = 0;
    for (const std::string& name : options_.policies) worst = std::max(worst, of_policy(name));
    if (!json() && tests_ > 0)
      std::printf("%zu test%s, %zu failed\n", tests_, tests_ == 1 ? "" : "s", failed_);
    return worst;
  }

 private:
  [[nodiscard]] bool json() const { return options_.format == "json"; }

  int of_policy(const std::string& name) {
    SourceSet sources;
    const Result<PolicySource> policy = load_policy(sources, name);
    if (!policy.ok()) return console_.fail(policy.error());
    Diagnostics diagnostics;
    const auto tests = tests_of(sources, policy->source, diagnostics);
    if (!tests) {
      console_.show(diagnostics, sources);
      return static_cast<int>(Exit::Invalid);
    }
    if (tests->empty() && !json()) std::printf("%s: no tests\n", policy->path.c_str());
    const std::string folder = std::filesystem::path(name).parent_path().string();
    int worst = 0;
    for (const TestCase& test : *tests) {
      const Result<TestOutcome> outcome = run_test(sources, *policy, test, folder, params_, console_);
      if (!outcome.ok()) {
        worst = std::max(worst, console_.fail(outcome.error()));
        continue;
      }
      ++tests_;
      failed_ += outcome->passed() ? 0 : 1;
      if (!outcome->passed()) worst = std::max(worst, static_cast<int>(Exit::RunFailed));
      std::fputs(
          (json() ? as_json(sources, *policy, test, *outcome) : as_text(sources, *policy, test, *outcome))
              .c_str(),
          stdout);
    }
    return worst;
  }

  static std::string as_text(const SourceSet& sources, const PolicySource& policy, const TestCase& test,
                             const TestOutcome& outcome) {
    std::string out =
        fmt::format("{}  {}: {}\n", outcome.passed() ? "ok    " : "FAILED", policy.path, test.name);
    if (outcome.passed()) return out;
    for (const TestExpectation* unmet : outcome.unmet)
      out += fmt::format("  {}:{}: {}: {}\n", policy.path, sources.line(unmet->span),
                         sources.text(unmet->span), unmet->no ? "it happened" : "it did not happen");
    if (!outcome.stopped.empty()) out += fmt::format("  {}\n", outcome.stopped);
    out += outcome.decisions.empty() ? "  nothing was decided\n" : "  decided:\n";
    for (const Decision& d : outcome.decisions) out += step_line(d, outcome.plan);
    return out;
  }

  static std::string as_json(const SourceSet& sources, const PolicySource& policy, const TestCase& test,
                             const TestOutcome& outcome) {
    nlohmann::ordered_json failures = nlohmann::ordered_json::array();
    for (const TestExpectation* unmet : outcome.unmet) {
      const Place from = sources.place(unmet->span.source, unmet->span.begin);
      const Place to = sources.place(unmet->span.source, unmet->span.end);
      failures.push_back({{"expectation", std::string(sources.text(unmet->span))},
                          {"line", from.line},
                          {"column", from.column},
                          {"end_line", to.line},
                          {"end_column", to.column}});
    }
    nlohmann::ordered_json decisions = nlohmann::ordered_json::array();
    for (const Decision& d : outcome.decisions)
      decisions.push_back({{"step", d.step},
                           {"decision", describe(d, outcome.plan)},
                           {"outcome", std::string(name(d.outcome))},
                           {"reason", d.reason},
                           {"why", d.why}});
    const nlohmann::ordered_json all = {{"policy", policy.path},           {"test", test.name},
                                        {"line", sources.line(test.span)}, {"passed", outcome.passed()},
                                        {"stopped", outcome.stopped},      {"failures", failures},
                                        {"decisions", decisions}};
    return dump_json(all) + "\n";
  }

  const TestOptions& options_;
  Console& console_;
  std::vector<ParamSetting> params_;
  size_t tests_ = 0, failed_ = 0;
};

}  // namespace

void add_test(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* command = app.add_subcommand("test", "Run the tests that stand in policies, on no host");
  command
      ->add_option("POLICY", options->policies,
                   "policy files, `-` for standard input, or names of stock policies")
      ->required();
  command->add_option("--param", options->params, "set a parameter of the policy: name=value")
      ->type_name("NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--format", options->format, "text, or json: one test a line")
      ->check(CLI::IsMember({"text", "json"}));
  command->footer("Examples:\n  cbench test my.cbp\n  cbench test cache_aware fair_share");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return Tests(*options, console).go(); }; });
}

}  // namespace cbench
