#include "tests/policies/scene.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "runtime/loop/settlement.h"
#include "runtime/policy/policy.h"

namespace cbench {
namespace {

struct Cell {
  Status status = Status::Ok;
  double value = 0;
  bool running = true;
};

struct TableColumn {
  std::string container;
  Metric metric{};
};

/// The frames of a scene, read.
struct Frames {
  std::vector<TableColumn> columns;
  std::vector<std::string> containers;  ///< in the order in which they first appear
  std::vector<std::vector<Cell>> steps;
};

Cell cell(const std::string& text) {
  if (text == "x") return {Status::Stopped, 0, false};
  if (text == "-") return {Status::Unavailable, 0, true};
  if (text == ".") return {Status::NotDue, 0, true};
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  EXPECT_EQ(*end, '\0') << "not a cell: " << text;
  return {Status::Ok, value, true};
}

void read_head(const std::vector<std::string>& names, Frames& frames) {
  for (const std::string& name : names) {
    const std::string container = name.substr(0, name.find('.'));
    const auto metric = find_metric_field(name.substr(container.size() + 1));
    EXPECT_TRUE(metric) << name;
    frames.columns.push_back({container, metric.value_or(Metric{})});
    if (std::find(frames.containers.begin(), frames.containers.end(), container) == frames.containers.end())
      frames.containers.push_back(container);
  }
}

Frames read(const std::string& text) {
  Frames frames;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> row;
    for (std::string word; words >> word;) row.push_back(word);
    if (row.empty()) continue;
    if (frames.columns.empty()) {
      read_head(row, frames);
      continue;
    }
    EXPECT_EQ(row.size(), frames.columns.size()) << line;
    auto& step = frames.steps.emplace_back();
    for (const std::string& word : row) step.push_back(cell(word));
  }
  return frames;
}

HostFacts host_facts(bool rdt) {
  HostFacts facts;
  facts.online = *parse_cpu_list("0-3");
  for (uint32_t cpu = 0; cpu < 4; ++cpu)
    facts.cpus.push_back({.cpu = cpu, .core = cpu, .socket = 0, .numa = 0, .l3_domain = 0});
  facts.memory_bytes = uint64_t{16} << 30;
  facts.rdt.present = rdt;
  if (!rdt) facts.rdt.absent_reason = "this host is a test";
  facts.rdt.l3_domains = {0};
  facts.rdt.l3_allocation = facts.rdt.mb_allocation = rdt;
  facts.rdt.l3_ways = 12;
  facts.rdt.num_closids = 8;
  facts.rdt.l3_bytes = 24 << 20;
  return facts;
}

RunSpec spec_of(const Frames& frames, int64_t step_ns) {
  RunSpec spec;
  spec.name.value = "scene";
  spec.step_ns = step_ns;
  spec.max_ns = step_ns * static_cast<int64_t>(frames.steps.size() + 1);
  spec.rdt = true;
  for (const std::string& name : frames.containers) {
    ContainerSpec& container = spec.containers.emplace_back();
    container.name.value = name;
    container.index = static_cast<int64_t>(spec.containers.size()) - 1;
    container.stop_ns = spec.max_ns;
    Sampling& sampling = container.sampling;
    sampling.perf_period_ns = sampling.docker_period_ns = sampling.rdt_period_ns = step_ns;
    for (const TableColumn& column : frames.columns) sampling.enabled.set(static_cast<size_t>(column.metric));
  }
  return spec;
}

std::vector<Metric> metrics_of(const Frames& frames) {
  std::set<Metric> metrics;
  for (const TableColumn& column : frames.columns) metrics.insert(column.metric);
  return {metrics.begin(), metrics.end()};
}

/// The calls that a run would make.
class Play {
 public:
  Play(const Frames& frames, const CompiledPolicy& policy, const HostFacts& facts, const RunSpec& spec)
      : frames_(frames),
        facts_(facts),
        spec_(spec),
        frame_(metrics_of(frames), frames.containers.size()),
        policy_(policy.plan, policy.entry, facts, spec) {}

  std::vector<Decision> go() {
    call(abi::Event::Begin, -1);
    for (size_t i = 0; i < frames_.steps.size() && !stopped_; ++i) step(i);
    for (size_t slot = 0; slot < frames_.containers.size(); ++slot) set_running(slot, false);
    call(abi::Event::End, -1);
    return std::move(decisions_);
  }
  [[nodiscard]] const std::string& stopped_because() const { return message_; }

