// Finding the Docker daemon and agreeing with it on an API version.
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/engines/docker_client.h"

namespace cbench {
namespace {

/// Oldest API that has all that we use (`wait?condition=`), and the newest that we know (Docker 28).
constexpr int kOldest = 30, kNewest = 51;

/// The n of "1.n"; 0 for anything else.
int minor_of(std::string_view api) {
  int minor = 0;
  if (!api.starts_with("1.")) return 0;
  const char* end = api.data() + api.size();
  const auto [stop, error] = std::from_chars(api.data() + 2, end, minor);
  return error == std::errc() && stop == end ? minor : 0;
}

/// Can the socket be connected? 0, or errno.
int connect_errno(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  // A full backlog gives EAGAIN: someone listens there.
  const int failed = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  close(fd);
  return failed == EAGAIN ? 0 : failed;
}

Error unreachable(const std::string& socket, int code) {
  Error error{Exit::HostLacks, fmt::format("cannot reach Docker at {}: {}", socket, std::strerror(code)), ""};
  switch (code) {
    case EACCES:
    case EPERM:
      error.hint =
          "you may not use the socket: run as root, or join its group: sudo usermod -aG docker $USER (then "
          "log in again)";
      break;
    case ENOENT:
    case ECONNREFUSED:
      error.hint =
          "is dockerd running? start it: sudo systemctl start docker (install it: sudo apt-get install "
          "docker.io); another "
          "socket: DOCKER_HOST=unix:///path; without Docker: --engine process";
      break;
    default:
      error.hint = "DOCKER_HOST=unix:///path names the socket";
  }
  return error;
}

}  // namespace

Result<std::string> docker_socket(const char* docker_host) {
  constexpr std::string_view kScheme = "unix://";
  const std::string_view host = docker_host == nullptr ? "" : docker_host;
  if (host.empty()) return std::string("/var/run/docker.sock");
  if (host.starts_with(kScheme) && host.size() > kScheme.size())
    return std::string(host.substr(kScheme.size()));
  return Error{
      Exit::HostLacks,
      fmt::format(
          "DOCKER_HOST is `{}`: only a Docker daemon on this machine, by its unix socket, can be used", host),
      "the figures are read from this machine's cgroup files: run cbench where the containers run, with "
      "DOCKER_HOST unset or unix:///path"};
}

Result<DaemonVersion> DockerClient::connect() {
  if (const int code = connect_errno(socket_); code != 0) return unreachable(socket_, code);
  HttpRequest how;
  how.target = "/version";
  how.timeout = timeout_;
  const auto lacks = [](Error error) {
    error.exit = Exit::HostLacks;
    return error;
  };
  const Result<HttpResponse> response = expect("ask for its version", how);
  if (!response) return lacks(response.error());
  Result<DaemonVersion> version = parse_version(response->body);
  if (!version) return lacks(version.error());
  const int newest = minor_of(version->api), oldest = minor_of(version->min_api);
  if (newest < kOldest) {
    return Error{Exit::HostLacks,
                 fmt::format("Docker {} speaks API {} at most; 1.{} is needed", version->version,
                             version->api, kOldest),
                 "upgrade Docker to 17.06 or newer"};
  }
  prefix_ = fmt::format("/v1.{}", std::max(oldest, std::min(newest, kNewest)));
  return version;
}

}  // namespace cbench
