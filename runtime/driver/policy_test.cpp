#include "runtime/driver/policy_test.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "runtime/loop/placement.h"
#include "runtime/loop/settlement.h"
#include "runtime/policy/policy.h"
#include "stdlib/abi/assumed.h"

namespace cbench {
namespace {

/// So many CPUs, in equal parts to so many sockets and L3 domains.
void set_topology(HostFacts& facts, uint32_t cpus, uint32_t sockets, uint32_t domains) {
  facts.cpus.clear();
  facts.online.reset();
  for (uint32_t cpu = 0; cpu < cpus; ++cpu) {
    const auto part = [&](uint32_t of) { return static_cast<uint32_t>(uint64_t{cpu} * of / cpus); };
    facts.cpus.push_back({cpu, cpu, part(sockets), part(sockets), static_cast<int32_t>(part(domains))});
    facts.online.set(cpu);
  }
  facts.sockets = sockets;
  facts.rdt.l3_domains.clear();
  for (uint32_t domain = 0; domain < domains; ++domain) facts.rdt.l3_domains.push_back(domain);
}

HostFacts host_of(const TestCase& test) {
  HostFacts facts = assumed_host();
  const auto said = [&](const char* fact, uint32_t otherwise) {
    for (const auto& [name, value] : test.host)
      if (name == fact) return static_cast<uint32_t>(value);
    return otherwise;
  };
  const auto cpus = said("num_cpus", static_cast<uint32_t>(facts.cpus.size()));
  set_topology(facts, cpus, said("num_sockets", 1), said("num_domains", said("num_sockets", 1)));
  for (const auto& [name, value] : test.host) {
    if (name == "l3_ways") {
      facts.rdt.l3_ways = static_cast<uint32_t>(value);
      facts.rdt.l3_allocation = value > 0;
    } else if (name == "num_closids") {
      facts.rdt.num_closids = static_cast<uint32_t>(value);
      facts.rdt.present = value > 0;
    } else if (name == "mb_kind") {
      const auto kind = static_cast<MbKind>(value);
      facts.rdt.mb_allocation = kind != MbKind::None;
      if (kind == MbKind::Rate) {  // as AMD counts
        facts.rdt.mb_unit = MbUnit::EighthGBps;
        facts.rdt.mb_min = facts.rdt.mb_granularity = 1;
      }
    } else if (name == "peak_bandwidth") {
      facts.rdt.peak_bandwidth = static_cast<double>(value);
    } else if (name == "memory") {
      facts.memory_bytes = static_cast<uint64_t>(value);
    }
  }
  if (!facts.rdt.present) {
    facts.rdt = {};
    facts.rdt.absent_reason = "the host of the test has none";
  }
  return facts;
}

RunSpec run_of(const TestCase& test) {
  std::vector<std::string> names;
  for (const TestContainer& c : test.containers) names.push_back(c.name);
  RunSpec spec = assumed_run(names, test.step_ns, test.own);
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    const TestContainer& from = test.containers[i];
    ContainerSpec& c = spec.containers[i];
    c.critical = from.critical;
    c.priority = from.priority;
    c.role = from.role;
    c.image.value = from.image;
    c.targets = from.targets;
    c.cores.value = from.cpus;
    c.num_cores = from.cpus.any() ? static_cast<int64_t>(from.cpus.count()) : 1;
  }
  return spec;
}

/// The expected action, in a decision that was carried out.
bool matches(const TestExpectation& e, const Decision& d, const Plan& plan) {
  if (d.verb != e.verb || d.outcome != Outcome::Applied) return false;
  const auto name = [](const std::vector<std::string>& names, int32_t index) {
    return index >= 0 && static_cast<size_t>(index) < names.size() ? names[static_cast<size_t>(index)] : "";
  };
  if (!e.container.empty() && name(plan.slot_names, d.slot) != e.container) return false;
  if (!e.cls.empty() && name(plan.classes, d.cls) != e.cls) return false;
  if (e.domain && *e.domain != d.domain) return false;
  if (e.value && *e.value != d.value && !(std::fabs(*e.value - d.value) <= 1e-9 * std::fabs(*e.value)))
    return false;
  if (e.detail && !(e.detail_is_part ? d.detail.find(*e.detail) != std::string::npos : d.detail == *e.detail))
    return false;
  return (!e.within || d.step <= *e.within) && (!e.after || d.step > *e.after);
}

class TestRun {
 public:
  TestRun(const CompiledPolicy& policy, const HostFacts& facts, const RunSpec& spec,
          const std::vector<Metric>& own)
      : facts_(facts),
        spec_(spec),
        frame_(all_metrics(own), spec.containers.size()),
        instance_(std::make_unique<PolicyInstance>(policy.plan, policy.entry, facts)),
        occupied_(spec.containers.size()) {
    clear();
  }

