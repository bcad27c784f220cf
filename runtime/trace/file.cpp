#include "runtime/trace/file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cbench::trace {
namespace {

Error write_error(const std::string& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return {Exit::RunFailed, fmt::format("cannot write the trace `{}`: {}", path, std::strerror(code)),
          full ? "free some space there, or raise the limit; what was written before is kept"
               : "name a folder that can be written, with -o"};
}

}  // namespace

AppendFile::~AppendFile() {
  if (fd_ >= 0) ::close(fd_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_), path_(std::move(other.path_)) {}

Result<AppendFile> AppendFile::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd >= 0) return AppendFile(fd, path);
  if (errno == EEXIST)
    return Error{Exit::RunFailed, fmt::format("the trace `{}` exists already", path),
                 "name another file with -o, or remove that one"};
  return write_error(path, errno);
}

Result<AppendFile> AppendFile::create_beside(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return write_error(path, errno);
  std::string name = path + ".XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return write_error(name, errno);
  AppendFile file(fd, name);
  if (::fchmod(fd, facts.st_mode & 07777) != 0) {
    const int code = errno;
    ::unlink(name.c_str());
    return write_error(name, code);
  }
  return file;
}

Result<> AppendFile::append(std::span<const uint8_t> bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n =
        ::pwrite(fd_, bytes.data() + done, bytes.size() - done, size_ + static_cast<int64_t>(done));
    if (n > 0) {
      done += static_cast<size_t>(n);
    } else if (n == 0 || errno != EINTR) {
      const int code = n == 0 ? ENOSPC : errno;
      // A reader takes half a batch for the end of a run that was cut off, so even a failure here loses
      // nothing.
      if (::ftruncate(fd_, size_) != 0) return write_error(path_, errno);
      return write_error(path_, code);
    }
  }
  size_ += static_cast<int64_t>(bytes.size());
  return Done{};
}

Result<> AppendFile::sync() {
  if (::fsync(fd_) != 0) return write_error(path_, errno);
  return Done{};
}

Result<> replace_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return write_error(to, errno);
  const size_t slash = to.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : to.substr(0, slash);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return write_error(folder, errno);
  const int code = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (code != 0) return write_error(folder, code);
  return Done{};
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      released_(other.released_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(released_, other.released_);
  return *this;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const auto problem = [&](const char* what) {
    return Error{Exit::Invalid, fmt::format("cannot read the trace `{}`: {}", path, what), ""};
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return problem(std::strerror(errno));
  struct stat facts{};
  MappedFile file;
  const char* what = nullptr;
  if (::fstat(fd, &facts) != 0) {
    what = std::strerror(errno);
  } else if (!S_ISREG(facts.st_mode)) {
    what = "it is not a regular file";
  } else if (facts.st_size > 0) {
    void* data = ::mmap(nullptr, static_cast<size_t>(facts.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      what = std::strerror(errno);
    } else {
      file.data_ = static_cast<uint8_t*>(data);
      file.size_ = static_cast<size_t>(facts.st_size);
    }
  }
  ::close(fd);
  if (what != nullptr) return problem(what);
  return file;
}

void MappedFile::release_before(size_t offset) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t end = offset / page * page;
  if (end <= released_) return;
  ::madvise(data_ + released_, end - released_, MADV_DONTNEED);
  released_ = end;
}

}  // namespace cbench::trace
