// Which CPUs are online, looked at again and again.
#pragma once

#include <string>

#include "stdlib/abi/cpu_set.h"

namespace cbench {

/// Keeps the kernel's list open; looking at it takes a pread(2) of a few bytes.
class OnlineCpus {
 public:
  explicit OnlineCpus(const std::string& path = "/sys/devices/system/cpu/online");
  ~OnlineCpus();
  OnlineCpus(const OnlineCpus&) = delete;
  OnlineCpus& operator=(const OnlineCpus&) = delete;

  /// Is the list another one than at the last call, or at construction? A list that cannot be read has not
  /// changed.
  bool changed();
  [[nodiscard]] const CpuSet& cpus() const { return cpus_; }

 private:
  int fd_;
  std::string text_;
  CpuSet cpus_;
};

}  // namespace cbench
