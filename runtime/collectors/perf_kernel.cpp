#include "runtime/collectors/perf_kernel.h"

#include <cerrno>

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cbench {
namespace {

static_assert(PERF_TYPE_SOFTWARE == 1);

/// Raises the soft limit of open files to the hard one. True when that made room.
bool raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return false;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

class LinuxPerf final : public PerfKernel {
 public:
  /// Only where the descriptors run out is the limit raised, because started processes inherit it.
  int open(const EventCode& code, int cgroup_fd, int cpu, int leader) override {
    int fd = open_once(code, cgroup_fd, cpu, leader);
    if (fd == -EMFILE && raise_file_limit()) fd = open_once(code, cgroup_fd, cpu, leader);
    return fd;
  }

  int id(int fd, uint64_t& id) override { return ::ioctl(fd, PERF_EVENT_IOC_ID, &id) == 0 ? 0 : -errno; }

  int reschedule(int leader) override {
    const bool done =
        ::ioctl(leader, PERF_EVENT_IOC_DISABLE, 0) == 0 && ::ioctl(leader, PERF_EVENT_IOC_ENABLE, 0) == 0;
    return done ? 0 : -errno;
  }

  ssize_t read(int leader, uint64_t* data, size_t bytes) override {
    const ssize_t size = ::read(leader, data, bytes);
    return size < 0 ? -errno : size;
  }

  void close(int fd) override { ::close(fd); }

 private:
  static int open_once(const EventCode& code, int cgroup_fd, int cpu, int leader) {
    perf_event_attr attr{};
    attr.size = sizeof attr;
    attr.type = code.type;
    attr.config = code.config;
    attr.config1 = code.config1;
    attr.config2 = code.config2;
    attr.read_format =
        PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    const unsigned long flags = PERF_FLAG_FD_CLOEXEC | (cgroup_fd >= 0 ? PERF_FLAG_PID_CGROUP : 0);
    const int pid = cgroup_fd >= 0 ? cgroup_fd : 0;
    const auto fd = static_cast<int>(::syscall(SYS_perf_event_open, &attr, pid, cpu, leader, flags));
    return fd < 0 ? -errno : fd;
  }
};

}  // namespace

PerfKernel& linux_perf() {
  static LinuxPerf kernel;
  return kernel;
}

}  // namespace cbench
