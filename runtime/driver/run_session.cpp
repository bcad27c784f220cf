#include "runtime/driver/run_session.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/driver/live_sink.h"
#include "runtime/driver/preflight.h"
#include "runtime/driver/run_folder.h"
#include "runtime/driver/run_id.h"
#include "runtime/driver/run_json.h"
#include "runtime/driver/run_lines.h"
#include "runtime/driver/run_screen.h"
#include "runtime/driver/run_watch.h"
#include "runtime/host/probe.h"
#include "runtime/loop/bounded_host.h"
#include "runtime/loop/observer_thread.h"
#include "runtime/loop/signals.h"

namespace cbench {
namespace {

constexpr std::string_view kPolicyJournal = "-policy";
/// How long the run's end waits for a terminal or a pipe that takes nothing, while signals are not let in.
constexpr std::chrono::milliseconds kShowPatience{1000};

/// The two journals of a run. What the policy changes has one of its own: it is undone in mid-run when the
/// policy stops, while the engine's cgroups must stay.
class Journals {
 public:
  static Result<Journals> open(const std::string& run_id) {
    Journals opened;
    Result<std::unique_ptr<Journal>> engine = Journal::open(run_id);
    if (!engine.ok()) return engine.error();
    opened.engine_ = std::move(*engine);
    Result<std::unique_ptr<Journal>> policy = Journal::open(run_id + std::string(kPolicyJournal));
    if (!policy.ok()) {
      opened.engine_->close();
      return policy.error();
    }
    opened.policy_ = std::move(*policy);
    return opened;
  }

  Journal& engine() { return *engine_; }
  Journal& policy() { return *policy_; }

  /// Puts the host back. Returns what could not be. `hung`: it has not answered the policy's changes.
  std::vector<std::string> undo(bool hung = false) {
    std::vector<std::string> left;
    for (const std::shared_ptr<Journal>& journal : {policy_, engine_}) {
      if (!journal) continue;
      const auto put_back = [journal] {
        std::vector<std::string> problems = journal->restore();
        journal->close();
        return problems;
      };
      const auto problems = Pending(put_back).wait(hung ? kHungLimit : kRestoreLimit);
      if (problems)
        left.insert(left.end(), problems->begin(), problems->end());
      else
        left.push_back("it did not answer in time; the journal stays for `cbench clean --yes`");
    }
    policy_.reset();
    engine_.reset();
    return left;
  }

 private:
  // Processes may have to be killed.
  static constexpr std::chrono::milliseconds kRestoreLimit{20'000}, kHungLimit{4'000};
  std::shared_ptr<Journal> engine_, policy_;
};

/// What carries out a policy's actions. On the heap: when a call of the host's hangs, it is left behind, to
/// be used by that call until the process ends.
struct Control {
  Control(const Plan& plan, const HostFacts& facts, const std::string& run_id, Journal& journal)
      : actuators(plan, facts, run_id, journal), journaled(actuators, journal), host(journaled) {}
  Actuators actuators;
  JournaledHost journaled;
  BoundedHost host;
};

/// Puts the host back on the ways out that come before the run.
class UndoOnExit {
 public:
  UndoOnExit(Journals& journals, Console& console) : journals_(journals), console_(console) {}
  ~UndoOnExit() {
    for (const std::string& left : journals_.undo())
      console_.fail(
          {Exit::RunFailed, "the host could not be restored: " + left, "`cbench clean --yes` tries again"});
  }
  UndoOnExit(const UndoOnExit&) = delete;
  UndoOnExit& operator=(const UndoOnExit&) = delete;

 private:
  Journals& journals_;
  Console& console_;
};

/// Takes away the folders of a run that came to nothing.
class EmptyFolders {
 public:
  explicit EmptyFolders(const RunFolder& folder) : folder_(folder) {}
  ~EmptyFolders() { remove_empty(folder_); }
  EmptyFolders(const EmptyFolders&) = delete;
  EmptyFolders& operator=(const EmptyFolders&) = delete;

