// RunSpec: what a bench.yml says, checked and with defaults filled in. Plain data, produced by
// compiler/config, read by the planner and by the runtime.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stdlib/abi/cpu_set.h"
#include "stdlib/abi/span.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench {

enum class EngineKind : uint8_t { Docker, Process };
enum class Mode : uint8_t { Observe, Advise, Act };
constexpr std::string_view name(EngineKind engine) { return engine == EngineKind::Docker ? "docker" : "process"; }
constexpr std::string_view name(Mode mode) {
  return mode == Mode::Observe ? "observe" : mode == Mode::Advise ? "advise" : "act";
}
enum class Pull : uint8_t { Missing, Always, Never };
/// When a container without CPUs of its own may start: at its time, sharing CPUs where none is free; or when as
/// many CPUs as it wants are free, in order of time, and with Backfill a later one that fits before it.
enum class Admission : uint8_t { Share, Queue, Backfill };
using MetricSet = std::bitset<kMetricIds>;

/// A published port of a Docker container.
struct Port {
  std::string host_ip;  ///< empty: all addresses
  uint16_t host = 0;
  uint16_t container = 0;
  std::string protocol = "tcp";
  Span span{};  ///< where it is written
};

/// A bind mount; `source` is absolute (relative ones are resolved against the YAML's folder).
struct Volume {
  std::string source, target;
  bool read_only = false;
};

/// Which metrics of a container are sampled, and how often. Periods are nanoseconds, multiples of
/// RunSpec::step_ns.
struct Sampling {
  MetricSet enabled;
  std::vector<std::pair<Metric, Span>> switched_off;  ///< `cycles: false`: where each was turned off
  int64_t perf_period_ns = 0, docker_period_ns = 0, rdt_period_ns = 0, app_period_ns = 0;
  double min_running = 0;  ///< of perf: share of the interval that an event has to be counted in to have a value
  Span span;                                        ///< the `data` key
  Span perf_span, docker_span, rdt_span, app_span;  ///< the group's key, or unknown when absent

  /// Of a group that containers are sampled by (not self).
  [[nodiscard]] int64_t period_ns(MetricGroup group) const {
    return group == MetricGroup::perf     ? perf_period_ns
           : group == MetricGroup::docker ? docker_period_ns
           : group == MetricGroup::rdt    ? rdt_period_ns
                                          : app_period_ns;
  }
  [[nodiscard]] Span group_span(MetricGroup group) const {
    return group == MetricGroup::perf     ? perf_span
           : group == MetricGroup::docker ? docker_span
           : group == MetricGroup::rdt    ? rdt_span
                                          : app_span;
  }
};

/// A figure that a container's workload prints.
struct AppFigure {
  Metric metric{};
  uint32_t group = 0;      ///< number of the pattern's group that holds it
  Unit bare = Unit::None;  ///< of a number that is printed without a unit; None: such a number is no figure
};

/// An event of perf that the user names (`data.perf.events`).
struct OwnEvent {
  Metric metric{};
  Located<std::string> event;  ///< libpfm4's name for it, or rNNNN: a raw code of the CPU in hexadecimal
};

/// Where the figures are read from that a container's workload reports (`data.app`).
struct AppSource {
  Located<std::string> path;     ///< absolute; empty: the container's stdout, or `address`
  Located<std::string> address;  ///< unix:/PATH or HOST:PORT; empty: no socket
  std::string request;           ///< sent to the socket for each sample; empty: it writes by itself
  Located<std::string> pattern;  ///< a Perl-compatible regular expression, for one line
  std::vector<AppFigure> figures;
};

