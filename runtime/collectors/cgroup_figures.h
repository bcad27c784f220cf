// Docker's figures in the text of cgroup files and /proc/PID/net/dev: where each stands on v1 and v2, and how
// it is parsed.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// A figure is a docker metric that is read as it stands, or the inactive page cache that the working set
/// needs.
using Figure = uint16_t;
inline constexpr Figure kInactiveFile = kMetricCount;
inline constexpr size_t kFigureCount = kMetricCount + 1;
constexpr Figure figure(Metric metric) { return static_cast<Figure>(metric); }

/// How a file's text holds figures.
enum class Format : uint8_t {
  Number,    ///< one number; "max" means no limit
  Keyed,     ///< lines "key number"
  IoStat,    ///< v2 io.stat: lines "8:0 rbytes=1 wbytes=2", summed over devices
  Blkio,     ///< v1 blkio: lines "8:0 Read 1", summed over devices
  Pressure,  ///< PSI: lines "some avg10=… total=1" in microseconds
  CpuList,   ///< "0-3,8": the number of CPUs
  NetDev,    ///< /proc/PID/net/dev: `key` names the column, summed over interfaces but lo
};

enum class Controller : uint8_t { Cpu, Cpuacct, Cpuset, Memory, Blkio, Pids, Pressure, Network };

/// Where one figure stands.
struct FigureSource {
  Figure figure;
  Controller controller;
  std::string_view file;  ///< name in the controller's folder
  Format format;
  std::string_view key;  ///< of the line, or the column of NetDev
  int64_t scale;         ///< value in the file × scale = value of the metric
};
std::span<const FigureSource> figures_of_v1();
std::span<const FigureSource> figures_of_v2();
std::span<const FigureSource> figures_of_network();

/// A limit that is not set ("max").
inline constexpr int64_t kNoLimit = INT64_MAX;

/// One reading of a container's figures.
struct Figures {
  std::array<int64_t, kFigureCount> value;
  std::array<Status, kFigureCount> status;
  int64_t cpu_read_ns = 0;  ///< CLOCK_MONOTONIC when cpu_usage_total was read

  void set(Figure id, int64_t v) {
    value[id] = v;
    status[id] = Status::Ok;
  }
};

/// Finds `wanted` (of one file) in its text. A figure whose line is absent keeps its status; sums over
/// devices are 0 without one. Allocates nothing.
void parse_figures(Format format, std::string_view text, std::span<const FigureSource> wanted,
                   Figures& figures);

}  // namespace cbench
