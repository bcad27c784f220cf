// What a workload serves on a socket, line by line from sample to sample.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/collectors/log_tail.h"
#include "stdlib/abi/socket_address.h"

namespace cbench {

/// A connection that is opened again whenever it ends. Nothing here waits: what has not come is read in a
/// later sample. Reading allocates nothing and is bounded; of what came since the last time the newest
/// LogTail::kMostBytes count, and of a line the first LogTail::kMostLine.
class SocketTail {
 public:
  /// `address` is one that socket_address takes. `request`, if any, is sent in each sample whose forerunner
  /// was answered, so that its answer counts in the next one.
  SocketTail(std::string_view address, std::string request);
  ~SocketTail() { close(); }
  SocketTail(const SocketTail&) = delete;
  SocketTail& operator=(const SocketTail&) = delete;

  void close();

  /// The complete lines that came, oldest first, each with its newline; the end of the connection ends a line
  /// as well. Valid until the next call. nullopt: nothing came, and nobody is there to send anything.
  std::optional<std::string_view> read();

 private:
  enum class Came : uint8_t { Nothing, Bytes, End };

  void connect();
  void ask();
  Came receive();
  void make_room();

  std::optional<SocketAddress> address_;
  std::string request_;
  int fd_ = -1;
  size_t sent_ = 0;       ///< bytes of the request that left
  bool waiting_ = false;  ///< for the first byte of an answer
  size_t used_ = 0, given_ = 0;
  static constexpr size_t kBuffer = LogTail::kMostLine + LogTail::kMostBytes;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBuffer);
};

}  // namespace cbench
