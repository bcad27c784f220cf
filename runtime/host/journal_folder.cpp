// The folder of journals.
#include "runtime/host/journal_folder.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/host/kernel_file.h"

namespace cbench {

namespace fs = std::filesystem;

namespace {
const std::string kLiveMark = "cbench-live-";
}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor lock_folder(const std::string& folder) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok()) return fd;
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return Descriptor();
  return fd;
}

std::optional<FoundJournal> look_at_journal(const std::string& file) {
  FoundJournal found{file, {}, false, Descriptor(::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW))};
  if (!found.fd.ok()) return std::nullopt;
  found.live = ::flock(found.fd.get(), LOCK_EX | LOCK_NB) != 0;
  struct stat status{};
  if (::fstat(found.fd.get(), &status) != 0 || status.st_nlink == 0)
    return std::nullopt;  // removed before we had the lock
  std::string text;
  if (read_file(file, text) != 0) return std::nullopt;
  found.text = parse_journal(text);
  if (found.text.owner && is_alive(*found.text.owner)) found.live = true;
  return found;
}

Descriptor mark_live(const std::string& run_id) {
  Descriptor mark(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = kLiveMark + run_id;
  if (text.size() + 1 > sizeof name.sun_path) return Descriptor();
  std::copy(text.begin(), text.end(), name.sun_path + 1);  // behind a 0: no file
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (!mark.ok() || ::bind(mark.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0)
    return Descriptor();
  return mark;
}

std::vector<std::string> marked_live() {
  std::vector<std::string> runs;
  std::ifstream sockets("/proc/net/unix");  // an abstract name is shown behind an @
  const std::string before = "@" + kLiveMark;
  for (std::string line; std::getline(sockets, line);)
    if (const size_t at = line.find(before); at != std::string::npos)
      runs.push_back(line.substr(at + before.size()));
  return runs;
}

std::vector<std::string> journal_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == kJournalEnding) files.push_back(at->path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cbench
