// Undoing one journalled change on the host.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/host/journal_format.h"

namespace cbench {

/// Is a folder, or one that it stands in, named by us? Only such folders are ever emptied and removed.
bool is_ours(const std::string& folder);

/// Writes the text back, or removes the folder with all below it. A cgroup's processes are killed first; a
/// resctrl group's tasks fall to its parent. What has vanished is done. Returns what could not be undone.
std::optional<std::string> undo(const JournalEntry& entry);

/// Undoes entries, newest first; what failed is tried once more at the end, since a later removal may have
/// freed it. `entries` keeps what could not be undone; returns why.
std::vector<std::string> undo_all(std::vector<JournalEntry>& entries);

}  // namespace cbench
