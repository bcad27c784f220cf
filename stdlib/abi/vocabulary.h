// The vocabulary of metrics.def and units.def as enums and constant tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cbench {

enum class Unit : uint8_t {
#define CBENCH_UNIT(id, suffix, tag, by, s, cy, in, scale, doc) id,
#include "stdlib/abi/units.def"
};

/// Nominal mark of a dimensionless unit: keeps `80%` from being compared with a bare 80.
enum class UnitTag : uint8_t { None, Ratio, Count, Way, Core, Step };

/// One line of units.def.
struct UnitInfo {
  std::string_view name;    ///< as in C++, e.g. "Mpki"
  std::string_view suffix;  ///< as in a literal, e.g. "mpki"
  UnitTag tag;
  int8_t byte, second, cycle, instruction;  ///< exponents of the base dimensions
  double scale;                             ///< value in this unit × scale = value in the canonical unit
  std::string_view doc;
};

inline constexpr UnitInfo kUnits[] = {
#define CBENCH_UNIT(id, suffix, tag, by, s, cy, in, scale, doc) \
  {#id, suffix, UnitTag::tag, by, s, cy, in, scale, doc},
#include "stdlib/abi/units.def"
};
/// Can a value in the one be said in the other?
constexpr bool same_dimension(const UnitInfo& a, const UnitInfo& b) {
  return a.tag == b.tag && a.byte == b.byte && a.second == b.second && a.cycle == b.cycle && a.instruction == b.instruction;
}
constexpr const UnitInfo& info(Unit unit) { return kUnits[static_cast<size_t>(unit)]; }

/// What a value in this unit is divided by to become canonical, for units below one: 100 for percent. Dividing rounds 70% to 0.7
/// exactly, where a product with 0.01 would not.
constexpr double divisor(Unit unit) {
  const double scale = info(unit).scale;
  // NOLINTNEXTLINE(bugprone-incorrect-roundings): std::lround is not constexpr, and no scale is negative
  return scale < 1 ? static_cast<double>(static_cast<int64_t>(1 / scale + 0.5)) : 1.0;
}
constexpr double canonical(double value, Unit unit) {
  return info(unit).scale < 1 ? value / divisor(unit) : value * info(unit).scale;
}

enum class MetricType : uint8_t { I64, F64, Str };
enum class MetricKind : uint8_t { Delta, Cumulative, Gauge, Derived };
enum class MetricScope : uint8_t { Container, Host };
enum class MetricGroup : uint8_t { perf, docker, rdt, app, self };
inline constexpr std::string_view kMetricGroups[] = {"perf", "docker", "rdt", "app", "self"};

/// A metric's place in metrics.def. Written as `Metric::docker_cpu_usage_percent`.
enum class Metric : uint16_t {
#define CBENCH_METRIC(group, name, type, unit, kind, scope, source, doc) group##_##name,
#include "stdlib/abi/metrics.def"
};

/// One line of metrics.def.
struct MetricInfo {
  MetricGroup group;
  std::string_view name;   ///< within the group: "cpu_usage_percent"
  std::string_view field;  ///< exported: "docker_cpu_usage_percent"
  MetricType type;
  Unit unit;
  MetricKind kind;
  MetricScope scope;
  std::string_view source;
  std::string_view doc;
};

inline constexpr MetricInfo kMetrics[] = {
#define CBENCH_METRIC(group, name, type, unit, kind, scope, source, doc)                              \
  {MetricGroup::group, #name, #group "_" #name, MetricType::type, Unit::unit, MetricKind::kind, \
   MetricScope::scope, source, doc},
#include "stdlib/abi/metrics.def"
};
inline constexpr size_t kMetricCount = sizeof(kMetrics) / sizeof(kMetrics[0]);

/// Most metrics that one process knows beside metrics.def (own_metric.h); their numbers follow those of metrics.def.
inline constexpr size_t kOwnMetrics = 256;
inline constexpr size_t kMetricIds = kMetricCount + kOwnMetrics;
const MetricInfo& own_info(Metric metric);
constexpr bool is_own(Metric metric) { return static_cast<size_t>(metric) >= kMetricCount; }
constexpr const MetricInfo& info(Metric metric) {
  return is_own(metric) ? own_info(metric) : kMetrics[static_cast<size_t>(metric)];
}

/// Another spelling of a metric's name in a configuration.
struct MetricAlias {
  std::string_view group, alias, name;
};
inline constexpr MetricAlias kMetricAliases[] = {
#define CBENCH_METRIC(...)
#define CBENCH_METRIC_ALIAS(group, alias, name) {#group, #alias, #name},
#include "stdlib/abi/metrics.def"
};

/// The metric `name` of `group`, aliases included ("perf", "instructions"), of metrics.def or of `own`; nullopt when there is none.
std::optional<Metric> find_metric(std::string_view group, std::string_view name, std::span<const Metric> own = {});
/// The metric whose exported field is `field`, of metrics.def or of `own`; nullopt when there is none.
std::optional<Metric> find_metric_field(std::string_view field, std::span<const Metric> own = {});

/// Why a metric has, or has not, a value in a sample. Ok and Multiplexed carry one. Frozen: the numbers are
/// stored in traces.
enum class Status : uint8_t {
  Ok = 0,            ///< measured over the whole interval
  Multiplexed = 1,   ///< measured over a part of it and scaled by enabled / running time
  NotDue = 2,        ///< its period has not elapsed in this step
  NotScheduled = 3,  ///< the counter never ran in the interval
  Disabled = 4,      ///< turned off in the configuration
  Unsupported = 5,   ///< this host cannot measure it
  Unavailable = 6,   ///< resctrl said "Unavailable", the first sample of a difference, or the workload reported nothing
  Unassigned = 7,    ///< resctrl said "Unassigned"
  Stopped = 8,       ///< the container does not run
  Error = 9,         ///< reading failed
};
inline constexpr std::string_view kStatusNames[] = {"ok",          "multiplexed", "not_due",    "not_scheduled", "disabled",
                                                    "unsupported", "unavailable", "unassigned", "stopped",       "error"};
/// What `cause(x)` of the policy language tells of a metric or stream.
enum class Cause : uint8_t {
  Present,      ///< it has a value
  Never,        ///< a stream that was not evaluated yet
  NotDue,       ///< a metric that is not sampled in this step
  Stale,        ///< a stream whose last value is too old
  Unsupported,  ///< this host cannot measure it, or it is turned off
  Lost,         ///< it was to be measured, and there is no value
};
inline constexpr std::string_view kCauseNames[] = {"present", "never", "not_due", "stale", "unsupported", "lost"};
constexpr bool has_value(Status status) { return status <= Status::Multiplexed; }
constexpr std::string_view name(Status status) { return kStatusNames[static_cast<size_t>(status)]; }

}  // namespace cbench
