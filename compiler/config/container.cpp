// One container of the configuration.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/config/scalar.h"
#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

/// Docker's own rule: the name becomes part of container names, cgroups and files.
bool is_container_name(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= 128 && alphanumeric(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

void read_name(Reading& reading, const Fields& fields, const Member& member, ContainerSpec& spec) {
  spec.name = fields.find("name") != nullptr ? fields.located("name")
                                             : Located<std::string>{member.key, member.key_span};
  if (!is_container_name(spec.name.value))
    reading.diagnostics
        .report(Kind::OutOfRange, spec.name.span,
                fmt::format("{} cannot be a container's name", in_ticks(spec.name.value)), "not a name")
        .hint(
            "a name has letters, digits, `_`, `.` and `-`, begins with a letter or digit, and is at most 128 "
            "long");
}

void read_ports(Reading& reading, const Fields& fields, ContainerSpec& spec) {
  const Field* field = fields.find("port");
  if (field == nullptr) return;
  for (const auto& text : field->texts) {
    if (auto port = parse_port(text.value)) {
      port->span = text.span;
      spec.ports.push_back(std::move(*port));
    } else {
      reading.diagnostics
          .report(Kind::WrongType, text.span, fmt::format("{} is not a published port", in_ticks(text.value)),
                  "not `HOST:CONTAINER`")
          .hint("such as `8080:80`, `127.0.0.1:8080:80` or `5353:53/udp`");
    }
  }
}

void read_volumes(Reading& reading, const Fields& fields, ContainerSpec& spec) {
  const Field* field = fields.find("volumes");
  if (field == nullptr) return;
  for (const auto& text : field->texts) {
    auto volume = parse_volume(text.value);
    if (!volume || volume->source.starts_with('~')) {
      auto built = reading.diagnostics.report(Kind::WrongType, text.span,
                                              fmt::format("{} is not a bind mount", in_ticks(text.value)),
                                              "not `SOURCE:TARGET[:ro]`");
      built.hint(volume ? "`~` is not expanded here: write `${HOME}`"
                        : "such as `./data:/data:ro`; the target begins with `/`");
      continue;
    }
    volume->source = reading.resolve(volume->source);
    spec.volumes.push_back(std::move(*volume));
  }
}

void read_entrypoint(Reading& reading, const Fields& fields, ContainerSpec& spec) {
  const Field* field = fields.find("entrypoint");
  if (field == nullptr) return;
  spec.entrypoint.emplace();
  const bool single = field->node->type == Node::Type::Scalar;
  for (const auto& text : field->texts) {
    if (single && text.value.find(' ') != std::string::npos) {
      reading.diagnostics
          .report(Kind::WrongType, text.span, "an `entrypoint` with arguments is a list",
                  "one program's name?")
          .hint("write `[program, argument, …]`, or put the text into `command`, which a shell reads");
    } else if (!single || !text.value.empty()) {
      spec.entrypoint->push_back(text.value);
    }
  }
}

/// What the engine needs, and what it cannot do. One report a container.
void check_engine(Reading& reading, const Fields& fields, const Member& member, const RunSpec& run,
                  Span engine, const ContainerSpec& spec, std::string_view what) {
  if (run.engine == EngineKind::Docker) {
    if (fields.written("image") && (fields.find("image") == nullptr || !spec.image.value.empty())) return;
    reading.diagnostics
        .report(Kind::MissingKey, member.key_span, fmt::format("{} has no `image`", what), "needs `image`")
        .hint("give it one, or write `engine: process` in `benchmark` to run `command` on the host");
    return;
  }
  if (!fields.written("command") || (fields.find("command") != nullptr && spec.command.value.empty()))
    reading.diagnostics
        .report(Kind::MissingKey, member.key_span, fmt::format("{} has no `command`", what),
                "needs `command`")
        .hint("with `engine: process`, `command` is what `sh -c` runs on the host");
  std::vector<const Member*> clashing;
  for (const Member& key : member.value->members)
    for (const std::string_view name :
         {"image", "entrypoint", "port", "volumes", "privileged", "pull", "user"})
      if (key.key == name) clashing.push_back(&key);
  if (clashing.empty()) return;
  auto built = reading.diagnostics.report(
      Kind::Conflict, clashing.front()->key_span,
      fmt::format("`{}` of {} needs `engine: docker`", clashing.front()->key, what), "only Docker has it");
  for (size_t i = 1; i < clashing.size(); ++i) built.label(clashing[i]->key_span, "and this");
  built.label(engine, "the engine is chosen here").hint("remove what only Docker has, or the engine");
}

bool has_member(const Node& map, std::string_view key) {
  return std::any_of(map.members.begin(), map.members.end(), [&](const Member& m) { return m.key == key; });
}

Member with_common_data(const Reading& reading, const Member& container) {
  Node node = *container.value;
  node.members.push_back({"data", reading.common_data_span, reading.common_data});
  return {container.key, container.key_span, std::make_shared<const Node>(std::move(node))};
}

}  // namespace

ContainerDraft read_container(Reading& reading, const Member& written, Keys keys, const RunSpec& run,
                              Span engine) {
  const bool commons = reading.common_data != nullptr && !has_member(*written.value, "data");
  const Member member = commons ? with_common_data(reading, written) : written;
  ContainerDraft draft;
  ContainerSpec& spec = draft.spec;
  spec.span = member.key_span;
  const std::string what =
      fmt::format("{} `{}`", is_of_template(keys) ? "template" : "container", shown(member.key));
  const Fields fields(reading, *member.value, keys, what, member.key_span);
  read_name(reading, fields, member, spec);
  draft.index = fields.integer("index");
  if (const Field* index = fields.find("index")) draft.index_span = index->span;
  spec.image = fields.located("image");
  if (spec.image.span.known())
    spec.image_place = fmt::format("{}:{}", reading.sources.name(spec.image.span.source),
                                   reading.sources.line(spec.image.span));
  spec.command = fields.located("command");
  read_entrypoint(reading, fields, spec);
  check_engine(reading, fields, member, run, engine, spec, what);
  if (const Field* core = fields.find("core")) spec.cores = {core->cpus, core->span};
  spec.num_cores = spec.cores.value.any() ? static_cast<int64_t>(spec.cores.value.count())
                                          : fields.integer("num_cores").value_or(1);
  draft.kind = fields.text("kind");
  draft.sensitivity = fields.text("sensitivity");
  spec.exclusive = fields.truth("exclusive", true);
  read_ports(reading, fields, spec);
  read_volumes(reading, fields, spec);
  if (const Field* environment = fields.find("environment"))
    for (const auto& [name, value] : environment->pairs) spec.environment.emplace_back(name, value.value);
  spec.user = fields.text("user");
  spec.role = fields.text("role");
  if (const Field* nodes = fields.find("cpuset_mems")) spec.memory_nodes = {nodes->cpus, nodes->span};
  spec.memory_bytes = fields.integer("memory").value_or(0);
  spec.cpus = fields.number("cpus").value_or(0);
  spec.privileged = fields.truth("privileged");
  spec.critical = fields.truth("critical");
  spec.priority = fields.truth("priority");
  spec.allow_failure = fields.truth("allow_failure");
  const std::string pull = fields.text("pull");
  spec.pull = pull == "always" ? Pull::Always : pull == "never" ? Pull::Never : Pull::Missing;
  spec.start_ns = fields.integer("start_t").value_or(0);
  draft.stop_ns = fields.integer("stop_t");
  spec.length_ns = fields.integer("length");
  spec.expected_ns = fields.integer("expected_t");
  for (const auto& [name, span] : {std::pair("start_t", &draft.start_span),
                                   {"stop_t", &draft.stop_span},
                                   {"length", &draft.length_span},
                                   {"expected_t", &draft.expected_span}}) {
    const Field* field = fields.find(name);
    if (field != nullptr) *span = field->span;
    draft.times_good = draft.times_good && (field != nullptr || !fields.written(name));
  }
  const size_t errors = reading.diagnostics.error_count();
  if (const Field* data = fields.find("data"); data != nullptr && !(commons && reading.common_data_bad))
    read_sampling(reading, *data, draft);
  if (commons && reading.diagnostics.error_count() > errors) reading.common_data_bad = true;
  read_targets(reading, fields, spec);
  return draft;
}

}  // namespace cbench::config
