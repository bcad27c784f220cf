// The tables of figures, and the parsers of the files' formats.
#include "runtime/collectors/cgroup_figures.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "stdlib/abi/cpu_set.h"

namespace cbench {
namespace {

using enum Metric;
using enum Controller;
using F = Format;

// Documentation/admin-guide/cgroup-v2.rst and, for cpu.stat's quota lines,
// Documentation/scheduler/sched-bwc.rst.
constexpr FigureSource kV2[] = {
    {figure(docker_cpu_usage_total), Cpuacct, "cpu.stat", F::Keyed, "usage_usec", 1000},
    {figure(docker_cpu_usage_kernel), Cpuacct, "cpu.stat", F::Keyed, "system_usec", 1000},
    {figure(docker_cpu_usage_user), Cpuacct, "cpu.stat", F::Keyed, "user_usec", 1000},
    {figure(docker_cpu_throttling), Cpu, "cpu.stat", F::Keyed, "throttled_usec", 1000},
    {figure(docker_cpu_throttled_periods), Cpu, "cpu.stat", F::Keyed, "nr_throttled", 1},
    {figure(docker_cpu_periods), Cpu, "cpu.stat", F::Keyed, "nr_periods", 1},
    {figure(docker_memory_usage), Memory, "memory.current", F::Number, "", 1},
    {figure(docker_memory_limit), Memory, "memory.max", F::Number, "", 1},
    {figure(docker_memory_cache), Memory, "memory.stat", F::Keyed, "file", 1},
    {figure(docker_memory_rss), Memory, "memory.stat", F::Keyed, "anon", 1},
    {kInactiveFile, Memory, "memory.stat", F::Keyed, "inactive_file", 1},
    {figure(docker_pgfault), Memory, "memory.stat", F::Keyed, "pgfault", 1},
    {figure(docker_pgmajfault), Memory, "memory.stat", F::Keyed, "pgmajfault", 1},
    {figure(docker_memory_swap), Memory, "memory.swap.current", F::Number, "", 1},
    {figure(docker_oom_kills), Memory, "memory.events", F::Keyed, "oom_kill", 1},
    {figure(docker_disk_read_bytes), Blkio, "io.stat", F::IoStat, "rbytes", 1},
    {figure(docker_disk_write_bytes), Blkio, "io.stat", F::IoStat, "wbytes", 1},
    {figure(docker_disk_read_ops), Blkio, "io.stat", F::IoStat, "rios", 1},
    {figure(docker_disk_write_ops), Blkio, "io.stat", F::IoStat, "wios", 1},
    {figure(docker_pids), Pids, "pids.current", F::Number, "", 1},
    {figure(docker_assigned_cores), Cpuset, "cpuset.cpus.effective", F::CpuList, "", 1},
    {figure(docker_cpu_pressure_some), Pressure, "cpu.pressure", F::Pressure, "some", 1000},
    {figure(docker_cpu_pressure_full), Pressure, "cpu.pressure", F::Pressure, "full", 1000},
    {figure(docker_memory_pressure_some), Pressure, "memory.pressure", F::Pressure, "some", 1000},
    {figure(docker_memory_pressure_full), Pressure, "memory.pressure", F::Pressure, "full", 1000},
    {figure(docker_io_pressure_some), Pressure, "io.pressure", F::Pressure, "some", 1000},
    {figure(docker_io_pressure_full), Pressure, "io.pressure", F::Pressure, "full", 1000},
};

// Documentation/admin-guide/cgroup-v1/{cpuacct,memory,blkio-controller,cpusets}.rst. The total_ lines of
// memory.stat hold the descendants as well, as v2's figures do.
constexpr FigureSource kV1[] = {
    {figure(docker_cpu_usage_total), Cpuacct, "cpuacct.usage", F::Number, "", 1},
    {figure(docker_cpu_usage_kernel), Cpuacct, "cpuacct.usage_sys", F::Number, "", 1},
    {figure(docker_cpu_usage_user), Cpuacct, "cpuacct.usage_user", F::Number, "", 1},
    {figure(docker_cpu_throttling), Cpu, "cpu.stat", F::Keyed, "throttled_time", 1},
    {figure(docker_cpu_throttled_periods), Cpu, "cpu.stat", F::Keyed, "nr_throttled", 1},
    {figure(docker_cpu_periods), Cpu, "cpu.stat", F::Keyed, "nr_periods", 1},
    {figure(docker_memory_usage), Memory, "memory.usage_in_bytes", F::Number, "", 1},
    {figure(docker_memory_limit), Memory, "memory.limit_in_bytes", F::Number, "", 1},
    {figure(docker_memory_cache), Memory, "memory.stat", F::Keyed, "total_cache", 1},
    {figure(docker_memory_rss), Memory, "memory.stat", F::Keyed, "total_rss", 1},
    {kInactiveFile, Memory, "memory.stat", F::Keyed, "total_inactive_file", 1},
    {figure(docker_pgfault), Memory, "memory.stat", F::Keyed, "total_pgfault", 1},
    {figure(docker_pgmajfault), Memory, "memory.stat", F::Keyed, "total_pgmajfault", 1},
    {figure(docker_memory_swap), Memory, "memory.stat", F::Keyed, "total_swap", 1},
    {figure(docker_oom_kills), Memory, "memory.oom_control", F::Keyed, "oom_kill", 1},
    {figure(docker_disk_read_bytes), Blkio, "blkio.throttle.io_service_bytes", F::Blkio, "Read", 1},
    {figure(docker_disk_write_bytes), Blkio, "blkio.throttle.io_service_bytes", F::Blkio, "Write", 1},
    {figure(docker_disk_read_ops), Blkio, "blkio.throttle.io_serviced", F::Blkio, "Read", 1},
    {figure(docker_disk_write_ops), Blkio, "blkio.throttle.io_serviced", F::Blkio, "Write", 1},
    {figure(docker_pids), Pids, "pids.current", F::Number, "", 1},
    {figure(docker_assigned_cores), Cpuset, "cpuset.effective_cpus", F::CpuList, "", 1},
};

// Columns after the interface's name, as in the kernel's net/core/net-procfs.c: 8 received, then 8
// transmitted.
constexpr FigureSource kNetwork[] = {
    {figure(docker_network_rx_bytes), Network, "net/dev", F::NetDev, "0", 1},
    {figure(docker_network_rx_packets), Network, "net/dev", F::NetDev, "1", 1},
    {figure(docker_network_rx_errors), Network, "net/dev", F::NetDev, "2", 1},
    {figure(docker_network_rx_dropped), Network, "net/dev", F::NetDev, "3", 1},
    {figure(docker_network_tx_bytes), Network, "net/dev", F::NetDev, "8", 1},
    {figure(docker_network_tx_packets), Network, "net/dev", F::NetDev, "9", 1},
    {figure(docker_network_tx_errors), Network, "net/dev", F::NetDev, "10", 1},
    {figure(docker_network_tx_dropped), Network, "net/dev", F::NetDev, "11", 1},
};

/// Cuts a word off the front of `text`, with the blanks before it.
std::string_view take_word(std::string_view& text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return text = {};
  const size_t end = std::min(text.find_first_of(" \t", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// A number of a file; larger than INT64_MAX counts as that (v1's "no limit" is near it).
std::optional<int64_t> number(std::string_view word) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || stop != word.data() + word.size()) return std::nullopt;
  return value > INT64_MAX ? INT64_MAX : static_cast<int64_t>(value);
}

/// The value in the metric's unit. No figure of a kernel comes near the bounds; a damaged text must not wrap
/// around.
int64_t scaled(int64_t value, int64_t scale) { return std::min(value, INT64_MAX / scale) * scale; }
void add_to(int64_t& sum, int64_t value) { sum += std::min(value, INT64_MAX - sum); }

/// The number after "name=" among the words of a line.
std::optional<int64_t> assigned(std::string_view line, std::string_view name) {
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line))
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=')
      return number(word.substr(name.size() + 1));
  return std::nullopt;
}

/// The number in `line` that belongs to the figure `want`, if the line holds it.
std::optional<int64_t> in_line(Format format, std::string_view line, const FigureSource& want) {
  if (format == F::IoStat) return assigned(line, want.key);
  if (format == F::Blkio) {
    std::string_view rest = line;
    take_word(rest);  // the device
    return take_word(rest) == want.key ? number(take_word(rest)) : std::nullopt;
  }
  const size_t end = want.key.size();
  if (line.size() <= end || line[end] != ' ' || !line.starts_with(want.key)) return std::nullopt;
  std::string_view rest = line.substr(end);
  return format == F::Pressure ? assigned(rest, "total") : number(take_word(rest));
}

/// Adds one interface's line of /proc/PID/net/dev: "  eth0: 1 2 …". Title lines have no `:`.
void add_interface(std::string_view line, std::span<const FigureSource> wanted, Figures& figures) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  std::string_view name = line.substr(0, colon), rest = line.substr(colon + 1);
  if (take_word(name) == "lo") return;
  int64_t columns[12];
  for (int64_t& column : columns) {
    const auto value = number(take_word(rest));
    if (!value) return;
    column = *value;
  }
  for (const FigureSource& want : wanted) add_to(figures.value[want.figure], columns[*number(want.key)]);
}

