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

bool is_reserved(const Member& member) {
  const Keys keys = top_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == member.key; });
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

/// Is this a file of generated containers? Reported once, at the first of its keys.
bool report_generated(Reading& reading, const Node& root) {
  std::vector<Span> spans;
  for (const Member& member : root.members)
    if (member.key != "benchmark" && is_reserved(member)) spans.push_back(member.key_span);
  if (spans.empty()) return false;
  auto built = reading.diagnostics.report(
      Kind::NotYet, spans.front(),
      "generated workloads are not run by this version: it runs static containers only",
      "describes generated workloads");
  for (size_t i = 1; i < spans.size(); ++i) built.label(spans[i], "and this");
  built.hint("write the containers out, each as a key of its own with `start_t` and `stop_t`");
  return true;
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
      std::vector<std::string> names{"benchmark", "arrival", "workloads"};
      auto built = reading.diagnostics.report(Kind::WrongType, member.key_span,
                                              fmt::format("container `{}` is not a map", shown(member.key)),
                                              "must have `data` and more");
      if (const std::string hint = did_you_mean(member.key, names); !hint.empty()) built.hint(hint);
      continue;
    }
    drafts.push_back(read_container(reading, member, spec, engine));
  }
  return drafts;
}

/// One warning for all keys that were accepted for container-bench's sake.
void warn_ignored(Reading& reading) {
  if (reading.ignored.empty()) return;
  std::sort(reading.ignored.begin(), reading.ignored.end(),
            [](const Member& a, const Member& b) { return a.key_span.begin < b.key_span.begin; });
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

std::optional<RunSpec> read_root(Reading& reading, const Node& root, const std::string& path) {
  RunSpec spec;
  spec.path = path;
  Node top;  // only the reserved keys: the others are containers
  for (const Member& member : root.members)
    if (member.key == "benchmark") top.members.push_back(member);
  const bool generated = report_generated(reading, root);
  const Fields fields(reading, top, top_keys(), "the configuration", {reading.source, 0, 0});
  const Field* field = fields.find("benchmark");
  static const Node kEmpty;
  const Fields benchmark(reading, field != nullptr ? *field->node : kEmpty,
                         field != nullptr ? benchmark_keys() : Keys{}, "`benchmark`",
                         field != nullptr ? field->key_span : Span{});
  read_benchmark(reading, benchmark, spec);
  const Field* engine = benchmark.find("engine");
  auto drafts = read_containers(reading, root, spec, engine != nullptr ? engine->span : Span{});
  const bool any =
      std::any_of(root.members.begin(), root.members.end(), [](const Member& m) { return !is_reserved(m); });
  if (!any && !generated && field != nullptr)
    reading.diagnostics
        .report(Kind::MissingKey, field->key_span, "the configuration has no container", "stands alone")
        .hint(
            "every other top-level key is a container: `name: {image: …, data: {frequency: 100, docker: "
            "true}}`");
  check_containers(reading, benchmark, spec, drafts);
  choose_step(reading, benchmark, spec, drafts);
  warn_ignored(reading);
  if (reading.diagnostics.has_errors()) return std::nullopt;
  for (ContainerDraft& draft : drafts) spec.containers.push_back(std::move(draft.spec));
  spec.events = std::move(reading.events);
  spec.variables = used_variables(reading);
  spec.masked_text = masked_text(reading);
  return spec;
}

}  // namespace
}  // namespace config

std::optional<RunSpec> configure(const SourceSet& sources, uint32_t source, const std::string& path,
                                 const Environment& environment, Diagnostics& diagnostics,
                                 std::optional<EngineKind> engine) {
  const config::NodePtr root = config::parse_yaml(sources, source, diagnostics);
  if (!root || !config::check_root(*root, source, diagnostics)) return std::nullopt;
  std::error_code ignored;  // without a working directory, relative paths stay relative
  const auto folder = std::filesystem::absolute(path, ignored).parent_path();
  config::Reading reading{sources, source, environment, diagnostics, folder, {}, {},    {},
                          {},      {},     {},          {},          {},     0,  engine};
  return config::read_root(reading, *root, path);
}

}  // namespace cbench