 private:
  void step(size_t i) {
    for (size_t slot = 0; slot < frames_.containers.size(); ++slot) set_running(slot, runs(i, slot));
    frame_.step = static_cast<int64_t>(i) + 1;
    frame_.dt_ns = i == 0 ? 0 : spec_.step_ns;
    frame_.now_ns = frame_.step * spec_.step_ns;
    for (size_t c = 0; c < frame_.columns().size(); ++c)
      for (size_t row = 0; row <= frame_.slots(); ++row) frame_.set_missing(c, row, Status::Disabled);
    for (size_t c = 0; c < frames_.columns.size(); ++c) {
      const auto column = static_cast<size_t>(frame_.column(frames_.columns[c].metric));
      const Cell& from = frames_.steps[i][c];
      if (!has_value(from.status)) {
        frame_.set_missing(column, slot_of(c), from.status);
      } else if (info(frames_.columns[c].metric).type == MetricType::F64) {
        frame_.set_f64(column, slot_of(c), from.value);
      } else {
        frame_.set_i64(column, slot_of(c), static_cast<int64_t>(from.value));
      }
    }
    call(abi::Event::Step, -1);
  }

  void set_running(size_t slot, bool run) {
    if ((frame_.running[slot] != 0) == run || stopped_) return;
    const auto index = static_cast<int32_t>(slot);
    const double no_quota = std::numeric_limits<double>::infinity();
    if (run) {
      policy_.set_placement(index, facts_.online, no_quota);
      call(abi::Event::Admit, index);
      if (stopped_ || policy_.rejected()) return;
      policy_.set_placement(index, policy_.goal().containers[slot].cpus, no_quota);
      policy_.set_running(index, true);
      call(abi::Event::Start, index);
    } else {
      call(abi::Event::Stop, index);
      policy_.set_running(index, false);
    }
    frame_.running[slot] = run ? 1 : 0;
  }

  void call(abi::Event event, int32_t slot) {
    if (stopped_) return;
    const PolicyInstance::Verdict verdict = policy_.call(event, frame_, slot);
    stopped_ = verdict != PolicyInstance::Verdict::Go;
    Settlement settlement(event, Mode::Act, stopped_, policy_.decisions(), policy_.changes());
    for (size_t i = 0; i < settlement.changes().size(); ++i) {
      policy_.applied(settlement.changes()[i]);
      settlement.applied(i);
    }
    for (Decision& decision : settlement.finish()) decisions_.push_back(std::move(decision));
    if (stopped_) message_ = policy_.message();
  }

  [[nodiscard]] size_t slot_of(size_t column) const {
    const auto at =
        std::find(frames_.containers.begin(), frames_.containers.end(), frames_.columns[column].container);
    return static_cast<size_t>(at - frames_.containers.begin());
  }
  [[nodiscard]] bool runs(size_t i, size_t slot) const {
    for (size_t c = 0; c < frames_.columns.size(); ++c)
      if (slot_of(c) == slot && frames_.steps[i][c].running) return true;
    return false;
  }

  const Frames& frames_;
  const HostFacts& facts_;
  const RunSpec& spec_;
  Frame frame_;
  PolicyInstance policy_;
  bool stopped_ = false;
  std::string message_;
  std::vector<Decision> decisions_;
};

std::vector<std::string> list(const Scene& scene, bool actions_only) {
  const Frames frames = read(scene.frames);
  const HostFacts facts = host_facts(scene.rdt);
  const RunSpec spec = spec_of(frames, scene.step_ms * 1'000'000);
  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("scene.cbp", scene.policy);
  const CompileTarget target{
      .spec = &spec, .facts = &facts, .columns = metrics_of(frames), .params = scene.params};
  const auto policy = compile_policy(sources, source, target, diagnostics);
  if (!policy) {
    ADD_FAILURE() << render(diagnostics, sources, false);
    return {};
  }
  Play play(frames, *policy, facts, spec);
  std::vector<std::string> out;
  for (const Decision& decision : play.go()) {
    const bool said =
        decision.verb == Verb::Log || decision.verb == Verb::Annotate || decision.verb == Verb::Emit;
    if (said && actions_only) continue;
    out.push_back(fmt::format("{}: {} [{}]{}{}", decision.step, describe(decision, policy->plan),
                              name(decision.outcome), decision.reason.empty() ? "" : " ", decision.reason));
  }
  if (!play.stopped_because().empty()) out.push_back("stopped: " + play.stopped_because());
  return out;
}

}  // namespace

std::vector<std::string> decisions_of(const Scene& scene) { return list(scene, false); }
std::vector<std::string> actions_of(const Scene& scene) { return list(scene, true); }

}  // namespace cbench
