// Log files and the demultiplexer.
#include "runtime/engines/output.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace cbench {
namespace {

constexpr std::array<const char*, 2> kStreams = {"stdout", "stderr"};

}  // namespace

std::string plain_name(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-';
    if (!fine) c = '-';
  }
  return plain;
}

Result<std::unique_ptr<OutputFiles>> OutputFiles::open(const std::string& folder, const std::string& name) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return Error{Exit::RunFailed, fmt::format("cannot make folder {}: {}", folder, failed.message()),
                 "name another folder with -o or benchmark.output"};
  }
  std::unique_ptr<OutputFiles> files(new OutputFiles);
  for (size_t which = 0; which < kStreams.size(); ++which) {
    const std::string path = fmt::format("{}/{}.{}", folder, plain_name(name), kStreams[which]);
    files->paths_[which] = path;
    files->fds_[which] = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (files->fds_[which] < 0) {
      return Error{Exit::RunFailed, fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                   "name another folder with -o or benchmark.output"};
    }
  }
  return files;
}

OutputFiles::~OutputFiles() {
  for (const int fd : fds_) {
    if (fd >= 0) close(fd);
  }
}

void OutputFiles::write(size_t which, std::string_view bytes) {
  while (!bytes.empty() && failed_[which] == 0) {
    const ssize_t written = ::write(fds_[which], bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      failed_[which] = errno;
    }
  }
}

std::string OutputFiles::trouble() const {
  for (size_t which = 0; which < kStreams.size(); ++which) {
    if (const int code = failed_[which]; code != 0) {
      return fmt::format("{} is incomplete: {}", kStreams[which], std::strerror(code));
    }
  }
  return "";
}

bool OutputDemux::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      const size_t take = std::min(bytes.size(), header_.size() - header_bytes_);
      std::memcpy(&header_[header_bytes_], bytes.data(), take);
      header_bytes_ += take;
      bytes.remove_prefix(take);
      if (header_bytes_ < header_.size()) return true;
      if (header_[0] > 2 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) return false;
      header_bytes_ = 0;
      left_ = size_t{header_[4]} << 24 | size_t{header_[5]} << 16 | size_t{header_[6]} << 8 | header_[7];
      continue;
    }
    const size_t take = std::min(bytes.size(), left_);
    // Stream 0 is the echo of a terminal's input; it belongs to stdout.
    sink_(header_[0] == 2 ? 1 : 0, bytes.substr(0, take));
    left_ -= take;
    bytes.remove_prefix(take);
  }
  return true;
}

}  // namespace cbench
