// Where a workload serves its figures (`address` of `data.app`).
#pragma once

#include <optional>
#include <string_view>

#include <sys/socket.h>

namespace cbench {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// "unix:/PATH" (107 bytes at most, as sun_path in unix(7)), "127.0.0.1:80", "[::1]:80" or "localhost:80". Names are
/// not looked up: that would wait for a server. nullopt: it is none of these.
std::optional<SocketAddress> socket_address(std::string_view text);

}  // namespace cbench
