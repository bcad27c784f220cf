#include "runtime/collectors/mon_reading.h"

#include <time.h>

#include "runtime/host/monotonic.h"

namespace cbench {
namespace {

void add(MonValue& sum, const MonValue& part) {
  if (!has_value(sum.status) && sum.status != Status::Unsupported) return;  // what one domain lacks, all lack
  if (!has_value(part.status))
    sum = part;
  else
    sum = {sum.value + part.value, Status::Ok};
}

}  // namespace

void MonReading::take(const MonGroup& group, const Events& wanted) {
  time_ns_ = monotonic_ns();
  sums_ = {};
  values_.clear();
  for (const MonSource& source : group.sources()) {
    Value& value = values_.emplace_back(Value{source.node, source.id, {}});
    for (size_t event = 0; event < kMonEvents; ++event) {
      if (!wanted[event]) continue;
      value.values[event] = MonGroup::read(static_cast<MonEvent>(event), source);
      if (!source.node) add(sums_[event], value.values[event]);
    }
  }
}

MonValue MonReading::of(MonEvent event, bool node, uint32_t id) const {
  for (const Value& value : values_)
    if (value.node == node && value.id == id) return value.values[static_cast<size_t>(event)];
  return {};
}

MonRate MonReading::rate(MonEvent event, const MonReading& last, bool node, uint32_t id) const {
  const MonValue now = of(event, node, id), before = last.of(event, node, id);
  if (!has_value(now.status)) return {0, now.status};
  const int64_t dt = time_ns_ - last.time_ns_, bytes = now.value - before.value;
  if (!has_value(before.status) || dt <= 0 || bytes < 0) return {0, Status::Unavailable};
  const double rate = static_cast<double>(bytes) * 1e9 / static_cast<double>(dt);
  return rate > kMostBandwidth ? MonRate{0, Status::Error} : MonRate{rate, Status::Ok};
}

MonRate MonReading::rate(MonEvent event, const MonReading& last) const {
  MonRate sum;
  for (const Value& value : values_) {
    if (value.node) continue;
    const MonRate part = rate(event, last, false, value.id);
    if (!has_value(part.status)) return part;
    sum = {sum.bytes_per_second + part.bytes_per_second, Status::Ok};
  }
  return sum;
}

}  // namespace cbench
