#include "compiler/config/expanded.h"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/emitter.h>

#include "compiler/config/reading.h"
#include "compiler/config/scalar.h"
#include "stdlib/abi/target.h"

namespace cbench {
namespace {

/// Seconds with as many decimals as it takes.
std::string seconds(int64_t ns) {
  std::string text = fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}
int64_t milliseconds(int64_t ns) { return ns / 1'000'000; }

/// A dollar sign that no variable begins with.
std::string literal(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '$' ? "$$" : std::string{c};
  return out;
}

std::string written(Unit unit) {
  if (unit == Unit::Count) return "count";
  if (unit == Unit::Ratio) return "ratio";
  return unit == Unit::None ? "float" : std::string(info(unit).suffix);
}

/// The target in a unit in which it reads as the same number again.
std::string written_target(Metric metric, double value) {
  for (const UnitInfo& unit : kUnits) {
    const bool in_ns = info(metric).unit == Unit::Nanoseconds;
    const std::string text = fmt::format("{}{}", value / unit.scale / (in_ns ? 1e9 : 1), unit.suffix);
    const auto quantity = config::parse_quantity(text);
    if (quantity && target_value(metric, quantity->first, quantity->second) == value) return text;
  }
  return fmt::format("{}", value);
}

class Writer {
 public:
  explicit Writer(const RunSpec& spec) : spec_(spec) {}

  std::string text() {
    map([&] {
      nest("benchmark", [&] { benchmark(); });
      for (const ContainerSpec& each : spec_.containers) nest(each.name.value, [&] { container(each); });
    });
    return std::string(out_.c_str()) + "\n";
  }

 private:
  using Body = std::function<void()>;

  void map(const Body& body) {
    out_ << YAML::BeginMap;
    body();
    out_ << YAML::EndMap;
  }
  void nest(const std::string& key, const Body& members) {
    out_ << YAML::Key << key << YAML::Value;
    map(members);
  }
  template <class T>
  void put(const std::string& key, const T& value) {
    out_ << YAML::Key << key << YAML::Value << value;
  }
  /// The members stand on one line.
  void nest_flow(const std::string& key, const Body& members) {
    out_ << YAML::Key << key << YAML::Value << YAML::Flow;
    map(members);
  }
  void put_text(const std::string& key, const std::string& value) {
    if (!value.empty()) put(key, literal(value));
  }
  void put_list(const std::string& key, const std::vector<std::string>& values) {
    out_ << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq;
    for (const std::string& value : values) out_ << YAML::DoubleQuoted << literal(value);
    out_ << YAML::EndSeq;
  }
  void put_pairs(const std::string& key, const std::vector<std::pair<std::string, std::string>>& pairs) {
    if (pairs.empty()) return;
    nest(key, [&] {
      for (const auto& [name, value] : pairs) put(name, config::is_secret(name) ? "***" : literal(value));
    });
  }

  void benchmark() {
    put("name", literal(spec_.name.value));
    put_text("description", spec_.description);
    put("max_t", seconds(spec_.max_ns));
    if (spec_.drain) put("drain", true);
    put("engine", std::string(name(spec_.engine)));
    put("step", milliseconds(spec_.step_ns));
    if (spec_.repeat != 1) put("repeat", spec_.repeat);
    if (spec_.warmup_runs != 0) put("warmup_runs", spec_.warmup_runs);
    if (spec_.cooldown_ns != 0) put("cooldown_t", seconds(spec_.cooldown_ns));
    put("admission", spec_.admission == Admission::Share   ? "share"
                     : spec_.admission == Admission::Queue ? "queue"
                                                           : "backfill");
    if (spec_.discard_ns != 0) put("discard", seconds(spec_.discard_ns));
    put_text("output", spec_.output);
    put("pid_sync_interval", milliseconds(spec_.pid_sync_ns));
    scheduler();
    destinations();
    if (spec_.peak_bandwidth)
      nest_flow("host", [&] { put("peak_bandwidth", fmt::format("{}B/s", *spec_.peak_bandwidth)); });
    observer();
  }

  void scheduler() {
    if (spec_.scheduler.value.empty() && spec_.policy.value.empty() && spec_.params.empty() && !spec_.rdt &&
        !spec_.mode)
      return;
    nest("scheduler", [&] {
      put_text("implementation", spec_.scheduler.value);
      put_text("policy", spec_.policy.value);
      if (!spec_.params.empty())
        nest("params", [&] {
          for (const auto& [name, value] : spec_.params)
            put(name, literal(value.value));  // nothing is secret
        });
      if (spec_.rdt) put("rdt", spec_.rdt->value);
      if (spec_.mode) put("mode", std::string(name(*spec_.mode)));
    });
  }

  void destinations() {
    const InfluxTarget& db = spec_.influx;
    if (!db.host.empty() || db.org)
      nest("data", [&] {
        nest("db", [&] {
          put_text("host", db.host);
          put_text("name", db.bucket);
          put_text("user", db.user);
          if (!db.token.empty()) put("password", "***");
          if (db.org) put("org", literal(*db.org));
        });
      });
    const Registry& registry = spec_.registry;
    if (!registry.host.empty())
      nest("docker", [&] {
        nest("registry", [&] {
          put_text("host", registry.host);
          put_text("username", registry.user);
          if (!registry.password.empty()) put("password", "***");
        });
      });
  }

