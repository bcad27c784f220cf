#include "runtime/driver/cli.h"

#include <memory>

#include "runtime/driver/commands.h"

namespace cbench {
namespace {

void add_clean(CLI::App& app, Command& chosen) {
  auto yes = std::make_shared<bool>(false);
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("clean", "Undo what runs that died left on this host");
  command->add_flag("--yes", *yes, "do it; without this it is only listed");
  command->add_flag("--json", *json, "as JSON");
  command->footer("Examples:\n  cbench clean\n  cbench clean --yes");
  command->callback(
      [yes, json, &chosen] { chosen = [yes, json](Console&) { return run_clean(*yes, *json, stdout); }; });
}

struct Loudness {
  bool quiet = false, verbose = false;
};

void declare(CLI::App& app, Loudness& loudness, Command& chosen) {
  app.set_version_flag("--version", std::string("cbench ") + CBENCH_VERSION, "print the version and exit");
  app.set_help_flag("-h,--help", "print this help and exit");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("-q,--quiet", loudness.quiet, "only errors on standard error");
  app.add_flag("-v,--verbose", loudness.verbose, "also what helps to find a fault");
  app.footer(
      "Examples:\n  cbench run bench.yml\n  cbench check policy.cbp --bench bench.yml\n"
      "  cbench dry-run --policy policy.cbp results/NAME/latest/trace.arrows\n"
      "`cbench COMMAND --help` tells more.");
  for (const auto add :
       {add_init, add_run, add_validate, add_check, add_explain, add_fmt, add_test, add_dry_run, add_export,
        add_trace, add_metrics, add_schema, add_host, add_clean, add_completion, add_man})
    add(app, chosen);
}

constexpr const char* kAbout =
    "cbench runs container benchmarks, measures them, and lets compiled scheduling policies act on them.";

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(kAbout, "cbench");
  Loudness loudness;
  Command chosen;
  declare(app, loudness, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::Usage);
  }
  Console console(loudness.quiet     ? Console::Verbosity::Quiet
                  : loudness.verbose ? Console::Verbosity::Verbose
                                     : Console::Verbosity::Normal);
  return chosen(console);
}

CommandDoc describe_command_line() {
  CLI::App app(kAbout, "cbench");
  Loudness loudness;
  Command chosen;
  declare(app, loudness, chosen);
  return describe(app);
}

}  // namespace cbench