/// One container (or host process) of the experiment. `slot` in the rest of the program is its place in
/// RunSpec::containers, which are sorted by `index`.
struct ContainerSpec {
  Located<std::string> name;
  int64_t index = 0;
  Located<std::string> image;    ///< empty for engine process
  std::string image_place;       ///< "bench.yml:6", the file and line of `image`; empty: there is none
  Located<std::string> command;  ///< for sh -c; empty: the image's own
  std::optional<std::vector<std::string>> entrypoint;
  Located<CpuSet> cores;  ///< empty: `num_cores` free ones are picked at start
  bool exclusive = true;  ///< no other that says the same may have a CPU of `cores`
  int64_t num_cores = 1;
  std::vector<Port> ports;
  std::vector<Volume> volumes;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string user, role;
  Located<CpuSet> memory_nodes;  ///< that it gets memory from (`cpuset_mems`); empty: any
  int64_t memory_bytes = 0;  ///< 0: no limit
  double cpus = 0;           ///< CPU quota in cores; 0: none
  bool privileged = false, critical = false, priority = false, allow_failure = false;
  Pull pull = Pull::Missing;
  int64_t start_ns = 0;  ///< from the run's begin
  int64_t stop_ns = 0;
  std::optional<int64_t> length_ns;  ///< it is stopped so long after its start, at `stop_ns` at the latest
  std::optional<int64_t> expected_ns;
  std::vector<std::pair<Metric, double>> targets;  ///< canonical (ratios as 0..1), times in ns
  Sampling sampling;
  std::optional<AppSource> app;  ///< when sampling.enabled has a metric of the app group
  Span span;                     ///< the container's key

  [[nodiscard]] std::optional<double> target(Metric metric) const {
    for (const auto& [of, value] : targets)
      if (of == metric) return value;
    return std::nullopt;
  }
};

/// Where InfluxDB is. Not configured when `host` is empty.
struct InfluxTarget {
  std::string host, bucket, user, token;
  std::optional<std::string> org;  ///< unset: not configured; "": InfluxDB 1.x
};

struct Registry {
  std::string host, user, password;
};

/// How cbench itself runs beside what it measures (`benchmark.observer`).
struct ObserverSpec {
  Located<CpuSet> cores;     ///< of the sampling thread; empty: those that no container is given, if there are any
  int64_t fifo = 0;          ///< SCHED_FIFO priority 1..99 of the sampling thread; 0: the ordinary scheduler
  bool lock_memory = true;   ///< keep our pages in memory where the limit allows it
};

/// A file of templates that `workloads.input` brought in.
struct ImportedText {
  std::string path;  ///< absolute
  std::string text;
};

/// A whole experiment.
struct RunSpec {
  std::string path;  ///< of the YAML, as given
  Located<std::string> name;
  std::string description;
  int64_t max_ns = 0;
  bool drain = false;
  int64_t step_ns = 0;
  int64_t pid_sync_ns = 100'000'000;
  EngineKind engine = EngineKind::Docker;
  int64_t repeat = 1;
  int64_t warmup_runs = 0;         ///< before those, not counted
  int64_t cooldown_ns = 0;         ///< pause between two runs
  Admission admission = Admission::Share;
  std::optional<uint64_t> seed;    ///< of generated containers; unset: there are none
  double time_scale = 1;           ///< all times were divided by it
  int64_t discard_ns = 0;          ///< warm-up left out of the summary
  std::string output;              ///< empty: results/<name>/<run-id>/
  Located<std::string> scheduler;  ///< `implementation`; empty: none named
  Located<std::string> policy;     ///< path relative to the YAML's folder, resolved; empty: none
  std::vector<std::pair<std::string, Located<std::string>>> params;  ///< as written
  std::optional<Located<bool>> rdt;  ///< may the policy allocate RDT resources? unset: it may
  std::optional<Mode> mode;
  InfluxTarget influx;
  Registry registry;
  ObserverSpec observer;
  std::optional<double> peak_bandwidth;  ///< `benchmark.host`: bytes/s of one L3 domain
  std::vector<OwnEvent> events;          ///< of all containers, each metric once
  std::vector<ContainerSpec> containers;
  std::vector<ImportedText> imports;
  std::vector<std::pair<std::string, std::string>>
      variables;  ///< ${NAME}s that were expanded, secrets left out
  std::string
      masked_text;  ///< the YAML with every secret overwritten by ***, lines and columns kept elsewhere
};

}  // namespace cbench
