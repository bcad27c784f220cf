// Event codes of perf_event_open(2), the call itself, and its errors in words.
#include "runtime/collectors/perf_event.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <linux/perf_event.h>

#include "runtime/collectors/model_event.h"
#include "runtime/host/capability.h"

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

/// `event` is what the message calls it: a metric's source, or what the user wrote.
Error no_counter(int error, std::string_view event, const HostFacts& facts) {
  if (event.starts_with("cache:LL") && facts.cpu_vendor == "AuthenticAMD")
    return {Exit::HostLacks, fmt::format("this CPU ({}) has no counter for `{}`", facts.cpu_model, event),
            "AMD's core counters have no last-level cache events; use perf.cache_misses or rdt metrics"};
  if (facts.virtual_machine)
    return {Exit::HostLacks,
            fmt::format("this virtual machine ({}) has no counter for `{}` ({})", facts.cpu_model, event,
                        std::strerror(error)),
            "run on bare metal, or give the virtual machine a PMU (QEMU: `-cpu host,pmu=on`); "
            "`perf list hw cache` shows what there is"};
  return {
      Exit::HostLacks,
      fmt::format("this CPU ({}) has no counter for `{}` ({})", facts.cpu_model, event, std::strerror(error)),
      "`perf list hw cache` shows what there is; a kernel without the driver of this CPU's PMU has none"};
}

/// rNNNN, as perf-record(1) has it. nullopt: the text is of another form.
std::optional<Result<EventCode>> raw_event(std::string_view text) {
  if (text.size() < 2 || text[0] != 'r' ||
      text.find_first_not_of("0123456789abcdefABCDEF", 1) != std::string_view::npos)
    return std::nullopt;
  uint64_t code = 0;
  if (std::from_chars(text.data() + 1, text.data() + text.size(), code, 16).ec != std::errc{})
    return Error{Exit::HostLacks, fmt::format("`{}` is longer than the 64 bits of a raw code", text),
                 "write the number that `perf list --details` shows for the event"};
  return EventCode{PERF_TYPE_RAW, code};
}

std::string_view event_of(Metric metric, std::span<const OwnEvent> own) {
  for (const OwnEvent& event : own)
    if (event.metric == metric) return event.event.value;
  return is_own(metric) ? "" : info(metric).source;
}

}  // namespace

bool may_open_events(const HostFacts& facts) {
  return facts.perf_event_paranoid <= 0 || has_capability(Capability::Perfmon) ||
         has_capability(Capability::SysAdmin);
}

Result<EventCode> resolve_event(Metric metric, const HostFacts& facts, std::span<const OwnEvent> own) {
  const std::string_view event = event_of(metric, own);
  constexpr std::string_view kModel = "model:";
  if (is_own(metric)) {
    if (const auto raw = raw_event(event)) return *raw;
    return resolve_named_event(event, facts);
  }
  if (event.starts_with(kModel)) return resolve_model_event(event.substr(kModel.size()), facts);
  if (const auto code = generic_event(event)) return *code;
  return Error{Exit::HostLacks, fmt::format("`{}` names no event of perf_event_open", event),
               "report this as a bug of cbench"};
}

Error explain_open_failure(int error, Metric metric, const HostFacts& facts, bool privileged) {
  switch (error) {
    case EACCES:
    case EPERM:
      if (privileged)
        return {
            Exit::HostLacks,
            "perf_event_open was refused although this process has the right to it: a seccomp filter or a "
            "security "
            "module is in the way",
            "in a container: `--cap-add PERFMON --security-opt seccomp=PROFILE` with a profile that allows "
            "perf_event_open (Docker's own does not); otherwise see `dmesg` for the security module"};
      return {
          Exit::HostLacks,
          fmt::format("perf_event_open was refused (perf_event_paranoid is {})", facts.perf_event_paranoid),
          "run as root, or `setcap cap_perfmon=ep` on the program (cap_sys_admin before Linux 5.8), or "
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
      return no_counter(error, is_own(metric) ? info(metric).name : info(metric).source, facts);
    default:
      return {Exit::HostLacks, fmt::format("perf_event_open failed: {}", std::strerror(error)),
              "see perf_event_open(2) for this error"};
  }
}

}  // namespace cbench
