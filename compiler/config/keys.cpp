#include "compiler/config/keys.h"

#include <algorithm>
#include <vector>

namespace cbench::config {
namespace {

constexpr double kYear = 31'536'000;  // seconds
constexpr double kDay = 86'400'000;   // milliseconds

constexpr Key kDb[] = {
    {.name = "host", .doc = "URL of InfluxDB", .unset = Unset::Absent},
    {.name = "name", .doc = "bucket (2.x) or database (1.x)", .unset = Unset::Absent},
    {.name = "user", .doc = "user name", .unset = Unset::Absent},
    {.name = "password",
     .type = Type::Secret,
     .doc = "token (2.x) or password (1.x)",
     .unset = Unset::Absent},
    {.name = "token", .type = Type::Secret, .doc = "another name of `password`", .unset = Unset::Absent},
    {.name = "org", .doc = "organisation (2.x); an empty text for 1.x", .unset = Unset::Absent},
};
constexpr Key kBenchmarkData[] = {
    {.name = "db", .type = Type::Map, .doc = "where samples are exported to", .members = kDb}};

constexpr Key kRegistry[] = {
    {.name = "host", .doc = "host name of the registry", .unset = Unset::Absent},
    {.name = "username", .doc = "user name", .unset = Unset::Absent},
    {.name = "password", .type = Type::Secret, .doc = "password or access token", .unset = Unset::Absent},
};
constexpr Key kDocker[] = {{.name = "registry",
                            .type = Type::Map,
                            .doc = "where private images are pulled from",
                            .members = kRegistry}};

#define CBENCH_TUNING(key) \
  {.name = key, .type = Type::Anything, .use = Use::Tuning, .doc = "tuning of a container-bench scheduler"}
constexpr Key kScheduler[] = {
    {.name = "implementation", .doc = "a stock policy's name"},
    {.name = "policy", .doc = "path of a policy (.cbp), relative to this file"},
    {.name = "params", .type = Type::TextMap, .doc = "the policy's parameters, such as `threshold: 20%`"},
    {.name = "mode",
     .type = Type::Choice,
     .doc = "what becomes of the policy's decisions",
     .choices = "observe advise act"},
    {.name = "rdt", .type = Type::Bool, .doc = "may the policy allocate cache and memory bandwidth?"},
    {.name = "log_level", .type = Type::Anything, .use = Use::Ignored, .doc = "use -q or -v"},
    CBENCH_TUNING("max_l3"),
    CBENCH_TUNING("max_mem"),
    CBENCH_TUNING("probing_t"),
    CBENCH_TUNING("break_condition"),
    CBENCH_TUNING("break_cpu_load"),
    CBENCH_TUNING("break_llc_occupancy"),
    CBENCH_TUNING("break_improvement"),
    CBENCH_TUNING("greedy_allocation"),
    CBENCH_TUNING("reallocate"),
    CBENCH_TUNING("skip_allocation_after_probing"),
    CBENCH_TUNING("allocate_unbound"),
    CBENCH_TUNING("warmup_t"),
    CBENCH_TUNING("cooldown_t"),
    CBENCH_TUNING("force_move_for_priority_admission"),
    CBENCH_TUNING("evict_for_priority_admission"),
    CBENCH_TUNING("rebalance"),
    CBENCH_TUNING("rebalance_batch"),
    CBENCH_TUNING("prober"),
    CBENCH_TUNING("allocator"),
};
#undef CBENCH_TUNING

constexpr Key kHost[] = {
    {.name = "peak_bandwidth", .doc = "peak memory bandwidth of one L3 domain, such as `80GB/s`"},
};
constexpr Key kObserver[] = {
    {.name = "core", .type = Type::Cpus, .doc = "CPUs that cbench itself samples on"},
    {.name = "fifo",
     .type = Type::Integer,
     .doc = "real-time priority (SCHED_FIFO) of the sampling thread",
     .low = 1,
     .high = 99},
    {.name = "lock_memory", .type = Type::Bool, .doc = "keep cbench's own pages in memory? true when absent"},
};

constexpr Key kBenchmark[] = {
    {.name = "name", .use = Use::Required, .doc = "what the experiment is called"},
    {.name = "description", .doc = "what it is for"},
    {.name = "max_t",
     .type = Type::Seconds,
     .use = Use::Required,
     .doc = "length of the run",
     .low = 0,
     .high = kYear,
     .above = true},
    {.name = "drain", .type = Type::Bool, .doc = "at max_t, let running containers end"},
    {.name = "engine", .type = Type::Choice, .doc = "what runs the containers", .choices = "docker process"},
    {.name = "step", .type = Type::Milliseconds, .doc = "length of a step", .low = 1, .high = kDay},
    {.name = "repeat", .type = Type::Integer, .doc = "number of runs", .low = 1, .high = 1e6},
    {.name = "warmup_runs",
     .type = Type::Integer,
     .doc = "runs before those, which count for nothing",
     .low = 0,
     .high = 1e6},
    {.name = "cooldown_t",
     .type = Type::Seconds,
     .doc = "pause between two runs",
     .low = 0,
     .high = kDay / 1e3},
    {.name = "admission",
     .type = Type::Choice,
     .doc =
         "whether a container without `core` waits for free CPUs: `share` never, `queue` in order of time, "
         "`backfill` behind none that does not fit; `queue` with `arrival`, `share` without",
     .choices = "share queue backfill"},
    {.name = "discard",
     .type = Type::Seconds,
     .doc = "warm-up left out of the summary",
     .low = 0,
     .high = kYear},
    {.name = "output", .doc = "folder of the results; results/<name>/<run-id>/ when absent"},
    {.name = "scheduler", .type = Type::Map, .doc = "who decides", .members = kScheduler},
    {.name = "data", .type = Type::Map, .doc = "where results go", .members = kBenchmarkData},
    {.name = "docker", .type = Type::Map, .doc = "Docker's settings", .members = kDocker},
    {.name = "pid_sync_interval",
     .type = Type::Milliseconds,
     .doc = "how often new tasks are put into their resctrl group",
     .low = 1,
     .high = kDay},
    {.name = "log_level", .type = Type::Anything, .use = Use::Ignored, .doc = "use -q or -v"},
    {.name = "accounting", .type = Type::Anything, .use = Use::Ignored, .doc = "use -q or -v"},
    {.name = "host", .type = Type::Map, .doc = "figures of the host", .members = kHost},
    {.name = "observer",
     .type = Type::Map,
     .doc = "how cbench itself runs beside what it measures",
     .members = kObserver},
};

constexpr Key kContainer[] = {
    {.name = "index",
     .type = Type::Integer,
     .doc = "place in the order of containers",
     .low = 0,
     .high = 1e9},
    {.name = "name", .doc = "the container's name; its key when absent"},
    {.name = "image", .doc = "Docker image"},
    {.name = "command", .doc = "what `sh -c` runs in it", .unset = Unset::Kept},
    {.name = "entrypoint", .type = Type::Texts, .doc = "replaces the image's entrypoint"},
    {.name = "core", .type = Type::Cpus, .doc = "CPUs that it runs on"},
    {.name = "num_cores",
     .type = Type::Integer,
     .doc = "how many free CPUs it gets when `core` is absent",
     .low = 1,
     .high = 1024},
    {.name = "exclusive",
     .type = Type::Bool,
     .doc = "may no other container have a CPU of `core`? true when absent"},
    {.name = "cpus",
     .type = Type::Number,
     .doc = "CPU quota, in cores",
     .low = 0,
     .high = 1024,
     .above = true},
    {.name = "memory", .type = Type::Bytes, .doc = "memory limit", .low = 0, .high = 1e15, .above = true},
    {.name = "cpuset_mems", .type = Type::Cpus, .doc = "NUMA nodes that it gets memory from"},
    {.name = "port", .type = Type::Texts, .doc = "published ports, HOST:CONTAINER"},
    {.name = "volumes", .type = Type::Texts, .doc = "bind mounts, SOURCE:TARGET[:ro]"},
    {.name = "environment", .type = Type::Pairs, .doc = "environment variables"},
    {.name = "user", .doc = "user in the container"},
    {.name = "privileged", .type = Type::Bool, .doc = "run with all of the host's rights"},
    {.name = "pull",
     .type = Type::Choice,
     .doc = "when the image is pulled",
     .choices = "always missing never"},
    {.name = "start_t", .type = Type::Seconds, .doc = "when it starts", .low = 0, .high = kYear},
    {.name = "stop_t",
     .type = Type::Seconds,
     .doc = "when it is stopped; max_t when absent",
     .low = 0,
     .high = kYear,
     .above = true},
    {.name = "length",
     .type = Type::Seconds,
     .doc = "it is stopped so long after its start, at `stop_t` at the latest",
     .low = 0,
     .high = kYear,
     .above = true},
    {.name = "expected_t",
     .type = Type::Seconds,
     .doc = "how long its work takes at least",
     .low = 0,
     .high = kYear},
    {.name = "allow_failure", .type = Type::Bool, .doc = "does its exit code not fail the run?"},
    {.name = "critical", .type = Type::Bool, .doc = "read by policies"},
    {.name = "priority", .type = Type::Bool, .doc = "read by policies"},
    {.name = "role", .doc = "read by policies"},
    {.name = "ipc",
     .type = Type::Number,
     .doc = "target: instructions per cycle",
     .low = 0,
     .high = 100,
     .above = true},
    {.name = "ipce",
     .type = Type::Fraction,
     .doc = "target: share of the theoretical IPC, `0.9`, `90%` or `90`",
     .low = 0,
     .high = 100,
     .above = true},
    {.name = "target", .type = Type::TextMap, .doc = "targets of its metrics, such as `latency_p95: 5ms`"},
    {.name = "data",
     .type = Type::Map,
     .use = Use::Required,
     .doc = "what is sampled, and how often",
     .members = {}},
};

constexpr Key kApp[] = {
    {.name = "from",
     .use = Use::Required,
     .doc = "`stdout`, `file` and its `path`, or `socket` and its `address`"},
    {.name = "path", .doc = "the file, relative to this one"},
    {.name = "address", .doc = "the socket, `unix:PATH` or `HOST:PORT`"},
    {.name = "request", .doc = "what is sent to the socket for each sample, such as `stats\\n`"},
    {.name = "pattern",
     .use = Use::Required,
     .doc = "a regular expression for one line; its named groups are the metrics, such as "
            "`p95=(?<latency_p95>\\S+)`"},
    {.name = "units",
     .type = Type::TextMap,
     .doc = "of numbers without one, `latency_p95: us`, and of metrics of your own, `queue: count`"},
    {.name = "frequency",
     .type = Type::Milliseconds,
     .doc = "sampling period of this group",
     .low = 1,
     .high = kDay},
};

constexpr Key kData[] = {
    {.name = "frequency", .type = Type::Milliseconds, .doc = "sampling period", .low = 1, .high = kDay},
    {.name = "perf", .type = Type::Metrics, .doc = "hardware and software events"},
    {.name = "docker", .type = Type::Metrics, .doc = "CPU, memory, network and disk figures"},
    {.name = "rdt", .type = Type::Metrics, .doc = "cache occupancy and memory bandwidth"},
    {.name = "app", .type = Type::Map, .doc = "what the workload itself reports", .members = kApp},
};

constexpr double kMostWeight = 1e9;
#define CBENCH_WEIGHT(key, text) \
  {.name = key, .type = Type::Number, .doc = text, .low = 0, .high = kMostWeight}
constexpr Key kRandom{
    .name = "random", .type = Type::Bool, .doc = "every template alike, whatever the weights are"};
constexpr Key kSplit[] = {kRandom, CBENCH_WEIGHT("single-thread", "weight of templates of this kind"),
                          CBENCH_WEIGHT("multi-thread", "weight of templates of this kind"),
                          CBENCH_WEIGHT("multi-programmed", "weight of templates of this kind"),
                          CBENCH_WEIGHT("iobound", "weight of templates of this kind")};
constexpr Key kSensitivity[] = {kRandom,
                                CBENCH_WEIGHT("low", "weight of templates that are hardly slowed down"),
                                CBENCH_WEIGHT("medium", "weight of templates in between"),
                                CBENCH_WEIGHT("high", "weight of templates that others slow down much")};
constexpr Key kPriority[] = {kRandom, CBENCH_WEIGHT("priority", "weight of templates with `priority: true`"),
                             CBENCH_WEIGHT("nonpriority", "weight of the others")};
#undef CBENCH_WEIGHT

constexpr Key kLength[] = {
    {.name = "mean",
     .type = Type::Seconds,
     .use = Use::Required,
     .doc = "mean of the normal distribution",
     .low = 0,
     .high = kYear,
     .above = true},
    {.name = "sigma", .type = Type::Seconds, .doc = "standard deviation", .low = 0, .high = kYear},
    {.name = "min", .type = Type::Seconds, .doc = "no job is shorter", .low = 0, .high = kYear},
    {.name = "max", .type = Type::Seconds, .doc = "no job is longer", .low = 0, .high = kYear, .above = true},
};

constexpr Key kArrival[] = {
    {.name = "seed", .type = Type::Integer, .doc = "of the generator; 1 when absent", .low = 0, .high = 9e15},
    {.name = "mean",
     .type = Type::Seconds,
     .use = Use::Required,
     .doc = "mean time between two arrivals",
     .low = 0,
     .high = kYear},
    {.name = "sigma", .type = Type::Seconds, .doc = "its standard deviation", .low = 0, .high = kYear},
    {.name = "length",
     .type = Type::Map,
     .use = Use::Required,
     .doc = "how long jobs run",
     .members = kLength},
    {.name = "split", .type = Type::Map, .doc = "weights of kinds", .members = kSplit},
    {.name = "sensitivities", .type = Type::Map, .doc = "weights of sensitivities", .members = kSensitivity},
    {.name = "sensetivities",
     .type = Type::Map,
     .doc = "an old spelling of `sensitivities`",
     .members = kSensitivity},
    {.name = "priorities", .type = Type::Map, .doc = "weights of priorities", .members = kPriority},
    {.name = "priority_split", .type = Type::Map, .doc = "an old name of `priorities`", .members = kPriority},
};

constexpr Key kTop[] = {
    {.name = "benchmark",
     .type = Type::Map,
     .use = Use::Required,
     .doc = "the experiment",
     .members = kBenchmark},
    {.name = "data",
     .type = Type::Map,
     .doc = "what is sampled of containers that do not say it themselves",
     .members = kData},
    {.name = "arrival", .type = Type::Map, .doc = "when generated containers arrive", .members = kArrival},
    {.name = "workloads",
     .type = Type::Anything,
     .doc = "templates of generated containers, and `input`: files or folders with more of them"},
};

/// Made when a job is, or without a meaning in a template.
struct OfOneJob {
  std::string_view key, why;
};
constexpr OfOneJob kOfOneJob[] = {
    {"index", "jobs are numbered as they arrive"},
    {"name", "a job has its number and the template's key for a name"},
    {"core", "a job gets its CPUs when it starts: `num_cores` says how many"},
    {"exclusive", "a job gets its CPUs when it starts, and `admission` says whether it waits for free ones"},
    {"start_t", "a job starts when `arrival` has it arrive"},
    {"stop_t", "a job is stopped after the length that `arrival` gives it, and at `max_t`"},
    {"length", "a job gets its length from `length` of `arrival`"},
    {"expected_t", "a job gets its length from `length` of `arrival`, and may be stopped before"},
};
constexpr Key kOfTemplate[] = {
    {.name = "kind",
     .type = Type::Choice,
     .doc = "chosen by `split`",
     .choices = "single-thread multi-thread multi-programmed iobound"},
    {.name = "sensitivity",
     .type = Type::Choice,
     .doc = "how much others slow it down; chosen by `sensitivities`",
     .choices = "low medium high"},
};

constexpr std::string_view kSchedulers[] = {"probe",
                                            "probe_allocation",
                                            "allocation",
                                            "dynamic",
                                            "dynamic_v2",
                                            "dynamic_v3",
                                            "interference_aware",
                                            "fair_share",
                                            "least_loaded",
                                            "cache_aware",
                                            "bandwidth_aware",
                                            "dicer",
                                            "copart",
                                            "cpi2",
                                            "dcat",
                                            "heracles",
                                            "parties",
                                            "three_strikes",
                                            "ucp_lookahead",
                                            "default"};
constexpr std::string_view kStrays[] = {"stalled_cycles_scoreboard"};

}  // namespace

Keys benchmark_keys() { return kBenchmark; }
Keys container_keys() { return kContainer; }
Keys data_keys() { return kData; }
Keys app_keys() { return kApp; }
Keys top_keys() { return kTop; }
Keys split_keys() { return kSplit; }
Keys sensitivity_keys() { return kSensitivity; }
Keys priority_keys() { return kPriority; }

Keys template_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> made(std::begin(kContainer), std::end(kContainer));
    std::erase_if(made, [](const Key& key) { return !why_not_in_template(key.name).empty(); });
    made.insert(made.end(), std::begin(kOfTemplate), std::end(kOfTemplate));
    return made;
  }();
  return keys;
}

bool is_of_template(Keys keys) { return keys.data() == template_keys().data(); }

std::vector<std::string> choices_of(const Key& key) {
  std::vector<std::string> words;
  for (std::string_view rest = key.choices; !rest.empty();) {
    const size_t end = std::min(rest.find(' '), rest.size());
    words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

std::vector<std::string> names_of(Keys keys) {
  std::vector<std::string> names;
  for (const Key& key : keys) names.emplace_back(key.name);
  return names;
}

bool has_key(Keys keys, std::string_view name) {
  return std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
}

std::string_view why_not_in_template(std::string_view key) {
  for (const OfOneJob& each : kOfOneJob)
    if (each.key == key) return each.why;
  return "";
}

std::span<const std::string_view> known_schedulers() { return kSchedulers; }
std::span<const std::string_view> stray_metrics() { return kStrays; }

}  // namespace cbench::config
