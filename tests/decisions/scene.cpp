#include "scene.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stdlib/abi/inputs.h"

namespace cbench::test {

std::string policy(const std::string& body) { return "policy t 1 \"test\"\n" + body; }

Scene::Scene(std::vector<std::string> containers) {
  spec.name.value = "scene";
  for (size_t i = 0; i < containers.size(); ++i) {
    ContainerSpec c;
    c.name.value = containers[i];
    c.index = static_cast<int64_t>(i);
    c.sampling.enabled = every_metric();
    spec.containers.push_back(std::move(c));
  }
  spec.engine = EngineKind::Process;
  for (size_t cpu = 0; cpu < 4; ++cpu) {
    facts.cpus.push_back({static_cast<uint32_t>(cpu), static_cast<uint32_t>(cpu), 0, 0, 0});
    facts.online.set(cpu);
  }
  facts.rdt.absent_reason = "resctrl is not mounted";
  facts.memory_bytes = 1ULL << 34U;
}

void Scene::with_rdt(uint32_t ways, uint32_t closids) {
  facts.rdt.present = facts.rdt.l3_allocation = facts.rdt.mb_allocation = true;
  facts.rdt.l3_domains = {0};
  facts.rdt.l3_ways = ways;
  facts.rdt.num_closids = closids;
}

std::string Scene::compile(const std::string& text) {
  spec.step_ns = step_ms * 1'000'000;
  for (ContainerSpec& c : spec.containers) {
    for (int64_t* period : {&c.sampling.perf_period_ns, &c.sampling.docker_period_ns,
                            &c.sampling.rdt_period_ns, &c.sampling.app_period_ns})
      if (*period == 0) *period = spec.step_ns;
  }
  std::vector<Metric> columns;
  for (size_t m = 0; m < kMetricCount; ++m) {
    const auto metric = static_cast<Metric>(m);
    if (std::find(absent.begin(), absent.end(), metric) == absent.end())
      columns.push_back(metric);
    else
      for (ContainerSpec& c : spec.containers) c.sampling.enabled.reset(m);
  }
  Diagnostics diagnostics;
  const uint32_t source = sources.add("t.cbp", text);
  CompileTarget target;
  target.spec = &spec;
  target.facts = &facts;
  target.columns = columns;
  target.params = params;
  compiled = compile_policy(sources, source, target, codegen, diagnostics);
  if (compiled) {
    frame = std::make_unique<Frame>(columns, spec.containers.size());
    instance = std::make_unique<PolicyInstance>(compiled->plan, compiled->entry, facts);
  }
  return render(diagnostics, sources, false);
}

void Scene::play(const std::string& text) {
  const std::string problems = compile(text);
  ASSERT_TRUE(compiled.has_value()) << problems;
  begin();
  for (const ContainerSpec& c : spec.containers) start(c.name.value);
}

int32_t Scene::slot(const std::string& container) const {
  for (size_t i = 0; i < spec.containers.size(); ++i)
    if (spec.containers[i].name.value == container) return static_cast<int32_t>(i);
  return -1;
}

PolicyInstance::Verdict Scene::call(abi::Event event, int32_t at) {
  const auto verdict = instance->call(event, *frame, at);
  for (const Decision& d : instance->decisions()) {
    std::string line = fmt::format("{}: {}", d.step, describe(d, compiled->plan));
    if (d.outcome == Outcome::Refused) line += fmt::format(" (refused: {})", d.reason);
    if (d.outcome == Outcome::NoChange) line += " (no change)";
    log.push_back(line);
  }
  if (apply) {
    const std::vector<Change> changes = instance->changes();
    for (const Change& change : changes) instance->applied(change);
  }
  return verdict;
}

PolicyInstance::Verdict Scene::begin() { return call(abi::Event::Begin); }
PolicyInstance::Verdict Scene::admit(const std::string& c) { return call(abi::Event::Admit, slot(c)); }
PolicyInstance::Verdict Scene::end() { return call(abi::Event::End); }

PolicyInstance::Verdict Scene::start(const std::string& c) {
  CpuSet cpus;
  cpus.set(0);
  instance->set_placement(slot(c), cpus, HUGE_VAL);
  instance->set_running(slot(c), true);
  return call(abi::Event::Start, slot(c));
}

PolicyInstance::Verdict Scene::stop(const std::string& c) {
  const auto verdict = call(abi::Event::Stop, slot(c));
  instance->set_running(slot(c), false);
  return verdict;
}

PolicyInstance::Verdict Scene::step(const std::vector<Sample>& samples, int64_t steps) {
  frame->step += steps;
  frame->dt_ns = steps * spec.step_ns;
  frame->now_ns += frame->dt_ns;
  for (size_t column = 0; column < frame->columns().size(); ++column)
    for (size_t row = 0; row <= frame->slots(); ++row) frame->set_missing(column, row, Status::Unavailable);
  for (const Sample& s : samples) {
    const auto column = static_cast<size_t>(frame->column(s.metric));
    const auto row = static_cast<size_t>(slot(s.container));
    if (!has_value(s.status))
      frame->set_missing(column, row, s.status);
    else if (info(s.metric).type == MetricType::F64)
      frame->set_f64(column, row, s.value, s.status);
    else
      frame->set_i64(column, row, static_cast<int64_t>(s.value), s.status);
  }
  return call(abi::Event::Step);
}

void Scene::run(int n, const std::vector<Sample>& samples) {
  for (int i = 0; i < n; ++i) step(samples);
}

}  // namespace cbench::test
