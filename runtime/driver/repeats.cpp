#include "runtime/driver/repeats.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <poll.h>

#include "runtime/driver/run_folder.h"
#include "runtime/driver/run_id.h"
#include "runtime/exporters/sha256.h"
#include "runtime/loop/clock.h"
#include "runtime/loop/signals.h"

namespace cbench {
namespace {

Ingredients ingredients_of(const RunPlan& plan) {
  const RunSpec& spec = plan.spec;
  std::string texts = spec.masked_text;
  for (const ImportedText& file : spec.imports) texts += file.text;
  for (const auto& [name, value] : spec.variables) texts += fmt::format("\n{}={}", name, value);
  std::string params;
  for (const auto& [name, value] : plan.params)
    params += fmt::format("{}{}={}", params.empty() ? "" : " ", name, value);
  return {{"benchmark", sha256_hex(texts)},
          {"policy", plan.policy == nullptr ? "" : sha256_hex(plan.policy_text)},
          {"params", params},
          {"mode", std::string(name(plan.mode))},
          {"engine", std::string(name(spec.engine))},
          {"seed", spec.seed ? std::to_string(*spec.seed) : ""},
          {"time_scale", fmt::format("{}", spec.time_scale)},
          {"rdt", plan.facts.rdt.simulated ? plan.facts.rdt.profile : ""}};
}

/// An image that is missing, a container that cannot start: it would be so in the next run as well.
bool never_began(const SessionResult& result) {
  return result.outcome.steps == 0 && !result.outcome.problems.empty();
}

IndexedRun indexed(const OneRun& one, int64_t number, bool warmup) {
  IndexedRun run{.number = number,
                 .warmup = warmup,
                 .run_id = one.result->run_id,
                 .folder = std::filesystem::path(one.result->trace_path).parent_path().filename(),
                 .outcome = never_began(*one.result) ? "not_begun" : one.result->outcome.name(),
                 .exit_code = one.exit_code,
                 .start_wall_ns = one.result->start_wall_ns,
                 .containers = {}};
  if (one.summary) {
    run.duration_ns = one.summary->duration_ns;
    for (const ContainerSummary& container : one.summary->containers)
      run.containers.emplace_back(container.name, figures_of(container));
  }
  return run;
}

class Repeats {
 public:
  Repeats(const RunPlan& plan, Experiment& experiment, const Runner& runner, Console& console)
      : plan_(plan), experiment_(experiment), runner_(runner), console_(console) {}

  int run() {
    for (int64_t i = 1; i <= plan_.spec.warmup_runs && any_missing(); ++i)
      if (!one(i, plan_.spec.warmup_runs, true)) return end();
    for (int64_t i = 1; i <= plan_.spec.repeat; ++i)
      if (!experiment_.finished(i) && !one(i, plan_.spec.repeat, false)) return end();
    return end();
  }

 private:
  [[nodiscard]] bool any_missing() const {
    for (int64_t i = 1; i <= plan_.spec.repeat; ++i)
      if (!experiment_.finished(i)) return true;
    return false;
  }

  /// False: no more runs.
  bool one(int64_t number, int64_t of, bool warmup) {
    if (begun_ && !cool_down()) return false;
    begun_ = true;
    console_.say(fmt::format("{} {} of {}", warmup ? "warm-up run" : "run", number, of));
    RunPlan plan = plan_;
    plan.folder_prefix = experiment_.prefix(number, warmup);
    const OneRun one = runner_(plan);
    const bool ends_all = !one.result || one.exit_code >= 128 || never_began(*one.result);
    if (ends_all || (code_ == 0 && !warmup)) code_ = one.exit_code;
    if (!one.result) return false;
    if (const Result<> added = experiment_.add(indexed(one, number, warmup)); !added.ok()) {
      code_ = console_.fail(added.error());
      return false;
    }
    if (one.result->hung) {
      end();
      std::fflush(nullptr);
      std::_Exit(code_);
    }
    return !ends_all;
  }

  /// False: a signal came.
  bool cool_down() {
    if (plan_.spec.cooldown_ns == 0) return true;
    SignalWatch signals;
    SystemClock clock;
    const int64_t until = clock.monotonic_ns() + plan_.spec.cooldown_ns;
    console_.say(fmt::format("cooling down for {:.6g} s", static_cast<double>(plan_.spec.cooldown_ns) / 1e9));
    for (int64_t left = plan_.spec.cooldown_ns; left > 0; left = until - clock.monotonic_ns()) {
      pollfd fd{.fd = signals.fd(), .events = POLLIN, .revents = 0};
      const timespec time{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
      if (::ppoll(&fd, 1, &time, nullptr) <= 0) continue;
      if (const int signal = signals.take(); signal != 0) {
        code_ = 128 + signal;
        return false;
      }
    }
    return true;
  }

  int end() {
    const auto finished = static_cast<int64_t>(experiment_.finished_runs());
    if (plan_.json) {
      std::puts(with_event("experiment", experiment_.to_json(-1)).c_str());
      std::fflush(stdout);
    } else if (finished > 0) {
      std::printf("\n%ld of %ld runs\n%s\nindex  %s\n", static_cast<long>(finished),
                  static_cast<long>(plan_.spec.repeat), to_text(experiment_.spreads()).c_str(),
                  experiment_.index().c_str());
    }
    if (finished < plan_.spec.repeat)
      console_.say(fmt::format("{} of {} runs are made; the same command with `--resume {}` makes the others",
                               finished, plan_.spec.repeat, experiment_.folder()));
    return code_;
  }

  const RunPlan& plan_;
  Experiment& experiment_;
  const Runner& runner_;
  Console& console_;
  bool begun_ = false;
  int code_ = 0;
};

Result<Experiment> open(const RunPlan& plan, const std::string& resume) {
  if (!resume.empty()) return Experiment::resume(resume, ingredients_of(plan));
  const RunSpec& spec = plan.spec;
  const std::string id = new_run_id();
  Result<Experiment> begun = Experiment::begin(
      spec.output.empty() ? results_of(spec) + "/" + id : spec.output, spec.name.value, ingredients_of(plan));
  if (begun.ok() && spec.output.empty())
    point_latest({.path = begun->folder(), .trace = "", .made = {}, .latest = results_of(spec) + "/latest"});
  return begun;
}

}  // namespace

int run_repeats(const RunPlan& plan, const std::string& resume, const Runner& runner, Console& console) {
  if (!plan.trace_path.empty() || !plan.export_path.empty())
    return console.fail({Exit::Usage, "several runs cannot write to one file",
                         "leave out `repeat`, or -o and --export-lp: each run has a folder of its own"});
  Result<Experiment> experiment = open(plan, resume);
  if (!experiment.ok()) return console.fail(experiment.error());
  return Repeats(plan, *experiment, runner, console).run();
}

}  // namespace cbench
