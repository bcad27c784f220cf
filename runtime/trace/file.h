// The trace's file: appending with whole batches or nothing, and reading by mmap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "compiler/base/result.h"

namespace cbench::trace {

/// A file that only we write. What append() could not write as a whole is taken back.
class AppendFile {
 public:
  AppendFile() = default;
  ~AppendFile();
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;

  /// Creates the file; it must not exist. Errors (RunFailed): exists, not writable.
  static Result<AppendFile> create(const std::string& path);
  /// Creates a file beside `path`, with a name of its own and the same mode.
  static Result<AppendFile> create_beside(const std::string& path);

  /// One write. Errors (RunFailed): disk full and the like; the file then ends where it ended before.
  Result<> append(std::span<const uint8_t> bytes);
  Result<> sync();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  AppendFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  int64_t size_ = 0;
  std::string path_;
};

/// Puts `from` in the place of `to`, on disk.
Result<> replace_file(const std::string& from, const std::string& to);

/// A file's bytes as they were when it was opened.
class MappedFile {
 public:
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  /// Errors (Invalid): not readable, not a regular file.
  static Result<MappedFile> open(const std::string& path);
  [[nodiscard]] std::span<const uint8_t> bytes() const { return {data_, size_}; }
  /// Gives the memory before `offset` back to the system; the bytes stay readable.
  void release_before(size_t offset);

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0, released_ = 0;
};

}  // namespace cbench::trace
