// `data` of a container: which metrics are sampled, and how often.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "compiler/config/sections.h"
#include "stdlib/abi/inputs.h"

namespace cbench::config {
namespace {

constexpr Key kFrequency{.name = "frequency",
                         .type = Type::Milliseconds,
                         .doc = "sampling period of this group",
                         .low = 1,
                         .high = 86'400'000};
constexpr Key kMinRunning{.name = "min_running",
                          .type = Type::Fraction,
                          .doc = "share of the interval that an event has to be counted in",
                          .low = 0,
                          .high = 1};
constexpr Key kAll{
    .name = "all", .type = Type::Bool, .doc = "every metric of the group, but for those that are `false`"};
constexpr Key kEvents{
    .name = "events", .type = Type::TextMap, .doc = "events of one's own, `NAME: rNNNN or libpfm4's name`"};

Span with_value(Span key, Span value) {
  return value.source == key.source && value.begin >= key.end ? join(key, value) : key;
}

std::string group_name(MetricGroup group) { return std::string(kMetricGroups[static_cast<size_t>(group)]); }

class GroupReader {
 public:
  GroupReader(Reading& reading, MetricGroup group, Sampling& sampling)
      : reading_(reading), group_(group), sampling_(sampling) {}

  /// Reads `field` and gives the group's own period, if it has one.
  std::optional<Field> read(const Field& field) {
    if (field.node->type == Node::Type::Scalar) {
      if (field.truth) enable_all();
      return std::nullopt;
    }
    std::optional<Field> period;
    for (const Member& member : field.node->members)
      if (member.key == kAll.name)
        if (const auto all = read_field(reading_, kAll, member); all && all->truth) enable_all();
    for (const Member& member : field.node->members) {
      if (reading_.diagnostics.enough()) break;
      if (member.key == kAll.name) continue;
      if (member.key == kFrequency.name) {
        period = read_field(reading_, kFrequency, member);
      } else if (group_ == MetricGroup::perf && member.key == kMinRunning.name) {
        if (const auto share = read_field(reading_, kMinRunning, member))
          sampling_.min_running = share->number;
      } else if (group_ == MetricGroup::perf && member.key == kEvents.name) {
        if (const auto events = read_field(reading_, kEvents, member))
          read_events(reading_, *events, sampling_);
      } else {
        read_metric(member);
      }
    }
    return period;
  }

 private:
  void enable_all() {
    for (size_t i = 0; i < kMetricCount; ++i)
      if (kMetrics[i].group == group_) sampling_.enabled.set(i);
  }

  void read_metric(const Member& member) {
    const auto metric = find_metric(group_name(group_), shown(member.key));
    if (!metric) {
      const auto strays = stray_metrics();
      if (std::find(strays.begin(), strays.end(), member.key) != strays.end())
        reading_.ignored.push_back(member);
      else
        report_unknown(member);
      return;
    }
    const Key key{.name = member.key, .type = Type::Bool, .doc = info(*metric).doc};
    const auto field = read_field(reading_, key, member);
    if (!field) return;
    sampling_.enabled.set(static_cast<size_t>(*metric), field->truth);
    if (!field->truth) sampling_.switched_off.emplace_back(*metric, with_value(field->key_span, field->span));
  }

  void report_unknown(const Member& member) {
    std::vector<std::string> names{std::string(kFrequency.name), std::string(kAll.name)};
    if (group_ == MetricGroup::perf) names.insert(names.end(), {"events", "min_running"});
    std::string other;
    for (const MetricInfo& metric : kMetrics) {
      if (metric.group == group_) names.emplace_back(metric.name);
      if (metric.scope == MetricScope::Container && find_metric(group_name(metric.group), member.key))
        other = group_name(metric.group);
    }
    auto built = reading_.diagnostics.report(
        Kind::UnknownKey, member.key_span,
        fmt::format("the group `{}` has no metric `{}`", group_name(group_), shown(member.key)), "not known");
    if (!other.empty())
      built.hint(fmt::format("it belongs to the group `{}`", other));
    else if (const std::string hint = did_you_mean(member.key, names); !hint.empty())
      built.hint(hint);
    built.hint("`cbench metrics` lists them all");
  }

