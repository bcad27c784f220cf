#include "differential.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "compiler/check/check.h"
#include "compiler/codegen/codegen.h"
#include "compiler/parse/parse.h"
#include "compiler/pipeline/pipeline.h"
#include "interpreter.h"
#include "random_policy.h"
#include "stdlib/abi/inputs.h"
#include "stdlib/abi/own_metric.h"

namespace cbench::test {
namespace {

constexpr int64_t kStep = 100'000'000;
constexpr size_t kContainers = 3;

RunSpec random_spec(Choices& choose) {
  RunSpec spec;
  spec.name.value = "random";
  spec.step_ns = kStep;
  spec.engine = EngineKind::Process;
  for (size_t i = 0; i < kContainers; ++i) {
    ContainerSpec c;
    c.name.value = std::string(1, static_cast<char>('a' + i));
    c.index = static_cast<int64_t>(3 * i);
    c.num_cores = static_cast<int64_t>(1 + choose.below(2));
    c.critical = choose.one_in(2);
    c.priority = choose.one_in(3);
    if (choose.one_in(2)) c.role = "db";
    if (choose.one_in(2)) c.targets.emplace_back(Metric::app_latency_p95, 5e6);
    if (choose.one_in(2)) c.targets.emplace_back(Metric::perf_llc_mpki, 0.008);
    if (choose.one_in(2)) c.targets.emplace_back(Metric::perf_ipc_efficiency, 0.75);
    c.sampling.enabled = every_metric();
    c.sampling.docker_period_ns = c.sampling.rdt_period_ns = kStep;
    c.sampling.perf_period_ns = kStep * static_cast<int64_t>(1 + choose.below(2));
    c.sampling.app_period_ns = 3 * kStep;
    spec.containers.push_back(std::move(c));
  }
  return spec;
}

HostFacts random_facts(Choices& choose) {
  HostFacts facts;
  const uint32_t sockets = choose.one_in(2) ? 2 : 1;
  const uint32_t domains = sockets * (choose.one_in(3) ? 2 : 1);
  for (uint32_t cpu = 0; cpu < 4; ++cpu) {
    const int32_t domain = choose.one_in(8) ? -1 : static_cast<int32_t>(cpu * domains / 4);
    facts.cpus.push_back({cpu, cpu, cpu * sockets / 4 * 3, 0, domain});
    facts.online.set(cpu);
  }
  facts.memory_bytes = 1ULL << 34U;
  facts.rdt.absent_reason = "resctrl is not mounted";
  static const Metric kAbsent[] = {Metric::perf_llc_mpki,
                                   Metric::perf_task_clock,
                                   Metric::perf_branch_miss_rate,
                                   Metric::docker_cpu_usage_percent,
                                   Metric::docker_memory_usage,
                                   Metric::docker_pids,
                                   Metric::rdt_memory_bandwidth_total,
                                   Metric::rdt_l3_ways,
                                   Metric::app_latency_p95};
  if (choose.one_in(2))
    for (const Metric metric : kAbsent)
      if (choose.one_in(2)) facts.unavailable.emplace(metric, "not on this host");
  if (choose.one_in(4)) return facts;
  facts.rdt.present = facts.rdt.l3_allocation = facts.rdt.mb_allocation = true;
  for (uint32_t domain = 0; domain < domains; ++domain) facts.rdt.l3_domains.push_back(domain);
  facts.rdt.l3_ways = 11;
  if (choose.one_in(2)) facts.rdt.peak_bandwidth = 80e9;
  facts.rdt.num_closids = 16;
  if (choose.one_in(3)) {
    facts.rdt.mb_unit = choose.one_in(2) ? MbUnit::EighthGBps : MbUnit::MBps;
    facts.rdt.mb_min = facts.rdt.mb_granularity = 1;
  }
  return facts;
}

double random_double(Choices& choose) {
  using Limits = std::numeric_limits<double>;
  static const double kSpecial[] = {
      0.0,    -0.0,   Limits::quiet_NaN(),  HUGE_VAL, -HUGE_VAL,          1e308,
      -1e308, 5e-324, 0x1.fffffffffffffp-2, -2.5,     4503599627370497.0, 9.3e18};
  if (choose.one_in(10)) return choose.of(kSpecial);
  return static_cast<double>(choose.below(250)) * (choose.one_in(2) ? 0.37 : 1);
}

int64_t random_int(Choices& choose) {
  using Limits = std::numeric_limits<int64_t>;
  static const int64_t kSpecial[] = {0,         -1, -700, Limits::max(), Limits::min(), Limits::max() / 3,
                                     1LL << 53U};
  if (choose.one_in(40)) return choose.of(kSpecial);
  return static_cast<int64_t>(choose.below(200) * (choose.one_in(2) ? 1 : 250'000));
}

std::string to_text(const Decision& d) {
  return fmt::format("{} {} {} rule {} {} slot {} class {} {:016x} {} `{}` reason `{}` why `{}`", d.step,
                     d.time_ns, d.ordinal, d.rule, info(d.verb).name, d.slot, d.cls,
                     std::bit_cast<uint64_t>(d.value), name(d.outcome), d.detail, d.reason, d.why);
}

/// The code and the interpreter, side by side.
class Pair {
 public:
  Pair(Choices& choose, const CompiledPolicy& compiled, const plan::Planned& planned,
       const SourceSet& sources, const HostFacts& facts, Frame& frame, Comparison& out)
      : choose_(choose),
        code_(compiled.plan, compiled.entry, facts),
        plain_(planned, sources, facts),
        frame_(frame),
        out_(out) {}

  /// False: the run is over, by a fault, a stop or a difference.
  bool call(abi::Event event, int32_t slot = -1);
  void place(int32_t slot, double quota) {
    CpuSet cpus;
    cpus.set(static_cast<size_t>(slot));
    code_.set_placement(slot, cpus, quota);
    plain_.shadow().set_placement(slot, cpus, quota);
  }
  void run(int32_t slot, bool running) {
    code_.set_running(slot, running);
    plain_.set_running(slot, running);
  }

 private:
  bool differ(const std::string& what, const std::string& code, const std::string& plain) {
    if (code == plain) return false;
    out_.difference +=
        fmt::format("step {}: {}\n  code:        {}\n  interpreter: {}\n", frame_.step, what, code, plain);
    return true;
  }

  Choices& choose_;
  PolicyInstance code_;
  Interpreter plain_;
  Frame& frame_;
  Comparison& out_;
};

bool Pair::call(abi::Event event, int32_t slot) {
  const auto verdict = code_.call(event, frame_, slot);
  const auto other = plain_.call(event, frame_, slot);
  const auto& decisions = code_.decisions();
  const auto& others = plain_.shadow().decisions();
  out_.decisions += decisions.size();
  const size_t most = std::max(decisions.size(), others.size());
  for (size_t i = 0; i < most; ++i)
    if (differ("decision", i < decisions.size() ? to_text(decisions[i]) : "none",
               i < others.size() ? to_text(others[i]) : "none"))
      return false;
  if (differ("verdict", fmt::format("{}", static_cast<int>(verdict)),
             fmt::format("{}", static_cast<int>(other))) ||
      differ("message", code_.message(), plain_.message()) ||
      differ("rejected", fmt::format("{}", code_.rejected()),
             fmt::format("{}", plain_.shadow().rejected())) ||
      differ("changes", fmt::format("{}", code_.changes().size()),
             fmt::format("{}", plain_.shadow().changes().size())))
    return false;
  const std::vector<Change> changes = code_.changes();
  for (const Change& change : changes) {
    if (choose_.one_in(12)) {
      code_.failed(change, "busy");
      plain_.shadow().failed(change, "busy");
    } else {
      code_.applied(change);
      plain_.shadow().applied(change);
    }
  }
  out_.fault |= verdict == PolicyInstance::Verdict::Fault;
  return verdict == PolicyInstance::Verdict::Go;
}

void fill(Frame& frame, const std::vector<Metric>& read, const RunSpec& spec, const HostFacts& facts,
          Choices& choose) {
  for (size_t column = 0; column < frame.columns().size(); ++column) {
    const Metric metric = frame.columns()[column];
    const bool wanted = std::find(read.begin(), read.end(), metric) != read.end();
    for (size_t row = 0; row < spec.containers.size(); ++row) {
      const int64_t period = info(metric).group == MetricGroup::self
                                 ? kStep
                                 : spec.containers[row].sampling.period_ns(info(metric).group);
      if (facts.unavailable.contains(metric)) {
        frame.set_missing(column, row, Status::Unsupported);
      } else if (!wanted || choose.one_in(9)) {
        frame.set_missing(column, row, static_cast<Status>(2 + (wanted ? choose.below(8) : 4)));
      } else if (frame.step % (period / kStep) != 0) {
        frame.set_missing(column, row, Status::NotDue);
      } else {
        const Status status = choose.one_in(8) ? Status::Multiplexed : Status::Ok;
        if (info(metric).type == MetricType::F64)
          frame.set_f64(column, row, random_double(choose), status);
        else if (info(metric).kind == MetricKind::Cumulative && !choose.one_in(12))
          frame.set_i64(column, row, frame.now_ns / 7 + static_cast<int64_t>(choose.below(9)), status);
        else
          frame.set_i64(column, row, random_int(choose), status);
      }
    }
  }
}

void next_step(Frame& frame, Choices& choose) {
  const auto steps = static_cast<int64_t>(choose.one_in(9) ? 1 + choose.below(20) : 1);
  frame.step += steps;
  frame.dt_ns = steps * kStep;
  if (choose.one_in(3)) frame.dt_ns += static_cast<int64_t>(choose.below(250)) * 200'000 - 25'000'000;
  frame.now_ns += frame.dt_ns;
}

void play(Pair& pair, Frame& frame, const std::vector<Metric>& read, const RunSpec& spec,
          const HostFacts& facts, Choices& choose, Comparison& out) {
  std::vector<bool> runs(kContainers);
  const auto start = [&](size_t i) {
    const auto slot = static_cast<int32_t>(i);
    pair.place(slot, choose.one_in(2) ? HUGE_VAL : 1.5);
    if (!pair.call(abi::Event::Admit, slot)) return false;
    pair.run(slot, true);
    runs[i] = true;
    return pair.call(abi::Event::Start, slot);
  };
  const auto stop = [&](size_t i) {
    const auto slot = static_cast<int32_t>(i);
    if (!pair.call(abi::Event::Stop, slot)) return false;
    pair.run(slot, false);
    runs[i] = false;
    return true;
  };
  if (!pair.call(abi::Event::Begin)) return;
  for (size_t i = 0; i < kContainers; ++i)
    if (!choose.one_in(4) && !start(i)) return;
  for (int i = 0; i < 40; ++i) {
    next_step(frame, choose);
    fill(frame, read, spec, facts, choose);
    ++out.steps;
    if (!pair.call(abi::Event::Step)) return;
    if (!choose.one_in(8)) continue;
    const size_t which = choose.below(kContainers);
    if (!(runs[which] ? stop(which) : start(which))) return;
  }
  for (size_t i = 0; i < kContainers; ++i)
    if (runs[i] && !stop(i)) return;
  pair.call(abi::Event::End);
}

}  // namespace

Comparison compare(Choices& choose) {
  Comparison out;
  RandomPolicy policy(choose);
  out.policy = policy.text();
  // Other metrics before them, so that they have other numbers in each program.
  for (size_t n = choose.below(4); n > 0; --n)
    declare_metric(MetricGroup::app, fmt::format("n{}", n), Unit::None);
  const Metric queue = *declare_metric(MetricGroup::app, "queue", Unit::Count);
  const Metric flow = *declare_metric(MetricGroup::app, "flow", Unit::BytesPerSecond);
  RunSpec spec = random_spec(choose);
  for (ContainerSpec& c : spec.containers) {
    if (choose.one_in(2)) c.targets.emplace_back(queue, 7);
    for (const Metric own : {queue, flow}) c.sampling.enabled.set(static_cast<size_t>(own));
  }
  const HostFacts facts = random_facts(choose);
  const std::vector<Metric> may_be_absent = {Metric::perf_llc_mpki, Metric::app_latency_p95};
  std::vector<Metric> columns;
  for (size_t m = 0; m < kMetricCount; ++m) {
    const auto metric = static_cast<Metric>(m);
    const bool optional =
        std::find(may_be_absent.begin(), may_be_absent.end(), metric) != may_be_absent.end();
    if (!optional || choose.one_in(2))
      columns.push_back(metric);
    else
      for (ContainerSpec& c : spec.containers) c.sampling.enabled.reset(m);
  }
  for (const Metric own : {queue, flow}) columns.push_back(own);

  SourceSet sources;
  Diagnostics diagnostics;
  const uint32_t source = sources.add("t.cbp", out.policy);
  CompileTarget target{&spec, &facts, columns, {}, choose.one_in(2)};
  for (auto& [name, value] : policy.settings()) {
    out.policy += fmt::format("# --param {}={}\n", name, value);
    target.params.emplace_back(name, Located<std::string>{value, {}});
  }
  if (target.degraded) out.policy += "# --degraded\n";
  const auto compiled = compile_policy(sources, source, target, generate, diagnostics);
  if (!compiled) {
    out.refused = render(diagnostics, sources, false);
    return out;
  }
  Diagnostics again;
  const auto tree = parse(sources, source, again);
  const auto program = check::check(*tree, sources, again);
  const auto planned = plan::make_plan(*program, sources, target, again);
  out.settings = target.params.size();
  for (const PlanRule& rule : planned->plan.rules) out.silent += rule.silent.empty() ? 0 : 1;
  std::vector<Metric> read = may_be_absent;
  for (const auto& [metric, span] : program->needs) read.push_back(metric);
  Frame frame(columns, spec.containers.size());
  Pair pair(choose, *compiled, *planned, sources, facts, frame, out);
  play(pair, frame, read, spec, facts, choose, out);
  return out;
}

}  // namespace cbench::test
