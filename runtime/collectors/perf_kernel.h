// What cbench asks of the kernel about perf events. Tests put a script here that behaves as
// perf_event_open(2) does.
#pragma once

#include <cstddef>
#include <cstdint>

#include <sys/types.h>

namespace cbench {

/// type, config, config1 and config2 of a perf_event_attr.
struct EventCode {
  uint32_t type = 0;
  uint64_t config = 0, config1 = 0, config2 = 0;

  /// Does it take a counter of the CPU? The kernel counts software events by itself.
  [[nodiscard]] bool needs_counter() const { return type != 1; }  // PERF_TYPE_SOFTWARE
};

class PerfKernel {
 public:
  virtual ~PerfKernel() = default;

  /// Opens `code` on `cpu` for the cgroup whose folder is open as `cgroup_fd`, or for this process (-1), as a
  /// member of the group of `leader` (-1: as a leader). Returns the descriptor, or -errno.
  virtual int open(const EventCode& code, int cgroup_fd, int cpu, int leader) = 0;
  /// The number under which the event stands in a group's reading. 0, or -errno.
  virtual int id(int fd, uint64_t& id) = 0;
  /// Takes the group of `leader` off the counters and puts it on again. 0, or -errno.
  virtual int reschedule(int leader) = 0;
  /// Reads a group: nr, time_enabled, time_running, then nr × {value, id}. Returns bytes, or -errno.
  virtual ssize_t read(int leader, uint64_t* data, size_t bytes) = 0;
  virtual void close(int fd) = 0;
};

/// perf_event_open(2) itself.
PerfKernel& linux_perf();

}  // namespace cbench
