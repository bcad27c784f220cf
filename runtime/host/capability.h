// Which rights this process has beyond those of its user.
#pragma once

namespace cbench {

/// Capabilities of linux/capability.h that cbench asks about.
enum class Capability {
  DacOverride = 1,
  IpcLock = 14,
  SysAdmin = 21,
  SysNice = 23,
  SysResource = 24,
  Perfmon = 38
};

/// Is it in the effective set of this process (/proc/self/status)?
bool has_capability(Capability capability);

}  // namespace cbench
