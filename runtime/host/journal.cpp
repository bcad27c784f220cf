// The journal of a live run. Those that dead runs left behind are in orphans.cpp.
#include "runtime/host/journal.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/host/journal_folder.h"
#include "runtime/host/journal_format.h"
#include "runtime/host/kernel_file.h"
#include "runtime/host/undo.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using Kind = JournalEntry::Kind;

Error cannot_write(const std::string& file, int error) {
  return {Exit::HostLacks, fmt::format("cannot write the journal {}: {}", file, errno_text(error)),
          "nothing was changed; the journal's folder must be writable and its disk not full"};
}

}  // namespace

struct Journal::Impl {
  std::string folder, file, run_id;
  Descriptor fd, mark;
  pid_t pid = ::getpid();
  off_t header = 0, length = 0;  // bytes
  std::vector<JournalEntry> entries;
  std::set<std::string, std::less<>> known;  // paths that need no further entry
  std::mutex mutex;                          // engines journal from several threads

  Result<> append(std::string_view line) {
    if (!fd.ok()) return Error{Exit::RunFailed, fmt::format("the journal {} is closed", file), ""};
    ssize_t n = 0;
    do n = ::pwrite(fd.get(), line.data(), line.size(), length);
    while (n < 0 && errno == EINTR);
    if (n == static_cast<ssize_t>(line.size()) && ::fsync(fd.get()) == 0) {
      length += n;
      return Done{};
    }
    const int error = n >= 0 && n < static_cast<ssize_t>(line.size()) ? ENOSPC : errno;
    // Half a line must not stand before the next one; when even this fails, the next line goes over it.
    if (::ftruncate(fd.get(), length) != 0) return cannot_write(file, errno);
    return cannot_write(file, error);
  }

  Result<> add(JournalEntry entry) {
    if (auto written = append(to_line(entry)); !written) return written;
    known.insert(entry.path);
    entries.push_back(std::move(entry));
    return Done{};
  }

  /// Does the path, or a folder of ours that it stands in, have an entry? Removing the folder undoes what is
  /// below it.
  [[nodiscard]] bool covered(const std::string& path) const {
    if (known.contains(path)) return true;
    return std::any_of(entries.begin(), entries.end(), [&](const JournalEntry& entry) {
      return entry.kind == Kind::Create && path.size() > entry.path.size() && path.starts_with(entry.path) &&
             path[entry.path.size()] == '/';
    });
  }
};

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

std::string Journal::default_folder() {
  if (::geteuid() == 0) return "/var/lib/cbench";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::string(state) + "/cbench";
  const char* home = std::getenv("HOME");
  // Never a folder in which others may write: what stands in a journal is done.
  if (home == nullptr || *home != '/')
    if (const passwd* user = ::getpwuid(::geteuid()); user != nullptr) home = user->pw_dir;
  return std::string(home != nullptr && *home == '/' ? home : "/nonexistent") + "/.local/state/cbench";
}

