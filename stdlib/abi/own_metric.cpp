#include "stdlib/abi/own_metric.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>

namespace cbench {
namespace {

struct Entry {
  std::string field;  ///< info's texts are parts of it
  MetricInfo info{};
};

/// Entries are never changed once they are counted, so that reading them needs no lock.
struct Registry {
  std::mutex mutex;
  std::atomic<size_t> count = 0;
  std::array<std::unique_ptr<const Entry>, kOwnMetrics> entries;
};

Registry& registry() {
  static Registry all;
  return all;
}

/// In what a metric of one's own is held: ns, or the unit of scale 1 (bytes, 0..1, /s …).
Unit held_in(Unit unit) {
  const UnitInfo& u = info(unit);
  if (u.second == 1 && u.byte == 0 && u.cycle == 0 && u.instruction == 0) return Unit::Nanoseconds;
  if (u.scale == 1) return unit;
  for (size_t i = 0; i < std::size(kUnits); ++i) {
    const UnitInfo& v = kUnits[i];
    if (v.scale == 1 && v.tag == u.tag && v.byte == u.byte && v.second == u.second && v.cycle == u.cycle &&
        v.instruction == u.instruction)
      return static_cast<Unit>(i);
  }
  return unit;
}

/// As the policy language has it: what is counted is an integer.
bool is_whole(Unit held) {
  const UnitInfo& u = info(held);
  return held == Unit::Nanoseconds || held == Unit::Bytes || held == Unit::Cycles || held == Unit::Instructions ||
         u.tag == UnitTag::Count || u.tag == UnitTag::Way || u.tag == UnitTag::Core || u.tag == UnitTag::Step;
}

std::unique_ptr<const Entry> make_entry(MetricGroup group, std::string_view name, Unit unit) {
  auto entry = std::make_unique<Entry>();
  const std::string_view group_name = kMetricGroups[static_cast<size_t>(group)];
  entry->field = std::string(group_name) + "_" + std::string(name);
  unit = held_in(unit);
  const bool whole = is_whole(unit);
  MetricInfo& i = entry->info;
  i.group = group;
  i.field = entry->field;
  i.name = i.field.substr(group_name.size() + 1);
  i.type = whole ? MetricType::I64 : MetricType::F64;
  i.unit = unit;
  i.kind = group == MetricGroup::perf                ? MetricKind::Delta
           : group == MetricGroup::rdt && !whole ? MetricKind::Derived
                                                     : MetricKind::Gauge;
  i.scope = MetricScope::Container;
  i.source = group == MetricGroup::perf ? "data.perf.events" : group == MetricGroup::rdt ? "mon_data/*" : "data.app";
  i.doc = group == MetricGroup::rdt ? "of one L3 domain" : "named in bench.yml";
  return entry;
}

}  // namespace

std::optional<Metric> declare_metric(MetricGroup group, std::string_view name, Unit unit) {
  auto entry = make_entry(group, name, unit);
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  const size_t count = all.count;
  for (size_t i = 0; i < count; ++i)
    if (all.entries[i]->field == entry->field && all.entries[i]->info.unit == entry->info.unit)
      return static_cast<Metric>(kMetricCount + i);
  if (count == kOwnMetrics) return std::nullopt;
  all.entries[count] = std::move(entry);
  all.count = count + 1;
  return static_cast<Metric>(kMetricCount + count);
}

const MetricInfo& own_info(Metric metric) {
  return registry().entries[static_cast<size_t>(metric) - kMetricCount]->info;
}

bool may_be_own_name(MetricGroup group, std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto good = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= kOwnNameBytes && letter(name[0]) && std::all_of(name.begin(), name.end(), good) &&
         !find_metric(kMetricGroups[static_cast<size_t>(group)], name);
}

std::vector<Metric> own_of(const std::vector<Metric>& metrics) {
  std::vector<Metric> own;
  std::copy_if(metrics.begin(), metrics.end(), std::back_inserter(own), is_own);
  return own;
}

void forget_own_metrics() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  all.count = 0;
  for (auto& entry : all.entries) entry.reset();
}

}  // namespace cbench
