// The folder of journals: its lock, and a look at each file in it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/host/journal_format.h"

namespace cbench {

inline constexpr const char* kJournalEnding = ".journal";

/// A file descriptor with an owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// The folder, locked: journals are made and looked through by one process at a time, so that none is seen
/// without its lock and header. The lock goes with the descriptor. Not ok() when the folder cannot be opened;
/// errno says why.
Descriptor lock_folder(const std::string& folder);

/// A journal as it is found on disk.
struct FoundJournal {
  std::string file;
  JournalText text;
  bool live = false;  ///< its lock is held, or its process runs
  Descriptor fd;      ///< holds the lock when not live
};
/// nullopt when the file has vanished or cannot be read.
std::optional<FoundJournal> look_at_journal(const std::string& file);
/// Tells all users of this host that a run lives, for as long as the descriptor is open: another user's
/// journals cannot be read. A socket with an abstract name, which the kernel takes away with its process.
Descriptor mark_live(const std::string& run_id);
/// The runs that are marked so.
std::vector<std::string> marked_live();

/// Paths of the journals in a folder, sorted.
std::vector<std::string> journal_files(const std::string& folder);

}  // namespace cbench
