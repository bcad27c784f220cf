// What is appended to a text file, read line by line from sample to sample.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace cbench {

/// Follows one file with a descriptor that stays open. Reading allocates nothing and is bounded: of more than
/// kMostBytes that were appended since the last time only the newest are read, and of a line more than
/// kMostLine long only the beginning counts. A file that became shorter is read anew from its beginning.
class LogTail {
 public:
  static constexpr size_t kMostBytes = size_t{64} * 1024, kMostLine = 4096;
  enum class From : uint8_t { Beginning, End };

  LogTail() = default;
  ~LogTail() { close(); }
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  /// Why `path` cannot be followed ("No such file or directory"); empty: it can.
  static std::string why_not(const std::string& path);

  /// Begins to follow `path`, with what is there or with what comes. A file that is not there yet is opened
  /// when it comes
  /// (`reopen`).
  void follow(std::string path, From from);
  void close();

  /// The complete lines that were appended, oldest first, each with its newline; valid until the next call. A
  /// line that is not complete yet is kept for later. nullopt: no file is open, or reading failed.
  std::optional<std::string_view> read();
  /// Goes over to the beginning of the file that now has the path, where that is another one (rotation). What
  /// `read` gave is over, and what is left of the old file, too.
  bool reopen();

 private:
  bool open(From from);
  void start_at(off_t offset);
  void forget_read_lines();

  std::string path_;
  int fd_ = -1;
  off_t offset_ = 0;       ///< of the next byte in the file
  size_t used_ = 0;        ///< bytes of the buffer
  size_t given_ = 0;       ///< of them, bytes that `read` has given out
  bool headless_ = false;  ///< the next bytes belong to a line whose beginning was not read
  std::array<char, kMostLine + kMostBytes> buffer_;
};

/// The last line of `lines`, without its end and cut at LogTail::kMostLine; it is taken off `lines`.
std::string_view take_last_line(std::string_view& lines);

}  // namespace cbench
