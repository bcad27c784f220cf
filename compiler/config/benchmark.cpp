// `benchmark`: the run as a whole, its scheduler, and where results and images are.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/config/sections.h"
#include "stdlib/embed/stock.h"

namespace cbench::config {
namespace {

/// Any value left empty by an unset variable means that nothing is exported, so a half-configured target
/// counts as none.
void read_influx(Reading& reading, const Field& data, RunSpec& spec) {
  const Fields fields(reading, *data.node, data.key->members, "`data` of `benchmark`", data.key_span);
  const Field* db_field = fields.find("db");
  if (db_field == nullptr) return;
  const Fields db(reading, *db_field->node, db_field->key->members, "`db`", db_field->key_span);
  if (db.written("password") && db.written("token"))
    reading.diagnostics
        .report(Kind::Conflict, db_field->key_span, "`db` has both `password` and `token`",
                "one secret too many")
        .hint("they are two names of one thing: remove one");
  for (const char* needed : {"host", "name", "password", "token", "org"})
    if (db.written(needed) && db.find(needed) == nullptr) return;
  spec.influx = {db.text("host"), db.text("name"), db.text("user"),
                 db.text(db.written("token") ? "token" : "password"), std::nullopt};
  if (db.find("org") != nullptr) spec.influx.org = db.text("org");
}

/// From the file or, as in container-bench, from three variables.
void read_registry(Reading& reading, const Fields& benchmark, RunSpec& spec) {
  if (const Field* docker_field = benchmark.find("docker")) {
    const Fields docker(reading, *docker_field->node, docker_field->key->members, "`docker`",
                        docker_field->key_span);
    if (docker.written("registry")) {
      const Field* field = docker.find("registry");
      if (field == nullptr) return;
      const Fields registry(reading, *field->node, field->key->members, "`registry`", field->key_span);
      if (!registry.text("host").empty())
        spec.registry = {registry.text("host"), registry.text("username"), registry.text("password")};
      return;
    }
  }
  const auto& host = reading.variable("DOCKER_REGISTRY_HOST");
  const auto& user = reading.variable("DOCKER_REGISTRY_USERNAME");
  if (!host || host->empty()) return;
  spec.registry = {*host, user.value_or(""), reading.variable("DOCKER_REGISTRY_PASSWORD").value_or("")};
  for (const char* name : {"DOCKER_REGISTRY_HOST", "DOCKER_REGISTRY_USERNAME"})
    if (reading.variable(name) &&
        std::find(reading.used.begin(), reading.used.end(), name) == reading.used.end())
      reading.used.emplace_back(name);
}

void add_tuning(Reading& reading, const Member& member, std::string_view stock, RunSpec& spec) {
  const Key key{.name = member.key, .type = Type::Text, .doc = "parameter of the policy"};
  if (member.value->type == Node::Type::Scalar && has_param(stock, member.key)) {
    if (const auto field = read_field(reading, key, member))
      spec.params.emplace_back(member.key, Located<std::string>{field->text, field->span});
    return;
  }
  if (member.value->type == Node::Type::Map) {  // prober, allocator
    const auto& inner = member.value->members;
    const auto known =
        std::count_if(inner.begin(), inner.end(), [&](const Member& m) { return has_param(stock, m.key); });
    if (known > 0) {
      for (const Member& each : inner) add_tuning(reading, each, stock, spec);
      return;
    }
  }
  reading.ignored.push_back(member);
}

void check_implementation(Reading& reading, const Located<std::string>& scheduler, bool has_policy) {
  std::string name = scheduler.value;
  std::replace(name.begin(), name.end(), '-', '_');
  if (name.empty() || !stock_policy(name).empty()) return;
  const auto known = known_schedulers();
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    if (!has_policy)
      reading.diagnostics
          .report(Kind::UnknownScheduler, scheduler.span,
                  fmt::format("the scheduler `{}` of container-bench has no stock policy here",
                              shown(scheduler.value)),
                  "no such policy")
          .hint("`cbench run` needs `--policy FILE.cbp`, or `policy: FILE.cbp` beside this key");
    return;
  }
  std::vector<std::string> candidates(known.begin(), known.end());
  for (std::string& policy : stock_names()) candidates.push_back(std::move(policy));
  auto built = reading.diagnostics.report(Kind::OutOfRange, scheduler.span,
                                          fmt::format("there is no scheduler `{}`", shown(scheduler.value)),
                                          "not known");
  if (const std::string hint = did_you_mean(name, candidates); !hint.empty()) built.hint(hint);
  built.hint("`implementation` names a stock policy; a policy of your own is `policy: FILE.cbp`");
}

}  // namespace

