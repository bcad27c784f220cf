// The rdt collector: cache occupancy, memory bandwidth and the class's allocation, from resctrl, as cells of
// the frame.
#include <algorithm>
#include <bit>
#include <deque>

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/event_groups.h"
#include "runtime/collectors/mon_group.h"
#include "stdlib/abi/inputs.h"

namespace cbench {
namespace {

using enum Metric;

/// The policy's name of a group: "latency" for "cbench-3f2a91c4-latency", others as they are.
std::string_view shown_class(std::string_view group) {
  constexpr std::string_view kPrefix = "cbench-";
  if (group.empty()) return "default";
  if (!group.starts_with(kPrefix)) return group;
  const size_t dash = group.find('-', kPrefix.size());
  return dash == std::string_view::npos ? group : group.substr(dash + 1);
}

int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

class RdtCollector final : public Collector {
 public:
  RdtCollector(const RunSpec& spec, const HostFacts& facts, const Frame& frame, Journal& journal)
      : rdt_(facts.rdt),
        foreseen_(std::any_of(facts.unavailable.begin(), facts.unavailable.end(),
                              [&](const auto& metric) { return metric.second == facts.rdt.absent_reason; })),
        percent_(facts.rdt.mb_kind() == MbKind::Percent),
        journal_(journal),
        slots_(spec.containers.size()) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      const MetricSet wanted = with_inputs(spec.containers[slot].sampling.enabled);
      for (size_t column = 0; column < frame.columns().size(); ++column) {
        const Metric metric = frame.columns()[column];
        if (info(metric).group == MetricGroup::rdt && wanted[static_cast<size_t>(metric)])
          slots_[slot].cells.push_back({metric, column});
      }
    }
  }

  std::vector<std::string> attach(size_t slot, const Started& started) override {
    Slot& s = slots_[slot];
    s.open = false;
    s.primed = false;
    if (!rdt_.present)
      return foreseen_ ? std::vector<std::string>{} : std::vector{"rdt: " + rdt_.absent_reason};
    const auto made = s.group.open(rdt_, fmt::format("cbench-{}-{}", ::getpid(), slot), started, journal_);
    s.open = made.ok();
    if (!made)
      return {fmt::format("rdt: {}{}{}", made.error().message, made.error().hint.empty() ? "" : "; ",
                          made.error().hint)};
    return {};
  }

  void detach(size_t slot) override {
    slots_[slot].group.close();
    slots_[slot].open = false;
  }

  void collect(size_t slot, Frame& frame) override {
    Slot& s = slots_[slot];
    if (!s.open) {
      for (const Cell& cell : s.cells) frame.set_missing(cell.column, slot, Status::Unsupported);
      return;
    }
    if (s.group.follow()) s.primed = false;
    const Reading now{monotonic_ns(), s.group.read(MonEvent::Occupancy), s.group.read(MonEvent::TotalBytes),
                      s.group.read(MonEvent::LocalBytes)};
    const Allocation allocation = allocation_of(s);
    for (const Cell& cell : s.cells) set_cell(s, cell.metric, cell.column, slot, now, allocation, frame);
    s.last = now;
    s.primed = true;
  }

 private:
  struct Cell {
    Metric metric;
    size_t column;
  };
  struct Reading {
    int64_t time_ns = 0;
    MonValue occupancy, total, local;
  };
  /// What the class may use.
  struct Allocation {
    bool l3 = false, mb = false;
    char mask[256];  ///< "0=7ff;1=7ff"
    size_t mask_size = 0;
    int64_t first_ways = 0;  ///< of the first domain
    int64_t all_ways = 0;    ///< over all domains
    int64_t first_mb = 0;
  };
  struct Slot {
    std::vector<Cell> cells;
    MonGroup group;
    bool open = false, primed = false;
    Reading last;
  };

