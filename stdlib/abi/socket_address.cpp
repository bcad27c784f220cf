#include "stdlib/abi/socket_address.h"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace cbench {
namespace {

std::optional<SocketAddress> local(std::string_view path) {
  SocketAddress made;
  auto& address = reinterpret_cast<sockaddr_un&>(made.storage);
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string_view::npos)
    return std::nullopt;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  made.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return made;
}

}  // namespace

std::optional<SocketAddress> socket_address(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) return local(text.substr(kUnix.size()));
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  uint16_t port = 0;
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  SocketAddress made;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& address = reinterpret_cast<sockaddr_in6&>(made.storage);
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    made.size = sizeof address;
    if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address.sin6_addr) == 1) return made;
    return std::nullopt;
  }
  auto& address = reinterpret_cast<sockaddr_in&>(made.storage);
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  made.size = sizeof address;
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1) return made;
  return std::nullopt;
}

}  // namespace cbench
