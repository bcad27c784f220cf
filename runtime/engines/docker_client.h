// A typed client of the Docker Engine API over its unix socket: one function a request, nothing about our
// runs.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/engines/docker_json.h"
#include "runtime/engines/engine.h"
#include "runtime/engines/http.h"

namespace cbench {

/// The socket that DOCKER_HOST (null or empty: unset) names, by default /var/run/docker.sock. Errors: another
/// machine (HostLacks): the cgroup files of its containers are not here.
Result<std::string> docker_socket(const char* docker_host);

/// Safe to use from several threads once connect() has succeeded. Errors of all: RunFailed with the daemon's
/// words.
class DockerClient {
 public:
  explicit DockerClient(std::string socket, std::chrono::milliseconds timeout = std::chrono::seconds(10));

  /// Agrees on an API version. Errors: HostLacks with the remedy (no daemon, no permission, too old).
  Result<DaemonVersion> connect();
  [[nodiscard]] const std::string& socket() const { return socket_; }

  /// Do containers outlive the daemon? Where it does not say, no.
  [[nodiscard]] bool keeps_containers();
  /// nullopt: there is no such image here.
  Result<std::optional<ImageInfo>> image(const std::string& reference);
  /// Without a tag, `latest`. `registry` is used when the image is of that registry. `why_end` ends it as
  /// HttpRequest's does, and so does a daemon that tells of no progress for `idle`. Errors: HostLacks, with
  /// what the cause is answered by.
  Result<> pull(const std::string& reference, const Registry& registry, const Progress& progress,
                const std::function<std::string()>& why_end = {},
                std::chrono::milliseconds idle = std::chrono::minutes(5));

  /// The container's id; nullopt: the name is taken.
  Result<std::optional<std::string>> create(const std::string& name, const std::string& body);
  Result<> set_cpus(const std::string& id, const std::string& cpu_list);
  Result<> start(const std::string& id);
  /// nullopt: there is no such container.
  Result<std::optional<ContainerState>> inspect(const std::string& id);
  /// A container that does not run is no error.
  Result<> kill(const std::string& id, const std::string& signal);
  /// Removes it, running or not, with its anonymous volumes; one that is gone is no error.
  Result<> remove(const std::string& id);
  /// Containers, running or not, with `label` ("key" or "key=value"); `key` is the label's.
  Result<std::vector<ListedContainer>> list(const std::string& label, const std::string& key);
  Result<std::string> create_exec(const std::string& id, const std::string& body);
  /// nullopt: there is no such exec (its container or the daemon has ended since).
  Result<std::optional<ExecState>> inspect_exec(const std::string& exec);

  /// The requests of streams, for HttpStreams.
  [[nodiscard]] HttpRequest attach_request(const std::string& id) const;
  [[nodiscard]] HttpRequest start_exec_request(const std::string& exec) const;
  /// Answered with headers at once, and with a body (parse_wait) when the container ends. `next` waits for
  /// the end of the coming start, otherwise a container that does not run answers at once.
  [[nodiscard]] HttpRequest wait_request(const std::string& id, bool next) const;
  /// Answered when the daemon has stopped the container: at the latest after `seconds`, by SIGKILL.
  [[nodiscard]] HttpRequest stop_request(const std::string& id, int seconds) const;
  /// Answered with headers at once; then a line for each event of a container with `label` ("key=value") at
  /// or after `since_ns` (wall clock), without end.
  [[nodiscard]] HttpRequest events_request(const std::string& label, int64_t since_ns) const;
  /// What remove() sends.
  [[nodiscard]] HttpRequest remove_request(const std::string& id) const;
  /// What is told when a request got no answer: "cannot <what>: Docker at <socket>: …".
  [[nodiscard]] Error unanswered(const std::string& what, Error error) const;
  /// Of an answer to remove_request.
  static bool removed(const HttpResponse& response);

 private:
  [[nodiscard]] HttpRequest request(const std::string& method, const std::string& target,
                                    std::string body = "") const;
  /// An answer that is neither 2xx nor one of `accepted` becomes an error: "Docker: cannot <what>: <words>".
  Result<HttpResponse> expect(const std::string& what, const HttpRequest& how,
                              std::initializer_list<long> accepted = {}) const;

  std::string socket_;
  std::string prefix_;  ///< "/v1.41"
  std::chrono::milliseconds timeout_;
};

/// An error for an answer that is not good: "Docker: cannot <what>: <words>".
Error docker_refusal(const std::string& what, const HttpResponse& response);

}  // namespace cbench