  Allocation allocation_of(Slot& s) const {
    Allocation allocation;
    const Schemata* schemata = s.group.schemata();
    if (!schemata) return allocation;
    if (const SchemataLine* mb = find_line(*schemata, "MB"); mb && percent_ && !mb->domains.empty()) {
      allocation.mb = true;
      allocation.first_mb = static_cast<int64_t>(mb->domains.front().second);
    }
    const SchemataLine* line = find_l3(*schemata);
    if (!line || line->domains.empty()) return allocation;
    allocation.l3 = true;
    const SchemataLine* data = find_line(*schemata, "L3DATA");  // with CDP the class may use the ways of both
    for (const auto& [id, code_mask] : line->domains) {
      const uint64_t* data_mask = data ? data->find(id) : nullptr;
      const uint64_t mask = code_mask | (data_mask ? *data_mask : 0);
      const int64_t ways = std::popcount(mask);
      if (allocation.mask_size == 0) allocation.first_ways = ways;
      allocation.all_ways += ways;
      const size_t room = sizeof allocation.mask - allocation.mask_size;
      const auto end = fmt::format_to_n(allocation.mask + allocation.mask_size, room, "{}{}={:x}",
                                        allocation.mask_size ? ";" : "", id, mask);
      allocation.mask_size += std::min(room, end.size);
    }
    return allocation;
  }

  void set_cell(const Slot& s, Metric metric, size_t column, size_t row, const Reading& now,
                const Allocation& allocation, Frame& frame) const {
    const auto ratio = [&](bool known, int64_t part, double whole) {
      if (!known || whole <= 0) return frame.set_missing(column, row, Status::Unsupported);
      frame.set_f64(column, row, 100.0 * static_cast<double>(part) / whole);
    };
    switch (metric) {
      case rdt_l3_cache_occupancy:
        return frame.set_i64(column, row, now.occupancy.value, now.occupancy.status);
      case rdt_memory_bandwidth_total:
        return set_rate(s, column, row, now.total, s.last.total, now.time_ns, frame);
      case rdt_memory_bandwidth_local:
        return set_rate(s, column, row, now.local, s.last.local, now.time_ns, frame);
      case rdt_class_name:
        return set_text(column, row, shown_class(s.group.class_name()), frame);
      case rdt_mon_group_name:
        return set_text(column, row, s.group.name(), frame);
      case rdt_l3_cache_allocation:
        if (!allocation.l3) return frame.set_missing(column, row, Status::Unsupported);
        return set_text(column, row, {allocation.mask, allocation.mask_size}, frame);
      case rdt_l3_ways:
        return frame.set_i64(column, row, allocation.first_ways,
                             allocation.l3 ? Status::Ok : Status::Unsupported);
      case rdt_l3_cache_allocation_pct:
        return ratio(allocation.l3, allocation.first_ways, rdt_.l3_ways);
      case rdt_mba_throttle:
        return frame.set_i64(column, row, allocation.first_mb,
                             allocation.mb ? Status::Ok : Status::Unsupported);
      case rdt_cache_llc_utilization_percent: {
        if (!has_value(now.occupancy.status)) return frame.set_missing(column, row, now.occupancy.status);
        const double way_bytes = rdt_.l3_ways ? static_cast<double>(rdt_.l3_bytes) / rdt_.l3_ways : 0;
        return ratio(allocation.l3, now.occupancy.value,
                     way_bytes * static_cast<double>(allocation.all_ways));
      }
      default:  // bandwidth_utilization_percent: nobody has told the host's peak
        return frame.set_missing(column, row, Status::Unsupported);
    }
  }

  static void set_rate(const Slot& s, size_t column, size_t row, const MonValue& now, const MonValue& last,
                       int64_t time_ns, Frame& frame) {
    if (!has_value(now.status)) return frame.set_missing(column, row, now.status);
    const int64_t dt = time_ns - s.last.time_ns, bytes = now.value - last.value;
    // A count that went back is a fresh RMID's or a reassigned counter's.
    if (!s.primed || !has_value(last.status) || dt <= 0 || bytes < 0)
      return frame.set_missing(column, row, Status::Unavailable);
    frame.set_f64(column, row, static_cast<double>(bytes) * 1e9 / static_cast<double>(dt));
  }

  /// Texts seldom change, and Frame::set_text may allocate.
  static void set_text(size_t column, size_t row, std::string_view text, Frame& frame) {
    if (!frame.has(column, row) || frame.text(column, row) != text) frame.set_text(column, row, text);
  }

  RdtFacts rdt_;
  bool foreseen_;  ///< the absence of resctrl has been told before the run
  bool percent_;
  Journal& journal_;
  std::deque<Slot> slots_;
};

}  // namespace

std::unique_ptr<Collector> make_rdt_collector(const RunSpec& spec, const HostFacts& facts, const Frame& frame,
                                              Journal& journal) {
  return std::make_unique<RdtCollector>(spec, facts, frame, journal);
}

}  // namespace cbench
