#include "runtime/loop/self_metrics.h"

#include <cstdio>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace cbench {
namespace {

void put(Frame& frame, Metric metric, int64_t value, bool known) {
  const int column = frame.column(metric);
  if (column < 0) return;
  if (known)
    frame.set_i64(static_cast<size_t>(column), frame.host_row(), value);
  else
    frame.set_missing(static_cast<size_t>(column), frame.host_row(), Status::Unavailable);
}

int64_t cpu_time_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& t) { return t.tv_sec * 1'000'000'000LL + t.tv_usec * 1000LL; };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

/// Resident bytes from statm's second field (proc(5)); -1 when it cannot be read.
int64_t resident_bytes(int statm) {
  char text[128];
  const ssize_t length = pread(statm, text, sizeof text - 1, 0);
  if (length <= 0) return -1;
  text[length] = '\0';
  long long size = 0, resident = 0;
  if (std::sscanf(text, "%lld %lld", &size, &resident) != 2) return -1;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace

SelfMetrics::SelfMetrics(const Frame& frame)
    : wants_cpu_(frame.column(Metric::self_cpu_time) >= 0),
      wants_rss_(frame.column(Metric::self_memory_rss) >= 0) {
  if (wants_rss_) statm_ = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

SelfMetrics::~SelfMetrics() {
  if (statm_ >= 0) close(statm_);
}

void SelfMetrics::fill(Frame& frame, const Figures& figures) const {
  put(frame, Metric::self_lateness, figures.lateness, true);
  put(frame, Metric::self_sample_time, figures.sample_time, true);
  put(frame, Metric::self_policy_time, figures.policy_time, figures.policy_time >= 0);
  put(frame, Metric::self_step_time, figures.step_time, figures.step_time >= 0);
  put(frame, Metric::self_missed_steps, figures.missed_steps, true);
  if (wants_cpu_) put(frame, Metric::self_cpu_time, cpu_time_ns(), true);
  if (wants_rss_) {
    const int64_t bytes = resident_bytes(statm_);
    put(frame, Metric::self_memory_rss, bytes, bytes >= 0);
  }
}

}  // namespace cbench
