// Standing a container still and letting it go on, by the cgroup freezer
// (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst; cgroup.freeze in cgroup-v2.rst).
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "runtime/host/cgroup.h"
#include "runtime/host/journal.h"

namespace cbench {

/// The file that freezes a container: freezer.state of its v1 group, else cgroup.freeze of its v2 group.
/// Empty when it has neither.
std::string freezer_file(const CgroupPaths& own);

/// Freezes or thaws; the kernel stops the tasks soon after. Writes nothing when it is so already. Errors: no
/// freezer (HostLacks), the kernel's words (RunFailed).
Result<> set_frozen(const std::string& freezer_file, bool frozen, Journal& journal);

/// Journals that the container is thawed in the end, for before it is needed.
Result<> journal_frozen(const std::string& freezer_file, Journal& journal);

}  // namespace cbench
