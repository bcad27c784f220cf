// The two log files of a container, and the taking apart of Docker's combined output stream.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "compiler/base/result.h"

namespace cbench {

/// `name` as a part of a file name, of a cgroup's name and of a Docker name: what is not [A-Za-z0-9_.-]
/// becomes '-'.
std::string plain_name(std::string_view name);

/// <folder>/<name>.stdout and .stderr. Written by one thread.
class OutputFiles {
 public:
  /// Makes the folder when it is missing, and empties the files. Errors: RunFailed with the path.
  static Result<std::unique_ptr<OutputFiles>> open(const std::string& folder, const std::string& name);
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  /// Descriptor of stdout's file (0) or stderr's (1), opened for appending.
  [[nodiscard]] int fd(size_t which) const { return fds_[which]; }
  /// Path of that file.
  [[nodiscard]] const std::string& path(size_t which) const { return paths_[which]; }
  /// Appends; after a failure nothing more is written to that file.
  void write(size_t which, std::string_view bytes);
  /// "stdout is incomplete: No space left on device"; empty when all was written. From any thread.
  [[nodiscard]] std::string trouble() const;

 private:
  OutputFiles() = default;
  std::array<int, 2> fds_ = {-1, -1};
  std::array<std::string, 2> paths_;
  std::array<std::atomic<int>, 2> failed_ = {};  ///< errno
};

/// Docker's multiplexed stream: frames of an 8-byte header (stream, 0, 0, 0, big-endian length) and that many
/// bytes. https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
class OutputDemux {
 public:
  /// Gets 0 (stdout) or 1 (stderr) and a piece of that stream.
  using Sink = std::function<void(size_t which, std::string_view bytes)>;
  explicit OutputDemux(Sink sink) : sink_(std::move(sink)) {}

  /// Takes the next bytes, cut anywhere. False: not such a stream.
  bool feed(std::string_view bytes);

 private:
  Sink sink_;
  std::array<unsigned char, 8> header_ = {};
  size_t header_bytes_ = 0;  ///< of the header that is being read
  size_t left_ = 0;          ///< of the frame's bytes
};

}  // namespace cbench