  void observer() {
    const ObserverSpec& own = spec_.observer;
    if (own.cores.value.none() && own.fifo == 0 && own.lock_memory) return;
    nest_flow("observer", [&] {
      if (own.cores.value.any()) put("core", to_list(own.cores.value));
      if (own.fifo != 0) put("fifo", own.fifo);
      if (!own.lock_memory) put("lock_memory", false);
    });
  }

  void container(const ContainerSpec& c) {
    put("index", c.index);
    put_text("image", c.image.value);
    if (!c.command.value.empty()) put("command", c.command.value);  // its dollar signs are the shell's
    if (c.entrypoint) put_list("entrypoint", *c.entrypoint);
    if (c.cores.value.any())
      put("core", to_list(c.cores.value));
    else
      put("num_cores", c.num_cores);
    if (!c.exclusive) put("exclusive", false);
    if (c.cpus != 0) put("cpus", fmt::format("{}", c.cpus));
    if (c.memory_bytes != 0) put("memory", fmt::format("{}b", c.memory_bytes));
    if (c.memory_nodes.value.any()) put("cpuset_mems", to_list(c.memory_nodes.value));
    docker_only(c);
    put_pairs("environment", c.environment);
    put("start_t", seconds(c.start_ns));
    if (c.stop_ns != spec_.max_ns) put("stop_t", seconds(c.stop_ns));
    if (c.length_ns) put("length", seconds(*c.length_ns));
    if (c.expected_ns) put("expected_t", seconds(*c.expected_ns));
    for (const auto& [key, value] :
         {std::pair("allow_failure", c.allow_failure), {"critical", c.critical}, {"priority", c.priority}})
      if (value) put(key, true);
    put_text("role", c.role);
    if (!c.targets.empty())
      nest_flow("target", [&] {
        for (const auto& [metric, value] : c.targets)
          put(std::string(info(metric).name), written_target(metric, value));
      });
    data(c);
  }

  void docker_only(const ContainerSpec& c) {
    std::vector<std::string> ports, volumes;
    for (const Port& p : c.ports)
      ports.push_back(fmt::format("{}{}:{}/{}", p.host_ip.empty() ? "" : p.host_ip + ":", p.host, p.container,
                                  p.protocol));
    for (const Volume& v : c.volumes)
      volumes.push_back(fmt::format("{}:{}{}", v.source, v.target, v.read_only ? ":ro" : ""));
    if (!ports.empty()) put_list("port", ports);
    if (!volumes.empty()) put_list("volumes", volumes);
    put_text("user", c.user);
    if (c.privileged) put("privileged", true);
    if (c.pull != Pull::Missing) put("pull", c.pull == Pull::Always ? "always" : "never");
  }

  /// What several containers have alike is written once and named by the others.
  void data(const ContainerSpec& c) {
    Writer alone(spec_);
    alone.map([&] { alone.groups(c); });
    out_ << YAML::Key << "data" << YAML::Value;
    const auto [known, is_new] = data_.emplace(alone.out_.c_str(), fmt::format("data{}", data_.size() + 1));
    if (!is_new) {
      out_ << YAML::Alias(known->second);
      return;
    }
    out_ << YAML::Anchor(known->second);
    map([&] { groups(c); });
  }

  void groups(const ContainerSpec& c) {
    for (const MetricGroup group : {MetricGroup::perf, MetricGroup::docker, MetricGroup::rdt}) {
      std::vector<Metric> on, own;
      for (size_t i = 0; i < kMetricIds; ++i)
        if (const auto metric = static_cast<Metric>(i); c.sampling.enabled[i] && info(metric).group == group)
          (is_own(metric) ? own : on).push_back(metric);
      if (on.empty() && own.empty()) continue;
      nest_flow(std::string(kMetricGroups[static_cast<size_t>(group)]), [&] {
        put("frequency", milliseconds(c.sampling.period_ns(group)));
        if (group == MetricGroup::perf && c.sampling.min_running != 0)
          put("min_running", fmt::format("{}", c.sampling.min_running));
        for (const Metric metric : on) put(std::string(info(metric).name), true);
        if (!own.empty()) nest_flow("events", [&] { events(own); });
      });
    }
    if (c.app) nest("app", [&] { app(*c.app, c.sampling.app_period_ns); });
  }

  void events(const std::vector<Metric>& own) {
    for (const OwnEvent& event : spec_.events)
      if (std::find(own.begin(), own.end(), event.metric) != own.end())
        put(std::string(info(event.metric).name), literal(event.event.value));
  }

  void app(const AppSource& source, int64_t period_ns) {
    put("frequency", milliseconds(period_ns));
    const bool socket = !source.address.value.empty();
    put("from", socket ? "socket" : source.path.value.empty() ? "stdout" : "file");
    put_text("path", source.path.value);
    put_text("address", source.address.value);
    put_text("request", source.request);
    put("pattern", literal(source.pattern.value));
    nest_flow("units", [&] {
      for (const AppFigure& figure : source.figures)
        if (figure.bare != Unit::None || is_own(figure.metric))
          put(std::string(info(figure.metric).name), written(figure.bare));
    });
  }

  const RunSpec& spec_;
  YAML::Emitter out_;
  std::map<std::string, std::string> data_;  ///< what stands under `data`, and its anchor
};

}  // namespace

std::string expanded_yaml(const RunSpec& spec) { return Writer(spec).text(); }

}  // namespace cbench