  void begin() { call(abi::Event::Begin); }
  void end() {
    for (size_t slot = 0; slot < spec_.containers.size(); ++slot)
      if (running(slot)) stop(slot);
    call(abi::Event::End);
  }

  void start(size_t slot) {
    const auto index = static_cast<int32_t>(slot);
    CpuSet cpus = spec_.containers[slot].cores.value;
    if (cpus.none()) cpus = choose_cpus(facts_, occupied_, spec_.containers[slot].num_cores);
    if (instance_) instance_->set_placement(index, cpus, HUGE_VAL);
    call(abi::Event::Admit, index);
    if (!instance_ || instance_->rejected()) return;
    if (const CpuSet& wanted = instance_->goal().containers[slot].cpus; wanted.any()) cpus = wanted;
    occupied_[slot] = cpus;
    frame_.running[slot] = 1;
    instance_->set_placement(index, cpus, HUGE_VAL);
    instance_->set_running(index, true);
    call(abi::Event::Start, index);
  }

  void stop(size_t slot) {
    call(abi::Event::Stop, static_cast<int32_t>(slot));
    occupied_[slot].reset();
    frame_.running[slot] = 0;
    if (instance_) instance_->set_running(static_cast<int32_t>(slot), false);
  }

  /// One step. Cells of containers that do not run are not measured, nor are those of one that is not due.
  void step(const std::vector<std::pair<size_t, const TestCell*>>& cells) {
    ++frame_.step;
    clear();
    frame_.dt_ns = spec_.step_ns;
    frame_.now_ns += spec_.step_ns;
    for (const auto& [slot, cell] : cells) {
      const auto column = static_cast<size_t>(frame_.column(cell->metric));
      if (!cell->value || !running(slot) || !due(slot)) continue;
      if (info(cell->metric).type == MetricType::F64)
        frame_.set_f64(column, slot, *cell->value);
      else
        frame_.set_i64(column, slot, static_cast<int64_t>(std::llround(*cell->value)));
    }
    call(abi::Event::Step);
  }

  [[nodiscard]] bool running(size_t slot) const { return frame_.running[slot] != 0; }
  std::vector<Decision> decisions;
  std::string stopped;

 private:
  /// What is not fed is missing, or not due.
  void clear() {
    for (size_t row = 0; row <= frame_.slots(); ++row) {
      const Status status = row == frame_.host_row() || due(row) ? Status::Unavailable : Status::NotDue;
      for (size_t column = 0; column < frame_.columns().size(); ++column)
        frame_.set_missing(column, row, status);
    }
  }

  [[nodiscard]] bool due(size_t slot) const {
    const int64_t period = instance_ ? instance_->goal().containers[slot].period_ns : 0;
    return period <= 0 || frame_.step * spec_.step_ns % period == 0;
  }

  void call(abi::Event event, int32_t slot = -1) {
    if (!instance_) return;
    const PolicyInstance::Verdict verdict = instance_->call(event, frame_, slot);
    const bool ended = verdict != PolicyInstance::Verdict::Go;
    Settlement settlement(event, Mode::Act, ended, instance_->decisions(), instance_->changes());
    for (size_t i = 0; i < settlement.changes().size(); ++i) {
      const Change change = settlement.changes()[i];
      instance_->applied(change);
      settlement.applied(i);
    }
    for (Decision& decision : settlement.finish()) decisions.push_back(std::move(decision));
    if (!ended) return;
    stopped = fmt::format("the policy stopped at step {}: {}", frame_.step, instance_->message());
    instance_.reset();
  }

