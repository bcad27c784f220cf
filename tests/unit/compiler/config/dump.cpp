#include "dump.h"

#include <fmt/format.h>

#include "compiler/config/reading.h"

namespace cbench {
namespace {

std::string at(Span span, const SourceSet& sources) {
  if (!span.known()) return "";
  const Place from = sources.place(span.source, span.begin);
  return fmt::format(" @{}:{}+{}", from.line, from.column, span.end - span.begin);
}

std::string located(const Located<std::string>& text, const SourceSet& sources) {
  return fmt::format("\"{}\"{}", text.value, at(text.span, sources));
}

/// "perf all", or the names.
std::string metrics(const MetricSet& enabled) {
  std::string out;
  for (size_t g = 0; g < std::size(kMetricGroups); ++g) {
    std::string names;
    size_t on = 0, all = 0;
    for (size_t i = 0; i < kMetricCount; ++i) {
      if (static_cast<size_t>(kMetrics[i].group) != g) continue;
      ++all;
      if (!enabled[i]) continue;
      ++on;
      names += fmt::format(" {}", kMetrics[i].name);
    }
    if (on > 0) out += fmt::format("    {}:{}\n", kMetricGroups[g], on == all ? " all" : names);
  }
  return out;
}

std::string dump(const ContainerSpec& c, const SourceSet& sources) {
  std::string out =
      fmt::format("container {} {}{}\n", c.index, located(c.name, sources), at(c.span, sources));
  const auto line = [&](std::string_view key, const std::string& value) {
    out += fmt::format("  {}: {}\n", key, value);
  };
  if (!c.image.value.empty()) line("image", located(c.image, sources));
  if (!c.command.value.empty()) line("command", located(c.command, sources));
  if (c.entrypoint) {
    std::string all;
    for (const std::string& text : *c.entrypoint) all += fmt::format("[{}]", text);
    line("entrypoint", all);
  }
  line("cores",
       fmt::format("{} of \"{}\"{}", c.num_cores, to_list(c.cores.value), at(c.cores.span, sources)));
  for (const Port& p : c.ports)
    line("port", fmt::format("{}|{}|{}|{}", p.host_ip, p.host, p.container, p.protocol));
  for (const Volume& v : c.volumes)
    line("volume", fmt::format("{}|{}|{}", v.source, v.target, v.read_only ? "ro" : "rw"));
  for (const auto& [name, value] : c.environment)
    line("env", fmt::format("{}={}", name, config::is_secret(name) ? "set" : value));
  if (!c.user.empty()) line("user", c.user);
  if (!c.role.empty()) line("role", c.role);
  if (c.memory_nodes.value.any())
    line("cpuset_mems", to_list(c.memory_nodes.value) + at(c.memory_nodes.span, sources));
  if (c.memory_bytes != 0) line("memory", std::to_string(c.memory_bytes));
  if (c.cpus != 0) line("cpus", fmt::format("{}", c.cpus));
  line("flags", fmt::format("privileged {:d} critical {:d} priority {:d} allow_failure {:d} pull {}",
                            c.privileged, c.critical, c.priority, c.allow_failure, static_cast<int>(c.pull)));
  line("ns", fmt::format("{} to {} expected {}", c.start_ns, c.stop_ns,
                         c.expected_ns ? std::to_string(*c.expected_ns) : "-"));
  if (c.length_ns) line("length", fmt::format("{} ns", *c.length_ns));
  if (!c.exclusive) line("shares", "its CPUs");
  for (const auto& [metric, value] : c.targets)
    line("target", fmt::format("{} {}", info(metric).field, value));
  const Sampling& s = c.sampling;
  line("data", fmt::format("perf {} ns{} docker {} ns{} rdt {} ns{}{}", s.perf_period_ns,
                           at(s.perf_span, sources), s.docker_period_ns, at(s.docker_span, sources),
                           s.rdt_period_ns, at(s.rdt_span, sources), at(s.span, sources)));
  out += metrics(s.enabled);
  if (c.app) {
    line("app", fmt::format("{} ns{} \"{}\" {}", s.app_period_ns, at(s.app_span, sources), c.app->path.value,
                            located(c.app->pattern, sources)));
    for (const AppFigure& f : c.app->figures)
      line("figure", fmt::format("{} group {} bare {}", info(f.metric).field, f.group, info(f.bare).name));
  }
  for (const auto& [metric, span] : s.switched_off)
    line("off", fmt::format("{}{}", info(metric).field, at(span, sources)));
  return out;
}

}  // namespace

std::string dump(const RunSpec& spec, const SourceSet& sources) {
  std::string out = fmt::format("path: {}\nname: {}\ndescription: {}\n", spec.path,
                                located(spec.name, sources), spec.description);
  out +=
      fmt::format("max {} ns, step {} ns, discard {} ns, pid sync {} ns, drain {:d}, repeat {}, engine {}\n",
                  spec.max_ns, spec.step_ns, spec.discard_ns, spec.pid_sync_ns, spec.drain, spec.repeat,
                  spec.engine == EngineKind::Docker ? "docker" : "process");
  out += fmt::format("output: {}\nscheduler: {} policy: {} rdt {} mode {}\n", spec.output,
                     located(spec.scheduler, sources), located(spec.policy, sources),
                     spec.rdt ? (spec.rdt->value ? "true" : "false") : "unset",
                     spec.mode ? std::to_string(static_cast<int>(*spec.mode)) : "-");
  for (const auto& [name, value] : spec.params)
    out += fmt::format("param {} = {}\n", name, located(value, sources));
  out += fmt::format("influx: {}|{}|{}|{}|org {}\n", spec.influx.host, spec.influx.bucket, spec.influx.user,
                     spec.influx.token.empty() ? "" : "set",
                     spec.influx.org ? "\"" + *spec.influx.org + "\"" : "unset");
  out += fmt::format("registry: {}|{}|{}\n", spec.registry.host, spec.registry.user,
                     spec.registry.password.empty() ? "" : "set");
  if (spec.admission != Admission::Share)
    out += fmt::format("admission: {}\n", spec.admission == Admission::Queue ? "queue" : "backfill");
  if (spec.warmup_runs > 0 || spec.cooldown_ns > 0)
    out += fmt::format("warm-up runs: {}, cool-down {} ns\n", spec.warmup_runs, spec.cooldown_ns);
  for (const ContainerSpec& container : spec.containers) out += dump(container, sources);
  for (const auto& [name, value] : spec.variables) out += fmt::format("variable {}={}\n", name, value);
  return out;
}

}  // namespace cbench