 private:
  const RunFolder& folder_;
};

TraceHeader header_of(const RunPlan& plan, const std::string& run_id, const std::string& observer,
                      const Frame& frame, int64_t wall_ns) {
  TraceHeader header;
  header.run_id = run_id;
  header.cbench_version = CBENCH_VERSION;
  header.config_path = plan.spec.path;
  header.config_text = plan.spec.masked_text;
  header.variables = plan.spec.variables;
  header.imports = plan.spec.imports;
  header.seed = plan.spec.seed;
  header.time_scale = plan.spec.time_scale;
  header.host_json = to_json(plan.facts);
  header.mode = name(plan.mode);
  header.engine = name(plan.spec.engine);
  header.observer = observer;
  header.degraded = plan.degraded;
  header.start_wall_ns = wall_ns;
  header.step_ns = plan.spec.step_ns;
  header.columns = frame.columns();
  for (const ContainerSpec& container : plan.spec.containers)
    header.container_names.push_back(container.name.value);
  if (plan.policy != nullptr) {
    header.policy_path = plan.policy_path;
    header.policy_text = plan.policy_text;
    header.params = plan.params;
    header.plan = plan.policy->plan;
  }
  return header;
}

std::unique_ptr<Engine> make_engine(const RunSpec& spec, const std::string& run_id, const std::string& logs,
                                    Journal& journal) {
  return spec.engine == EngineKind::Docker ? make_docker_engine(spec, run_id, logs)
                                           : make_process_engine(spec, run_id, logs, journal);
}

/// Who shows the run: a view where standard error is a terminal, else lines; and the reader of --json.
std::vector<std::unique_ptr<RunFace>> faces_of(const RunFacts& facts, const RunPlan& plan, Console& console) {
  std::vector<std::unique_ptr<RunFace>> faces;
  // A view and JSON on one terminal would be neither.
  const bool lines = console.quiet() || (plan.json && ::isatty(STDOUT_FILENO) != 0);
  if (std::unique_ptr<Terminal> terminal = lines ? nullptr : Terminal::open(STDERR_FILENO))
    faces.push_back(std::make_unique<RunScreen>(facts, console, std::move(terminal)));
  else
    faces.push_back(std::make_unique<RunLines>(facts, console));
  if (plan.json) faces.push_back(std::make_unique<RunJson>(facts, STDOUT_FILENO));
  return faces;
}

bool sends(const RunPlan& plan) {
  return plan.send && !plan.spec.influx.host.empty() && plan.spec.influx.org.has_value();
}

}  // namespace

Result<SessionResult> run_session(const RunPlan& plan, Console& console) {
  std::optional<SignalWatch> signals(std::in_place);
  const std::string run_id = new_run_id();
  const Result<RunFolder> folder = make_run_folder(plan.spec, run_id, plan.trace_path, plan.folder_prefix);
  if (!folder.ok()) return folder.error();
  const EmptyFolders tidy(*folder);
  Result<Journals> journals = Journals::open(run_id);
  if (!journals.ok()) return journals.error();
  UndoOnExit undo(*journals, console);

  const std::unique_ptr<Engine> engine = make_engine(plan.spec, run_id, folder->path, journals->engine());
  if (const Result<> usable = engine->check(); !usable.ok()) return usable.error();
  // Before any thread of ours: they run where it does.
  const bool acts = plan.policy != nullptr && plan.mode == Mode::Act;
  const CpuSet own = observer_cpus(plan.spec, plan.facts, acts ? &plan.policy->plan : nullptr);
  if (const std::string shared = shared_cpus(plan.spec, plan.facts, own); !shared.empty())
    console.warn(shared);
  const Result<ObserverThread> observer = ObserverThread::begin(plan.spec.observer, own);
  if (!observer.ok()) return observer.error();
  if (!observer->words().empty()) console.detail("cbench itself: " + observer->words());

  std::unique_ptr<Control> control;
  if (acts) {
    control = std::make_unique<Control>(plan.policy->plan, plan.facts, run_id, journals->policy());
    // Without resctrl a degraded run leaves out the rules that need classes.
    if (plan.facts.rdt.present || !allocates_rdt(plan.policy->plan))
      if (const Result<> begun =
              control->host.ask("making CLOS groups", [&made = control->actuators] { return made.begin(); });
          !begun.ok()) {
        if (control->host.abandoned()) static_cast<void>(control.release());
        return begun.error();
      }
  }

  SystemClock clock;
  Frame frame(columns_of(plan.spec), plan.spec.containers.size());
  const TraceHeader header = header_of(plan, run_id, observer->words(), frame, clock.wall_ns());
  std::unique_ptr<LiveSink> sink;
  if (sends(plan) || !plan.export_path.empty()) {
    auto opened = LiveSink::open(LineProtocol(plan.spec, header, plan.facts), plan.export_path,
                                 sends(plan) ? &plan.spec.influx : nullptr);
    if (!opened.ok()) return opened.error();
    sink = std::move(*opened);
  }
  Result<std::unique_ptr<TraceWriter>> trace = TraceWriter::create(folder->trace, header);
  if (!trace.ok()) return trace.error();
  point_latest(*folder);

  Sampler sampler(plan.spec, plan.facts, frame, journals->engine());
  SamplerSource source(sampler);
  const RunFacts watched{.spec = plan.spec,
                         .plan = plan.policy != nullptr ? &plan.policy->plan : nullptr,
                         .run_id = run_id,
                         .mode = header.mode,
                         .engine = header.engine,
                         .trace_path = folder->trace,
                         .warnings = console.warnings()};
  std::optional<RunWatch> watch(std::in_place, watched, faces_of(watched, plan, console), plan.json);
  RunInputs inputs{.spec = plan.spec,
                   .facts = plan.facts,
                   .mode = plan.mode,
                   .engine = *engine,
                   .sampler = source,
                   .host = control ? &control->host : nullptr,
                   .frame = frame,
                   .trace = **trace,
                   .sink = sink.get(),
                   .observer = *watch,
                   .clock = clock,
                   .signals = *signals,
                   .own_cpus = own,
                   .logs = folder->path};
  if (plan.policy != nullptr) {
    inputs.plan = &plan.policy->plan;
    inputs.entry = plan.policy->entry;
  }
  SessionResult result{.outcome = run(inputs),
                       .run_id = run_id,
                       .trace_path = folder->trace,
                       .start_wall_ns = header.start_wall_ns,
                       .exported = std::nullopt};
  for (const std::string& left : journals->undo(control && control->host.abandoned()))
    result.outcome.problems.push_back("the host could not be restored: " + left);
  watch->end(kShowPatience);
  if (result.outcome.abandoned) {
    // Threads still wait for the engine's answers, with references to what would be destroyed from here on.
    console.warn("ended by force");
    const int signal = result.outcome.signal;
    std::_Exit(signal != 0 ? 128 + signal : static_cast<int>(result.outcome.exit));
  }
  if (control && control->host.abandoned()) {
    result.hung = true;
    static_cast<void>(control.release());
  }
  signals.reset();  // all is in order now: a signal may end the waits for who reads us and for the export
  watch.reset();
  if (sink) {
    console.say("waiting for the export");
    result.exported = sink->finish(result.outcome.end);
  }
  return result;
}

void recover_dead_runs(Console& console) {
  std::vector<std::string> dead;
  for (const Orphan& orphan : orphans()) {
    console.say(fmt::format("undoing what run {} (process {}) left behind", orphan.run_id, orphan.pid));
    for (const std::string& problem : recover(orphan)) console.warn(problem);
    std::string run_id = orphan.run_id;
    if (run_id.ends_with(kPolicyJournal)) run_id.resize(run_id.size() - kPolicyJournal.size());
    dead.push_back(run_id);
  }
  if (dead.empty()) return;
  for (const Leftover& leftover : engine_leftovers({})) {
    if (std::find(dead.begin(), dead.end(), leftover.run_id) == dead.end()) continue;
    console.say("removing " + leftover.what);
    if (const Result<> removed = remove_leftover(leftover); !removed.ok())
      console.warn(removed.error().message);
  }
}

}  // namespace cbench