bool has_param(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.starts_with("param ")) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t", 6), line.size()));
    if (line.starts_with(name) && line.substr(name.size()).find_first_of(" \t:") == 0) return true;
  }
  return false;
}

void read_scheduler(Reading& reading, const Field& field, RunSpec& spec) {
  const Fields fields(reading, *field.node, field.key->members, "`scheduler`", field.key_span);
  spec.scheduler = fields.located("implementation");
  spec.policy = fields.located("policy");
  if (!spec.policy.value.empty()) spec.policy.value = reading.resolve(spec.policy.value);
  check_implementation(reading, spec.scheduler, !spec.policy.value.empty());
  if (const Field* rdt = fields.find("rdt")) spec.rdt = {rdt->truth, rdt->key_span};
  if (const std::string mode = fields.text("mode"); !mode.empty())
    spec.mode = mode == "observe" ? Mode::Observe : mode == "advise" ? Mode::Advise : Mode::Act;
  const std::string_view stock = spec.policy.value.empty() ? stock_policy(spec.scheduler.value) : "";
  for (const Member& member : fields.tuning()) add_tuning(reading, member, stock, spec);
  if (const Field* params = fields.find("params"))
    for (const auto& param : params->pairs) spec.params.push_back(param);
}

void read_benchmark(Reading& reading, const Fields& benchmark, const Overrides& overrides, RunSpec& spec) {
  spec.name = benchmark.located("name");
  spec.description = benchmark.text("description");
  spec.max_ns = benchmark.integer("max_t").value_or(0);
  spec.drain = benchmark.truth("drain");
  spec.pid_sync_ns = benchmark.integer("pid_sync_interval").value_or(spec.pid_sync_ns);
  const EngineKind written = benchmark.text("engine") == "process" ? EngineKind::Process : EngineKind::Docker;
  spec.engine = overrides.engine.value_or(written);
  spec.repeat = benchmark.integer("repeat").value_or(1);
  spec.warmup_runs = benchmark.integer("warmup_runs").value_or(0);
  spec.cooldown_ns = benchmark.integer("cooldown_t").value_or(0);
  const std::string admission = benchmark.text("admission");
  spec.admission = admission == "queue"      ? Admission::Queue
                   : admission == "backfill" ? Admission::Backfill
                                             : Admission::Share;
  spec.discard_ns = benchmark.integer("discard").value_or(0);
  spec.output = benchmark.text("output");
  if (const Field* discard = benchmark.find("discard");
      discard != nullptr && benchmark.find("max_t") != nullptr && spec.discard_ns >= spec.max_ns)
    reading.diagnostics
        .report(Kind::OutOfRange, discard->span, "`discard` leaves nothing of the run",
                "must be below `max_t`")
        .label(benchmark.find("max_t")->span, "the run ends here");
  if (const Field* scheduler = benchmark.find("scheduler")) read_scheduler(reading, *scheduler, spec);
  if (const Field* data = benchmark.find("data")) read_influx(reading, *data, spec);
  read_registry(reading, benchmark, spec);
  read_host(reading, benchmark, spec);
}

}  // namespace cbench::config