  Reading& reading_;
  MetricGroup group_;
  Sampling& sampling_;
};

bool any_of(const MetricSet& enabled, MetricGroup group) {
  for (size_t i = 0; i < kMetricIds; ++i)
    if (enabled[i] && info(static_cast<Metric>(i)).group == group) return true;
  return false;
}

struct Group {
  MetricGroup group;
  Span Sampling::* span;
  int64_t Sampling::* period;
};
constexpr Group kGroups[] = {{MetricGroup::perf, &Sampling::perf_span, &Sampling::perf_period_ns},
                             {MetricGroup::docker, &Sampling::docker_span, &Sampling::docker_period_ns},
                             {MetricGroup::rdt, &Sampling::rdt_span, &Sampling::rdt_period_ns},
                             {MetricGroup::app, &Sampling::app_span, &Sampling::app_period_ns}};

/// A group that is off gets the container's shortest period, so that no period is ever 0.
void fill_periods(Reading& reading, const Fields& data, ContainerDraft& draft) {
  Sampling& sampling = draft.spec.sampling;
  const Field* common = data.find("frequency");
  bool missing = false, needed = false;
  for (const Group& group : kGroups) {
    if (!any_of(sampling.enabled, group.group) || sampling.*group.period != 0) continue;
    needed = true;
    missing = missing || common == nullptr;
  }
  if (missing && !data.written("frequency"))
    reading.diagnostics
        .report(Kind::MissingKey, sampling.span,
                fmt::format("`data` of container `{}` has no `frequency`", shown(draft.spec.name.value)),
                "needs `frequency`")
        .hint("`frequency: 100` samples every 100 ms");
  if (common != nullptr && needed) draft.periods.push_back({common->integer, common->span});
  int64_t shortest = 0;
  for (const auto& period : draft.periods)
    shortest = shortest == 0 ? period.ns : std::min(shortest, period.ns);
  for (const Group& group : kGroups) {
    const bool on = any_of(sampling.enabled, group.group);
    if (!on) sampling.*group.period = shortest;
    if (on && sampling.*group.period == 0)
      sampling.*group.period = common != nullptr ? common->integer : shortest;
  }
}

}  // namespace

void read_sampling(Reading& reading, const Field& data_field, ContainerDraft& draft) {
  Sampling& sampling = draft.spec.sampling;
  sampling.span = data_field.key_span;
  const size_t errors = reading.diagnostics.error_count();
  const Fields data(reading, *data_field.node, data_keys(),
                    fmt::format("`data` of container `{}`", shown(draft.spec.name.value)),
                    data_field.key_span);
  for (const Group& group : kGroups) {
    const Field* field = data.find(group_name(group.group));
    if (field == nullptr) continue;
    const bool scalar = field->node->type == Node::Type::Scalar;
    sampling.*group.span = scalar ? with_value(field->key_span, field->span) : field->key_span;
    const auto own = group.group == MetricGroup::app
                         ? read_app(reading, *field, draft.spec)
                         : GroupReader(reading, group.group, sampling).read(*field);
    if (!own) continue;
    sampling.*group.period = own->integer;
    if (any_of(sampling.enabled, group.group)) draft.periods.push_back({own->integer, own->span});
  }
  sampling.enabled = with_inputs(sampling.enabled);
  if (sampling.enabled.none() && reading.diagnostics.error_count() == errors) {
    auto built = reading.diagnostics.report(
        Kind::NothingSampled, sampling.span,
        fmt::format("container `{}` samples no metric", shown(draft.spec.name.value)), "nothing is on");
    built.hint("turn a group on, such as `docker: true`");
    return;
  }
  if (sampling.enabled.any()) fill_periods(reading, data, draft);
}

}  // namespace cbench::config
