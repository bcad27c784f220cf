// Event codes of perf_event_open(2), the call itself, and its errors in words.
#include "runtime/collectors/perf_event.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/collectors/model_event.h"

namespace cbench {
namespace {

struct Name {
  std::string_view name;
  uint64_t value;
};

constexpr Name kHardware[] = {
    {"cache-misses", PERF_COUNT_HW_CACHE_MISSES},
    {"cache-references", PERF_COUNT_HW_CACHE_REFERENCES},
    {"instructions", PERF_COUNT_HW_INSTRUCTIONS},
    {"cycles", PERF_COUNT_HW_CPU_CYCLES},
    {"branch-instructions", PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    {"branch-misses", PERF_COUNT_HW_BRANCH_MISSES},
    {"bus-cycles", PERF_COUNT_HW_BUS_CYCLES},
};
constexpr Name kSoftware[] = {
    {"task-clock", PERF_COUNT_SW_TASK_CLOCK},         {"cpu-clock", PERF_COUNT_SW_CPU_CLOCK},
    {"page-faults", PERF_COUNT_SW_PAGE_FAULTS},       {"major-faults", PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    {"minor-faults", PERF_COUNT_SW_PAGE_FAULTS_MIN},  {"context-switches", PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"cpu-migrations", PERF_COUNT_SW_CPU_MIGRATIONS},
};
constexpr Name kCaches[] = {
    {"L1D", PERF_COUNT_HW_CACHE_L1D}, {"L1I", PERF_COUNT_HW_CACHE_L1I}, {"LL", PERF_COUNT_HW_CACHE_LL}};
constexpr Name kOperations[] = {{"read", PERF_COUNT_HW_CACHE_OP_READ},
                                {"write", PERF_COUNT_HW_CACHE_OP_WRITE}};
constexpr Name kResults[] = {{"access", PERF_COUNT_HW_CACHE_RESULT_ACCESS},
                             {"miss", PERF_COUNT_HW_CACHE_RESULT_MISS}};

template <size_t N>
std::optional<uint64_t> find(const Name (&names)[N], std::string_view name) {
  for (const Name& entry : names)
    if (entry.name == name) return entry.value;
  return std::nullopt;
}

/// Cuts the part before the first `:` off `text`.
std::string_view take_part(std::string_view& text) {
  const size_t colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  return part;
}

std::optional<EventCode> generic_event(std::string_view source) {
  const std::string_view kind = take_part(source);
  if (kind == "hw")
    if (const auto config = find(kHardware, source)) return EventCode{PERF_TYPE_HARDWARE, *config};
  if (kind == "sw")
    if (const auto config = find(kSoftware, source)) return EventCode{PERF_TYPE_SOFTWARE, *config};
  if (kind != "cache") return std::nullopt;
  const auto cache = find(kCaches, take_part(source));
  const auto operation = find(kOperations, take_part(source));
  const auto result = find(kResults, source);
  if (!cache || !operation || !result) return std::nullopt;
  return EventCode{PERF_TYPE_HW_CACHE, *cache | (*operation << 8) | (*result << 16)};
}

Error no_counter(int error, Metric metric, const HostFacts& facts) {
  const std::string_view source = info(metric).source;
  std::string why = fmt::format("this CPU ({}) or its virtual machine offers no counter for `{}` ({})",
                                facts.cpu_model, source, std::strerror(error));
  if (source.starts_with("cache:LL") && facts.cpu_vendor == "AuthenticAMD")
    return {Exit::HostLacks, why,
            "AMD's core counters have no last-level cache events; use perf.cache_misses or rdt metrics"};
  return {Exit::HostLacks, why,
          "run on bare metal, or give the virtual machine a PMU (QEMU: `-cpu host,pmu=on`); "
          "`perf list hw cache` shows what there is"};
}

}  // namespace

bool needs_counter(Metric metric) { return !info(metric).source.starts_with("sw:"); }

Result<EventCode> resolve_event(Metric metric, const HostFacts& facts) {
  const std::string_view source = info(metric).source;
  constexpr std::string_view kModel = "model:";
  if (source.starts_with(kModel)) return resolve_model_event(source.substr(kModel.size()), facts);
  if (const auto code = generic_event(source)) return *code;
  return Error{Exit::HostLacks, fmt::format("`{}` names no event of perf_event_open", source),
               "report this as a bug of cbench"};
}

int open_cgroup_event(const EventCode& code, int cgroup_fd, int cpu, int leader) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = code.type;
  attr.config = code.config;
  attr.config1 = code.config1;
  attr.config2 = code.config2;
  attr.read_format =
      PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  return static_cast<int>(::syscall(SYS_perf_event_open, &attr, cgroup_fd, cpu, leader,
                                    PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC));
}

Error explain_open_failure(int error, Metric metric, const HostFacts& facts) {
  switch (error) {
    case EACCES:
    case EPERM:
      return {
          Exit::HostLacks,
          fmt::format("perf_event_open was refused (perf_event_paranoid is {})", facts.perf_event_paranoid),
          "run as root, or `setcap cap_perfmon,cap_sys_ptrace=ep` on the program, or "
          "`sysctl kernel.perf_event_paranoid=0`; inside a container also a seccomp profile that allows it"};
    case EMFILE:
      return {Exit::HostLacks, "too many open files: each event needs a descriptor per CPU (RLIMIT_NOFILE)",
              "raise the limit with `ulimit -n 65536`, or enable fewer perf metrics"};
    case ENFILE:
      return {Exit::HostLacks, "the system's table of open files is full",
              "raise it with `sysctl fs.file-max`"};
    case ENOSYS:
      return {Exit::HostLacks, "the kernel has no perf_event_open", "use a kernel with CONFIG_PERF_EVENTS"};
    case EBADF:
      return {Exit::HostLacks, "the kernel does not count events by cgroup here",
              "use a kernel with CONFIG_CGROUP_PERF"};
    case EBUSY:
      return {Exit::HostLacks, "another program holds the counters",
              "end it (`perf`, `pcm`, a VTune driver)"};
    case ENOENT:
    case EINVAL:
    case EOPNOTSUPP:
    case ENODEV:
      return no_counter(error, metric, facts);
    default:
      return {Exit::HostLacks, fmt::format("perf_event_open failed: {}", std::strerror(error)),
              "see perf_event_open(2) for this error"};
  }
}

}  // namespace cbench
