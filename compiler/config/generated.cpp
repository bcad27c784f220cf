// From `arrival` and `workloads` to containers: one for each job that arrives.
#include <cmath>

#include <fmt/format.h>

#include "compiler/config/arrivals.h"
#include "compiler/config/sections.h"
#include "compiler/config/templates.h"

namespace cbench::config {
namespace {

constexpr size_t kLongestName = 120;
constexpr double kWeightUnits = 1e6;  // weights have six decimals

const Field* either(Reading& reading, const Fields& fields, std::string_view name,
                    std::string_view old_name) {
  const Field* field = fields.find(name);
  const Field* old = fields.find(old_name);
  if (field != nullptr && old != nullptr)
    reading.diagnostics
        .report(Kind::Conflict, old->key_span,
                fmt::format("`{}` is another name of `{}`, and both are there", old_name, name), "again here")
        .label(field->key_span, "first here")
        .hint("remove one of the two");
  return field != nullptr ? field : old;
}

Weights read_weights(Reading& reading, const Field* field) {
  Weights weights;
  if (field == nullptr) return weights;
  const std::string name(field->key->name);
  const Fields fields(reading, *field->node, field->key->members, fmt::format("`{}`", name), field->key_span);
  if (fields.truth("random")) return weights;
  uint64_t sum = 0;
  for (const Key& key : field->key->members) {
    if (const auto weight = fields.number(key.name)) {
      weights.emplace_back(key.name, static_cast<uint64_t>(std::llround(*weight * kWeightUnits)));
      sum += weights.back().second;
    }
  }
  if (sum == 0 && !weights.empty())
    reading.diagnostics
        .report(Kind::OutOfRange, field->key_span, fmt::format("all weights of `{}` are 0", name),
                "one must be above 0")
        .hint("`random: true` takes every template alike");
  return weights;
}

void read_length(Reading& reading, const Fields& arrival, Normal& length) {
  const Field* field = arrival.find("length");
  if (field == nullptr) return;
  const Fields fields(reading, *field->node, field->key->members, "`length`", field->key_span);
  length.mean = fields.integer("mean").value_or(1);
  length.sigma = fields.integer("sigma").value_or(0);
  length.low = std::max<int64_t>(fields.integer("min").value_or(0), 1);
  length.high = fields.integer("max").value_or(INT64_MAX);
  if (length.low <= length.high) return;
  reading.diagnostics
      .report(Kind::OutOfRange, fields.find("max")->span, "`max` of `length` is below `min`",
              "must be at least `min`")
      .label(fields.find("min") != nullptr ? fields.find("min")->span : field->key_span, "the least");
  length.high = length.low;
}

/// nullopt: it makes no jobs, which was reported.
std::optional<Arrivals> read_arrival(Reading& reading, const Field& field, const Overrides& overrides) {
  const size_t errors = reading.diagnostics.error_count();
  const Fields fields(reading, *field.node, field.key->members, "`arrival`", field.key_span);
  Arrivals arrivals;
  arrivals.seed = overrides.seed.value_or(static_cast<uint64_t>(fields.integer("seed").value_or(1)));
  arrivals.gap.mean = fields.integer("mean").value_or(1);
  arrivals.gap.sigma = fields.integer("sigma").value_or(0);
  if (arrivals.gap.mean == 0 && arrivals.gap.sigma == 0)
    reading.diagnostics.report(Kind::OutOfRange, fields.find("mean")->span,
                               "`mean` and `sigma` are 0: there is no end of jobs", "one must be above 0");
  read_length(reading, fields, arrivals.length);
  arrivals.kinds = read_weights(reading, fields.find("split"));
  arrivals.sensitivities = read_weights(reading, either(reading, fields, "sensitivities", "sensetivities"));
  arrivals.priorities = read_weights(reading, either(reading, fields, "priorities", "priority_split"));
  if (reading.diagnostics.error_count() > errors) return std::nullopt;
  return arrivals;
}

struct Prototype {
  ContainerDraft draft;
  Traits traits;
};

std::vector<Prototype> read_prototypes(Reading& reading, const std::vector<Template>& templates,
                                       const RunSpec& spec, Span engine) {
  std::vector<Prototype> out;
  const std::filesystem::path folder = reading.folder;
  for (const Template& each : templates) {
    if (reading.diagnostics.enough()) break;
    reading.folder = each.folder;
    ContainerDraft draft = read_container(reading, each.member, template_keys(), spec, engine);
    if (draft.spec.name.value.size() > kLongestName)
      reading.diagnostics.report(Kind::OutOfRange, draft.spec.name.span,
                                 fmt::format("a template's name has at most {} characters", kLongestName),
                                 "too long: a job's name has its number in front");
    const std::string priority = draft.spec.priority ? "priority" : "nonpriority";
    Traits traits{draft.kind, draft.sensitivity, priority};
    out.push_back({std::move(draft), std::move(traits)});
  }
  reading.folder = folder;
  return out;
}

std::string in_words(const Traits& traits) {
  std::string out;
  for (const std::string* each : {&traits.kind, &traits.sensitivity, &traits.priority})
    if (!each->empty()) out += (out.empty() ? "`" : " and `") + *each + "`";
  return out;
}

void warn_unmatched(Reading& reading, const Generated& generated, Span arrival) {
  constexpr size_t kShown = 5;
  if (generated.unmatched.empty()) return;
  const auto& [first, count] = generated.unmatched.front();
  auto built = reading.diagnostics.report(Kind::NoTemplate, arrival,
                                          fmt::format("no template is {}: {} of {} jobs take another",
                                                      in_words(first), count, generated.jobs.size()),
                                          "asks for it");
  for (size_t i = 1; i < std::min(generated.unmatched.size(), kShown); ++i)
    built.note(fmt::format("nor is one {}: {} jobs", in_words(generated.unmatched[i].first),
                           generated.unmatched[i].second));
  if (generated.unmatched.size() > kShown)
    built.note(fmt::format("and {} more combinations", generated.unmatched.size() - kShown));
}

ContainerDraft job_of(const Prototype& prototype, const Job& job, size_t number) {
  ContainerDraft draft = prototype.draft;
  ContainerSpec& spec = draft.spec;
  draft.is_job = true;
  spec.name.value = fmt::format("{:04}-{}", number, spec.name.value);
  spec.start_ns = job.start_ns;
  spec.length_ns = job.length_ns;
  return draft;
}

}  // namespace

std::vector<ContainerDraft> read_generated(Reading& reading, const Fields& top, const Overrides& overrides,
                                           const Importer& importer, size_t room, RunSpec& spec,
                                           Span engine) {
  const Field* arrival = top.find("arrival");
  const Field* workloads = top.find("workloads");
  if (workloads != nullptr && workloads->node->type != Node::Type::Map) {
    reading.diagnostics.report(Kind::WrongType, workloads->key_span, "`workloads` is a map of templates",
                               "is no map");
    return {};
  }
  if ((arrival == nullptr) != (workloads == nullptr)) {
    if (top.written(arrival == nullptr ? "arrival" : "workloads")) return {};  // was reported
    const Field& alone = arrival == nullptr ? *workloads : *arrival;
    reading.diagnostics
        .report(Kind::MissingKey, alone.key_span,
                arrival == nullptr ? "there are `workloads`, and no `arrival` that says when they come"
                                   : "there is `arrival`, and no `workloads` that may come",
                "stands alone")
        .hint("`arrival: {mean: 5, length: {mean: 20}}` and `workloads: {NAME: {command: …}}` make jobs");
    return {};
  }
  if (arrival == nullptr) return {};
  const size_t errors = reading.diagnostics.error_count();
  const auto arrivals = read_arrival(reading, *arrival, overrides);
  const auto templates = read_templates(reading, *workloads->node, importer);
  const auto prototypes = read_prototypes(reading, templates, spec, engine);
  if (templates.empty() && reading.diagnostics.error_count() == errors)
    reading.diagnostics.report(Kind::MissingKey, workloads->key_span, "`workloads` has no template",
                               "needs one, or `input`");
  if (reading.diagnostics.error_count() > errors || spec.max_ns <= 0) return {};
  spec.seed = arrivals->seed;
  std::vector<Traits> traits;
  for (const Prototype& each : prototypes) traits.push_back(each.traits);
  const Generated generated = generate(*arrivals, traits, spec.max_ns, room);
  if (generated.jobs.size() > room) {
    reading.diagnostics
        .report(Kind::OutOfRange, arrival->key_span,
                fmt::format("more than {} containers arrive before `max_t`", room), "too many for one run")
        .hint("raise `mean`, or lower `max_t`");
    return {};
  }
  warn_unmatched(reading, generated, arrival->key_span);
  std::vector<ContainerDraft> jobs;
  for (size_t i = 0; i < generated.jobs.size(); ++i)
    jobs.push_back(job_of(prototypes[generated.jobs[i].of], generated.jobs[i], i));
  return jobs;
}

}  // namespace cbench::config
