// The journal: what a run changes on the host is written to disk, with fsync, before the change is made, so
// that every exit path, the next run or `cbench clean` can undo it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compiler/base/result.h"

namespace cbench {

/// One owner (one run) of host changes. The file holds run id, pid, the process's start time and boot id, and
/// is flocked as long as the owner lives. Paths are restored in the reverse order of their first change.
class Journal {
 public:
  /// Folder of the journals: /var/lib/cbench for root, else $XDG_STATE_HOME/cbench or ~/.local/state/cbench.
  static std::string default_folder();

  /// Creates the journal of a run. Errors: folder cannot be written (HostLacks).
  static Result<std::unique_ptr<Journal>> open(const std::string& run_id,
                                               const std::string& folder = default_folder());
  ~Journal();  ///< closes, does not restore; a journal with open entries stays on disk
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // The will_… calls may come from several threads. They return when the entry is on disk; on an error
  // (HostLacks: the journal cannot be written; RunFailed: `path` cannot be read) the change must not be made.

  /// Call before the first write to `path`: remembers its present content. Later calls for the same path do
  /// nothing, nor does one for a path in a folder of ours, which will be removed as a whole.
  Result<> will_write(const std::string& path);
  /// As will_write, with the text that restores, written in one write(2).
  Result<> will_write(const std::string& path, const std::string& restore_text);
  /// Call before mkdir of a folder of ours: it, or one that it stands in, has `cbench` in its name (else
  /// Invalid). Restoring removes it and all below: a cgroup's processes are killed, a resctrl group's tasks
  /// fall to its parent. A folder that is there already is not ours to remove and gets no entry.
  Result<> will_create(const std::string& folder);
  /// Notes that RDT is ours; a second live owner is refused (HostLacks, with its pid and run id).
  Result<> own_rdt(const std::string& resctrl_root);

  /// Undoes everything, newest first, and empties the journal. What has vanished in the meantime is skipped.
  /// Returns what could not be undone; those entries stay.
  std::vector<std::string> restore();
  /// Removes the file when nothing is left to undo; with something left it stays for recover(). Nothing can
  /// be journalled afterwards.
  void close();

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A journal on disk whose owner is gone.
struct Orphan {
  std::string file, run_id;
  int64_t pid = 0;
  std::vector<std::string> entries;  ///< as a person reads them; none after a reboot, which undid everything
};
/// Journals without a live owner. A live owner's is never listed.
std::vector<Orphan> orphans(const std::string& folder = Journal::default_folder());
/// Run ids with a live owner, also those of other users. A run opens its journal before it makes anything, so
/// what it made is never older than it.
std::vector<std::string> live_runs(const std::string& folder = Journal::default_folder());
/// Undoes an orphan and removes its file; returns what could not be undone (then the file stays).
std::vector<std::string> recover(const Orphan& orphan);

}  // namespace cbench