void parse_single(Format format, std::string_view text, std::span<const FigureSource> wanted,
                  Figures& figures) {
  const std::string_view line = take_line(text);
  for (const FigureSource& want : wanted) {
    if (format == F::CpuList) {
      if (const auto cpus = parse_cpu_list(line))
        figures.set(want.figure, static_cast<int64_t>(cpus->count()));
    } else if (line == "max") {
      figures.set(want.figure, kNoLimit);
    } else if (const auto value = number(line)) {
      figures.set(want.figure, scaled(*value, want.scale));
    }
  }
}

}  // namespace

std::span<const FigureSource> figures_of_v1() { return kV1; }
std::span<const FigureSource> figures_of_v2() { return kV2; }
std::span<const FigureSource> figures_of_network() { return kNetwork; }

void parse_figures(Format format, std::string_view text, std::span<const FigureSource> wanted,
                   Figures& figures) {
  if (format == F::Number || format == F::CpuList) return parse_single(format, text, wanted, figures);
  const bool sums = format == F::IoStat || format == F::Blkio || format == F::NetDev;
  if (sums)
    for (const FigureSource& want : wanted) figures.set(want.figure, 0);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (format == F::NetDev) {
      add_interface(line, wanted, figures);
      continue;
    }
    for (const FigureSource& want : wanted) {
      const auto value = in_line(format, line, want);
      if (!value) continue;
      if (sums)
        add_to(figures.value[want.figure], scaled(*value, want.scale));
      else
        figures.set(want.figure, scaled(*value, want.scale));
    }
  }
}

}  // namespace cbench
