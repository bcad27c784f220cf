// The rdt collector: cache occupancy, memory bandwidth and the class's allocation, from resctrl, as cells of
// the frame.
#include <algorithm>
#include <bit>
#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/event_groups.h"
#include "runtime/collectors/mon_reading.h"
#include "stdlib/abi/domain_parts.h"
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

std::optional<MonEvent> event_of(Metric whole) {
  switch (whole) {
    case rdt_l3_cache_occupancy:
    case rdt_cache_llc_utilization_percent:
      return MonEvent::Occupancy;
    case rdt_memory_bandwidth_total:
    case rdt_bandwidth_utilization_percent:
      return MonEvent::TotalBytes;
    case rdt_memory_bandwidth_local:
      return MonEvent::LocalBytes;
    default:
      return std::nullopt;
  }
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
        if (info(metric).group != MetricGroup::rdt || !wanted[static_cast<size_t>(metric)]) continue;
        slots_[slot].cells.push_back({metric, column});
        if (const auto event = event_of(whole_of(metric)))
          slots_[slot].events[static_cast<size_t>(*event)] = true;
      }
      for (const DomainPart& part : domain_parts(rdt_, wanted))
        if (const int column = frame.column(part.metric);
            column >= 0 && wanted[static_cast<size_t>(part.metric)])
          slots_[slot].parts.push_back({part, static_cast<size_t>(column)});
      std::erase_if(slots_[slot].cells, [](const Cell& cell) { return is_own(cell.metric); });
    }
  }

  std::vector<std::string> attach(size_t slot, const Started& started) override {
    Slot& s = slots_[slot];
    s.started = started;
    s.open = s.waits = s.primed = false;
    if (!rdt_.present)
      return foreseen_ ? std::vector<std::string>{} : std::vector{"rdt: " + rdt_.absent_reason};
    const Result<> made = open(slot);
    if (made) return {};
    std::string remedy = made.error().hint.empty() ? "" : "; " + made.error().hint;
    if (s.waits)
      remedy = fmt::format(
          "; the host has {} RMIDs, one for each group and monitoring group. One that was given back stays "
          "in use until "
          "less than info/L3_MON/max_threshold_occupancy bytes of it are in the cache. It is tried again as "
          "long as "
          "the container runs; `cbench clean` and `rmdir` of groups that nobody uses make room",
          rdt_.num_rmids);
    return {fmt::format("rdt: {}{}", made.error().message, remedy)};
  }

  void detach(size_t slot) override {
    slots_[slot].group.close();
    slots_[slot].open = slots_[slot].waits = false;
  }

  void sync_tasks() override {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot].open)
        slots_[slot].group.sync_tasks();
      else if (slots_[slot].waits)
        (void)open(slot);
    }
  }

  void collect(size_t slot, Frame& frame) override {
    Slot& s = slots_[slot];
    if (!s.open) {
      // Without an RMID there is no value now; without resctrl there is none ever.
      const Status why = s.waits ? Status::Unassigned : Status::Unsupported;
      for (const Cell& cell : s.cells) frame.set_missing(cell.column, slot, why);
      for (const PartCell& cell : s.parts) frame.set_missing(cell.column, slot, why);
      return;
    }
    if (s.group.follow()) s.primed = false;
    s.now.take(s.group, s.events);
    const Allocation allocation = allocation_of(s);
    for (const Cell& cell : s.cells) set_cell(s, cell.metric, cell.column, slot, allocation, frame);
    for (const PartCell& cell : s.parts) set_part(s, cell, slot, frame);
    std::swap(s.last, s.now);
    s.primed = true;
  }

 private:
  struct Cell {
    Metric metric;
    size_t column;
  };
  struct PartCell {
    DomainPart part;
    size_t column;
  };
  /// What the class may use.
  struct Allocation {
    bool l3 = false, mb = false;
    char mask[1024];  ///< "0=7ff;1=7ff"
    size_t mask_size = 0;
    int64_t first_ways = 0;  ///< of the first domain
    int64_t all_ways = 0;    ///< over all domains
    int64_t first_mb = 0;
  };
  struct Slot {
    std::vector<Cell> cells;
    std::vector<PartCell> parts;
    MonReading::Events events{};
    Started started;
    MonGroup group;
    bool open = false, primed = false;
    bool waits = false;  ///< for an RMID
    MonReading now, last;
  };

  Result<> open(size_t slot) {
    Slot& s = slots_[slot];
    Result<> made = s.group.open(rdt_, fmt::format("cbench-{}-{}", ::getpid(), slot), s.started, journal_);
    s.open = made.ok();
    s.waits = !s.open && s.group.out_of_rmids();
    s.primed = false;
    return made;
  }

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

  void set_cell(const Slot& s, Metric metric, size_t column, size_t row, const Allocation& allocation,
                Frame& frame) const {
    const MonValue& occupancy = s.now.sum(MonEvent::Occupancy);
    const auto ratio = [&](bool known, int64_t part, double whole) {
      if (!known || whole <= 0) return frame.set_missing(column, row, Status::Unsupported);
      frame.set_f64(column, row, 100.0 * static_cast<double>(part) / whole);
    };
    switch (metric) {
      case rdt_l3_cache_occupancy:
        return frame.set_i64(column, row, occupancy.value, occupancy.status);
      case rdt_memory_bandwidth_total:
        return set_rate(s, s.now.rate(MonEvent::TotalBytes, s.last), 1, column, row, frame);
      case rdt_memory_bandwidth_local:
        return set_rate(s, s.now.rate(MonEvent::LocalBytes, s.last), 1, column, row, frame);
      case rdt_bandwidth_utilization_percent: {
        const double peak = rdt_.peak_bandwidth * static_cast<double>(rdt_.l3_domains.size());
        if (peak <= 0) return frame.set_missing(column, row, Status::Unsupported);
        return set_rate(s, s.now.rate(MonEvent::TotalBytes, s.last), 100 / peak, column, row, frame);
      }
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
        if (!has_value(occupancy.status)) return frame.set_missing(column, row, occupancy.status);
        const double way_bytes = rdt_.l3_ways ? static_cast<double>(rdt_.l3_bytes) / rdt_.l3_ways : 0;
        return ratio(allocation.l3, occupancy.value, way_bytes * static_cast<double>(allocation.all_ways));
      }
      default:
        return frame.set_missing(column, row, Status::Unsupported);
    }
  }

  static void set_part(const Slot& s, const PartCell& cell, size_t row, Frame& frame) {
    const MonEvent event = *event_of(cell.part.whole);
    const bool node = cell.part.node;
    if (event != MonEvent::Occupancy)
      return set_rate(s, s.now.rate(event, s.last, node, cell.part.id), 1, cell.column, row, frame);
    const MonValue bytes = s.now.of(event, node, cell.part.id);
    frame.set_i64(cell.column, row, bytes.value, bytes.status);
  }

  static void set_rate(const Slot& s, const MonRate& rate, double factor, size_t column, size_t row,
                       Frame& frame) {
    if (has_value(rate.status) && !s.primed) return frame.set_missing(column, row, Status::Unavailable);
    if (!has_value(rate.status)) return frame.set_missing(column, row, rate.status);
    frame.set_f64(column, row, rate.bytes_per_second * factor);
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