Result<std::unique_ptr<Journal>> Journal::open(const std::string& run_id, const std::string& folder) {
  const auto refused = [&](const std::string& path, int error) {
    return Error{
        Exit::HostLacks, fmt::format("cannot make the journal {}: {}", path, errno_text(error)),
        "a run that may change the host writes down first how to undo it: make the folder writable, or set "
        "XDG_STATE_HOME when not root"};
  };
  if (run_id.empty() || run_id.find('/') != std::string::npos)
    return Error{Exit::Invalid, fmt::format("`{}` is not a run id", run_id), ""};
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return refused(folder, error.value());
  const Descriptor locked = lock_folder(folder);
  if (!locked.ok()) return refused(folder, errno);

  auto impl = std::make_unique<Impl>();
  impl->folder = folder;
  impl->file = folder + "/" + run_id + kJournalEnding;
  impl->run_id = run_id;
  impl->mark = mark_live(run_id);
  impl->fd = Descriptor(::open(impl->file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!impl->fd.ok() || ::flock(impl->fd.get(), LOCK_EX | LOCK_NB) != 0) return refused(impl->file, errno);
  if (auto written = impl->append(to_line(this_process(run_id))); !written) {
    ::unlink(impl->file.c_str());
    return written.error();
  }
  impl->header = impl->length;
  // The folder's entry for the file, and its parent's for a folder just made, have to survive a crash as
  // well.
  const Descriptor parent(::open(fs::path(folder).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fsync(locked.get()) != 0 || (parent.ok() && ::fsync(parent.get()) != 0)) {
    const int failed = errno;
    ::unlink(impl->file.c_str());
    return refused(impl->file, failed);
  }
  return std::unique_ptr<Journal>(new Journal(std::move(impl)));
}

Journal::~Journal() {
  // A forked child that leaves by exit() holds a copy of this object, not the run.
  if (impl_->pid == ::getpid()) close();
}

Result<> Journal::will_write(const std::string& path) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->covered(path)) return Done{};
  }
  std::string present;
  if (const int error = read_file(path, present); error != 0)
    return Error{Exit::RunFailed, fmt::format("cannot read {}: {}", path, errno_text(error)), ""};
  return will_write(path, present);
}

Result<> Journal::will_write(const std::string& path, const std::string& restore_text) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->covered(path)) return Done{};
  return impl_->add({Kind::Write, path, restore_text});
}

Result<> Journal::will_create(const std::string& folder) {
  const std::lock_guard lock(impl_->mutex);
  if (!is_ours(folder))
    return Error{Exit::Invalid, fmt::format("`{}` is not a folder of cbench's", folder),
                 "folders that cbench makes are absolute and have `cbench` in their name"};
  if (impl_->known.contains(folder)) return Done{};
  struct stat status{};
  if (::lstat(folder.c_str(), &status) == 0) return Done{};  // not made by us, so not ours to remove
  return impl_->add({Kind::Create, folder, ""});
}

Result<> Journal::own_rdt(const std::string& resctrl_root) {
  const std::lock_guard lock(impl_->mutex);
  const auto owns = [&](const std::vector<JournalEntry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [&](const JournalEntry& entry) {
      return entry.kind == Kind::Rdt && entry.path == resctrl_root;
    });
  };
  if (owns(impl_->entries)) return Done{};
  const Descriptor locked = lock_folder(impl_->folder);  // of two that ask at once, one is first
  if (!locked.ok()) return cannot_write(impl_->folder, errno);
  for (const std::string& file : journal_files(impl_->folder)) {
    if (file == impl_->file) continue;
    const std::optional<FoundJournal> other = look_at_journal(file);
    if (!other || !other->live || !other->text.owner || !owns(other->text.entries)) continue;
    return Error{Exit::HostLacks,
                 fmt::format("{} is in use by run {} (pid {})", resctrl_root, other->text.owner->run_id,
                             other->text.owner->pid),
                 "cache and bandwidth classes belong to one run at a time: wait until it has ended, or run "
                 "with --mode advise"};
  }
  return impl_->add({Kind::Rdt, resctrl_root, ""});
}

std::vector<std::string> Journal::restore() {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> problems = undo_all(impl_->entries);
  impl_->known.clear();
  for (const JournalEntry& entry : impl_->entries) impl_->known.insert(entry.path);
  // With something left the file stays as it is: undoing twice does no harm.
  if (impl_->entries.empty() && impl_->fd.ok() && ::ftruncate(impl_->fd.get(), impl_->header) == 0) {
    impl_->length = impl_->header;
    ::fsync(impl_->fd.get());
  }
  return problems;
}

void Journal::close() {
  const std::lock_guard lock(impl_->mutex);
  const bool nothing_left = std::all_of(impl_->entries.begin(), impl_->entries.end(),
                                        [](const JournalEntry& entry) { return entry.kind == Kind::Rdt; });
  if (impl_->fd.ok() && nothing_left) ::unlink(impl_->file.c_str());
  impl_->fd = Descriptor();
  impl_->mark = Descriptor();
}

}  // namespace cbench
