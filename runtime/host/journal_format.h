// The journal's text: a header line that names the owner, then one line an entry, all JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cbench {

struct JournalEntry {
  enum class Kind : uint8_t {
    Write,   ///< `path` is overwritten; `text` restores it
    Create,  ///< the folder `path` is made
    Rdt,     ///< the resctrl file system at `path` is this run's
  };
  Kind kind{};
  std::string path, text;
  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

/// Who wrote a journal. A process is known by pid and start time (field 22 of /proc/PID/stat, clock ticks
/// since boot), within one boot.
struct JournalOwner {
  std::string run_id;
  int64_t pid = 0;
  uint64_t start_time = 0;
  std::string boot_id;
};

struct JournalText {
  std::optional<JournalOwner> owner;  ///< nullopt: the process died before its header was whole
  std::vector<JournalEntry> entries;
};

/// A line of the file, with its end. Bytes above 0x7f are kept: each stands as the code point of its value.
std::string to_line(const JournalOwner& owner);
std::string to_line(const JournalEntry& entry);
/// Reads a journal. A line without its end, or that is not JSON, was torn by a crash: its change was never
/// made, since a change waits for its line to be on disk. Such lines are skipped.
JournalText parse_journal(std::string_view text);

/// "restore /sys/…/cpuset.cpus to 0-3".
std::string describe(const JournalEntry& entry);

/// This process as an owner.
JournalOwner this_process(const std::string& run_id);
/// Does the process of `owner` run on this boot of this host?
bool is_alive(const JournalOwner& owner);
/// Was the host booted anew since? Then nothing of the journal's changes is left.
bool is_from_earlier_boot(const JournalOwner& owner);

}  // namespace cbench
