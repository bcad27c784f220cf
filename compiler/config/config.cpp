// The table of contents of reading a configuration: tree, benchmark, containers, and what holds between them.
#include "compiler/config/config.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/config/reading.h"
#include "compiler/config/sections.h"

namespace cbench {
namespace config {
namespace {

constexpr size_t kMaxContainers = 1024;

bool is_reserved(const Member& member) { return has_key(top_keys(), member.key); }

/// `workload: {a: …}`: nothing in it is of a container, and its name is nearly another key's.
bool is_misspelt(Reading& reading, const Member& member) {
  for (const Member& inner : member.value->members)
    if (has_key(container_keys(), inner.key)) return false;
  const std::string hint = did_you_mean(member.key, names_of(top_keys()));
  if (hint.empty()) return false;
  reading.diagnostics
      .report(Kind::UnknownKey, member.key_span,
              fmt::format("`{}` is no container, and no key of the configuration", shown(member.key)),
              "not known")
      .hint(hint);
  return true;
}

bool check_root(const Node& root, uint32_t source, Diagnostics& diagnostics) {
  if (root.type == Node::Type::Map) return true;
  if (root.type == Node::Type::Null) {
    diagnostics.report(Kind::MissingKey, {source, 0, 0}, "the configuration is empty",
                       "needs `benchmark` and a container");
  } else {
    diagnostics.report(Kind::WrongType, root.span, "a configuration is a map of `benchmark` and containers",
                       "is no map");
  }
  return false;
}

std::vector<ContainerDraft> read_containers(Reading& reading, const Node& root, const RunSpec& spec,
                                            Span engine) {
  std::vector<ContainerDraft> drafts;
  for (const Member& member : root.members) {
    if (is_reserved(member)) continue;
    if (reading.diagnostics.enough()) break;
    if (drafts.size() == kMaxContainers) {
      reading.diagnostics.report(Kind::OutOfRange, member.key_span,
                                 fmt::format("a run has at most {} containers", kMaxContainers),
                                 "one too many");
      break;
    }
    if (member.value->type != Node::Type::Map) {
      auto built = reading.diagnostics.report(Kind::WrongType, member.key_span,
                                              fmt::format("container `{}` is not a map", shown(member.key)),
                                              "must have `data` and more");
      if (const std::string hint = did_you_mean(member.key, names_of(top_keys())); !hint.empty())
        built.hint(hint);
      continue;
    }
    if (is_misspelt(reading, member)) continue;
    drafts.push_back(read_container(reading, member, container_keys(), spec, engine));
  }
  return drafts;
}

bool in_file_order(Span a, Span b) { return a.source != b.source ? a.source < b.source : a.begin < b.begin; }

/// One warning for all keys that were accepted for container-bench's sake.
void warn_ignored(Reading& reading) {
  if (reading.ignored.empty()) return;
  std::sort(reading.ignored.begin(), reading.ignored.end(),
            [](const Member& a, const Member& b) { return in_file_order(a.key_span, b.key_span); });
  reading.ignored.erase(
      std::unique(reading.ignored.begin(), reading.ignored.end(),
                  [](const Member& a, const Member& b) { return a.key_span == b.key_span; }),
      reading.ignored.end());  // those of the common `data` are met once a container
  const Member& first = reading.ignored.front();
  const size_t more = reading.ignored.size() - 1;
  auto built = reading.diagnostics.report(
      Kind::IgnoredKey, first.key_span,
      more == 0   ? fmt::format("`{}` has no effect here", first.key)
      : more == 1 ? fmt::format("`{}` and 1 more key have no effect here", first.key)
                  : fmt::format("`{}` and {} more keys have no effect here", first.key, more),
      "ignored");
  for (size_t i = 1; i < reading.ignored.size(); ++i) built.label(reading.ignored[i].key_span, "ignored");
  built.note("the keys are container-bench's own, and nothing here depends on them");
}

std::optional<RunSpec> read_root(Reading& reading, const Node& root, const std::string& path,
                                 const Overrides& overrides, const Importer& importer) {
  RunSpec spec;
  spec.path = path;
  Node reserved;  // the other keys are containers
  for (const Member& member : root.members)
    if (is_reserved(member)) reserved.members.push_back(member);
  const Fields top(reading, reserved, top_keys(), "the configuration", {reading.source, 0, 0});
  const Field* field = top.find("benchmark");
  static const Node kEmpty;
  const Fields benchmark(reading, field != nullptr ? *field->node : kEmpty,
                         field != nullptr ? benchmark_keys() : Keys{}, "`benchmark`",
                         field != nullptr ? field->key_span : Span{});
  read_benchmark(reading, benchmark, overrides, spec);
  if (const Field* data = top.find("data")) {
    reading.common_data = data->node;
    reading.common_data_span = data->key_span;
  } else if (top.written("data")) {
    Node none;
    none.type = Node::Type::Map;
    reading.common_data = std::make_shared<const Node>(std::move(none));
    reading.common_data_bad = true;  // was reported
  }
  const Field* engine = benchmark.find("engine");
  const Span engine_span = engine != nullptr ? engine->span : Span{};
  auto drafts = read_containers(reading, root, spec, engine_span);
  const size_t room = kMaxContainers - drafts.size();
  for (ContainerDraft& job : read_generated(reading, top, overrides, importer, room, spec, engine_span))
    drafts.push_back(std::move(job));
  const bool any = root.members.size() > reserved.members.size() || top.written("arrival");
  if (!any && !top.written("workloads") && field != nullptr)
    reading.diagnostics
        .report(Kind::MissingKey, field->key_span, "the configuration has no container", "stands alone")
        .hint(
            "every other top-level key is a container: `name: {image: …, data: {frequency: 100, docker: "
            "true}}`");
  if (!benchmark.written("admission") && top.find("arrival") != nullptr) spec.admission = Admission::Queue;
  check_containers(reading, benchmark, spec, drafts);
  choose_step(reading, benchmark, spec, drafts);
  warn_ignored(reading);
  for (ContainerDraft& draft : drafts) spec.containers.push_back(std::move(draft.spec));
  scale_times(reading, benchmark, overrides.time_scale, spec);
  if (reading.diagnostics.has_errors()) return std::nullopt;
  spec.events = std::move(reading.events);
  spec.variables = used_variables(reading);
  spec.masked_text = masked_text(reading, reading.source);
  for (const auto& [file, source] : reading.imported)
    spec.imports.push_back({file, masked_text(reading, source)});
  return spec;
}

}  // namespace
}  // namespace config

std::optional<RunSpec> configure(SourceSet& sources, uint32_t source, const std::string& path,
                                 const Environment& environment, Diagnostics& diagnostics,
                                 const Overrides& overrides, const Importer& importer) {
  const config::NodePtr root = config::parse_yaml(sources, source, diagnostics);
  if (!root || !config::check_root(*root, source, diagnostics)) return std::nullopt;
  std::error_code ignored;  // without a working directory, relative paths stay relative
  const auto folder = std::filesystem::absolute(path, ignored).parent_path();
  config::Reading reading{.sources = sources,
                          .source = source,
                          .environment = environment,
                          .diagnostics = diagnostics,
                          .folder = folder};
  return config::read_root(reading, *root, path, overrides, importer);
}

}  // namespace cbench