  const HostFacts& facts_;
  const RunSpec& spec_;
  Frame frame_;
  std::unique_ptr<PolicyInstance> instance_;
  std::vector<CpuSet> occupied_;  ///< [slot]
};

/// The containers that only a file or `expect` names, added; files read.
Result<TestCase> complete(TestCase test, const std::string& folder, const std::string& path,
                          const SourceSet& sources, std::map<std::string, FedFrames>& files) {
  for (const TestEvent& event : test.events) {
    if (event.kind != TestEvent::Kind::File) continue;
    Result<FedFrames> frames = read_frames((std::filesystem::path(folder) / event.text).string(), test.own);
    if (!frames.ok())
      return Error{frames.error().exit,
                   fmt::format("{}:{}: {}", path, sources.line(event.span), frames.error().message),
                   frames.error().hint};
    for (const auto& step : frames->steps)
      for (const TestCell& cell : step)
        if (std::none_of(test.containers.begin(), test.containers.end(),
                         [&](const TestContainer& c) { return c.name == cell.container; }))
          test.containers.push_back({cell.container, "", "", false, false, {}, false, {}});
    files[event.text] = std::move(*frames);
  }
  for (const TestExpectation& e : test.expectations)
    if (!e.container.empty() && std::none_of(test.containers.begin(), test.containers.end(),
                                             [&](const TestContainer& c) { return c.name == e.container; }))
      return Error{Exit::Invalid,
                   fmt::format("{}:{}: the test has no container `{}`, and its files feed none", path,
                               sources.line(e.span), e.container),
                   "name a container that the test describes, feeds or starts"};
  return test;
}

}  // namespace

Result<TestOutcome> run_test(const SourceSet& sources, const PolicySource& policy, const TestCase& given,
                             const std::string& folder, const std::vector<ParamSetting>& params,
                             Console& console) {
  std::map<std::string, FedFrames> files;
  const Result<TestCase> completed = complete(given, folder, policy.path, sources, files);
  if (!completed.ok()) return completed.error();
  const TestCase& test = *completed;
  const HostFacts facts = host_of(test);
  const RunSpec spec = run_of(test);
  const CompileTarget target{
      .spec = &spec, .facts = &facts, .columns = all_metrics(test.own), .params = params, .degraded = false};
  Result<CompiledPolicy> compiled = compile(sources, policy, target, console);
  if (!compiled.ok()) return compiled.error();

  const auto slot = [&](const std::string& name) {
    return static_cast<size_t>(std::find_if(test.containers.begin(), test.containers.end(),
                                            [&](const TestContainer& c) { return c.name == name; }) -
                               test.containers.begin());
  };
  const auto placed = [&](const std::vector<TestCell>& cells) {
    std::vector<std::pair<size_t, const TestCell*>> out;
    for (const TestCell& cell : cells) out.emplace_back(slot(cell.container), &cell);
    return out;
  };
  TestRun run(*compiled, facts, spec, test.own);
  run.begin();
  for (size_t i = 0; i < test.containers.size(); ++i)
    if (!test.containers[i].later) run.start(i);
  for (const TestEvent& event : test.events) switch (event.kind) {
      case TestEvent::Kind::Feed:
        for (int64_t i = 0; i < event.steps; ++i) run.step(placed(event.cells));
        break;
      case TestEvent::Kind::File:
        for (const std::vector<TestCell>& cells : files[event.text].steps) run.step(placed(cells));
        break;
      case TestEvent::Kind::Start:
        if (!run.running(slot(event.text))) run.start(slot(event.text));
        break;
      case TestEvent::Kind::Stop:
        if (run.running(slot(event.text))) run.stop(slot(event.text));
        break;
    }
  run.end();

  TestOutcome outcome{std::move(compiled->plan), std::move(run.decisions), {}, std::move(run.stopped)};
  for (size_t i = 0; i < test.expectations.size(); ++i) {
    const TestExpectation& e = test.expectations[i];
    const bool happened = std::any_of(outcome.decisions.begin(), outcome.decisions.end(),
                                      [&](const Decision& d) { return matches(e, d, outcome.plan); });
    if (happened == e.no) outcome.unmet.push_back(&given.expectations[i]);
    if (e.verb == Verb::Stop && !e.no) outcome.stopped.clear();
  }
  return outcome;
}

}  // namespace cbench
