// Preflight of what Docker wants of this host: ports that are free, a daemon, images that may not be pulled.
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/driver/preflight.h"
#include "runtime/engines/docker_client.h"

namespace cbench {
namespace {

/// Tries to have the port for a moment: 0, or the reason why not. A family that the host does not have is no
/// reason.
int bind_once(int family, const std::string& ip, const Port& port) {
  sockaddr_storage address{};
  socklen_t length = 0;
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port.host);
    if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) != 1) return 0;
    length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port.host);
    if (inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) != 1) return 0;
    length = sizeof v6;
  }
  const bool tcp = port.protocol == "tcp";
  const int fd = ::socket(family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const int on = 1;
  if (family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (tcp) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // connections that end take no port
  const int failed = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 ? 0 : errno;
  ::close(fd);
  return failed;
}

/// Without an address Docker publishes on all of both families; where there is no IPv6 it does without.
int why_not(const Port& port) {
  if (!port.host_ip.empty())
    return bind_once(port.host_ip.find(':') == std::string::npos ? AF_INET : AF_INET6, port.host_ip, port);
  if (const int failed = bind_once(AF_INET, "0.0.0.0", port); failed != 0) return failed;
  return bind_once(AF_INET6, "::", port) == EADDRINUSE ? EADDRINUSE : 0;
}

}  // namespace

Result<> check_ports(const RunSpec& spec, const SourceSet& sources) {
  for (const ContainerSpec& container : spec.containers) {
    for (const Port& port : container.ports) {
      const int failed = why_not(port);
      const std::string where =
          fmt::format("{}: `{}`", place_of(port.span, spec, sources), container.name.value);
      if (failed == EADDRINUSE)
        return Error{
            Exit::HostLacks,
            fmt::format("{} publishes port {}/{} of this host, which is taken", where, port.host,
                        port.protocol),
            fmt::format("`ss -{}lnp 'sport = :{}'` as root and `docker ps` show by what; `cbench clean` "
                        "what runs of ours have left",
                        port.protocol == "tcp" ? "t" : "u", port.host)};
      if (failed == EADDRNOTAVAIL)
        return Error{
            Exit::HostLacks,
            fmt::format("{} publishes a port on {}, which is no address of this host", where, port.host_ip),
            "`ip address` lists them; without an address it is published on all"};
    }  // whether we ourselves may bind it says nothing of the daemon
  }
  return Done{};
}

Result<> check_images(const RunSpec& spec, const SourceSet& sources) {
  if (spec.engine != EngineKind::Docker) return Done{};
  const Result<std::string> socket = docker_socket(std::getenv("DOCKER_HOST"));
  if (!socket.ok()) return socket.error();
  DockerClient client(*socket);
  if (const auto daemon = client.connect(); !daemon.ok()) return daemon.error();
  for (const ContainerSpec& container : spec.containers) {
    if (container.pull != Pull::Never) continue;
    const auto image = client.image(container.image.value);
    if (!image.ok()) return image.error();
    if (!*image)
      return Error{Exit::HostLacks,
                   fmt::format("{}: image `{}` of `{}` is not on this host, and is never pulled",
                               place_of(container.image.span, spec, sources), container.image.value,
                               container.name.value),
                   fmt::format("`docker pull {}`, or `pull: missing`", container.image.value)};
  }
  return Done{};
}

}  // namespace cbench
