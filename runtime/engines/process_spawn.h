// Starting a host command in given cgroups.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "compiler/base/result.h"
#include "stdlib/abi/cpu_set.h"

namespace cbench {

/// Numbers of a user, as for su(1).
struct Credentials {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name, home;
};

/// "user", "user:group", or numbers. Errors: no such user or group (RunFailed).
Result<Credentials> credentials_of(const std::string& user);

/// Our environment without the secrets of InfluxDB and registries, then `extra`, then the user's HOME, USER
/// and LOGNAME.
std::vector<std::string> child_environment(const std::vector<std::pair<std::string, std::string>>& extra,
                                           const std::optional<Credentials>& user);

struct Command {
  std::string text;  ///< for /bin/sh -c
  std::vector<std::string> environment;
  std::optional<Credentials> user;
  std::vector<std::string> cgroups;  ///< folders
  CpuSet affinity;                   ///< empty: unchanged
  std::array<int, 2> output = {-1, -1};
};

struct Child {
  pid_t pid = -1;
  int pidfd = -1;  ///< the caller's to close
};

/// Returns when the command has been executed: it is then in all its cgroups. It is killed when the calling
/// *thread* ends, leads its own session and reads from /dev/null. Errors: RunFailed or HostLacks, with the
/// step that failed.
Result<Child> spawn(const Command& command);

}  // namespace cbench
