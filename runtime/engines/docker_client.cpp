// The requests of the Docker Engine API that we use (docs.docker.com/reference/api/engine/).
#include "runtime/engines/docker_client.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

namespace cbench {
namespace {

/// Value or error of a 2xx answer.
template <class T>
Result<std::optional<T>> some(Result<T> parsed) {
  if (!parsed) return parsed.error();
  return std::optional<T>(std::move(*parsed));
}

}  // namespace

Error docker_refusal(const std::string& what, const HttpResponse& response) {
  return Error{Exit::RunFailed, fmt::format("Docker: cannot {}: {}", what, error_message(response.body)), ""};
}

DockerClient::DockerClient(std::string socket, std::chrono::milliseconds timeout)
    : socket_(std::move(socket)), timeout_(timeout) {}

HttpRequest DockerClient::request(const std::string& method, const std::string& target,
                                  std::string body) const {
  HttpRequest made;
  made.method = method;
  made.target = prefix_ + target;
  made.body = std::move(body);
  made.timeout = timeout_;
  return made;
}

Error DockerClient::unanswered(const std::string& what, Error error) const {
  if (error.exit == Exit::HostLacks) return error;  // no libcurl
  return Error{Exit::RunFailed, fmt::format("cannot {}: Docker at {}: {}", what, socket_, error.message),
               "is dockerd alive? its log says more: journalctl -u docker"};
}

Result<HttpResponse> DockerClient::expect(const std::string& what, const HttpRequest& how,
                                          std::initializer_list<long> accepted) const {
  const Result<HttpResponse> response = http_exchange(socket_, how);
  if (!response) return unanswered(what, response.error());
  const bool fine =
      response->good() || std::find(accepted.begin(), accepted.end(), response->status) != accepted.end();
  if (!fine) return docker_refusal(what, *response);
  return response;
}

bool DockerClient::keeps_containers() {
  const Result<HttpResponse> response = expect("ask about the daemon", request("GET", "/info"));
  return response && parse_live_restore(response->body);
}

Result<std::optional<ImageInfo>> DockerClient::image(const std::string& reference) {
  const HttpRequest how = request("GET", fmt::format("/images/{}/json", url_encode(reference, "/:@")));
  const Result<HttpResponse> response = expect(fmt::format("look up image `{}`", reference), how, {404});
  if (!response) return response.error();
  if (response->status == 404) return std::optional<ImageInfo>();
  return some(parse_image(response->body));
}

Result<std::optional<std::string>> DockerClient::create(const std::string& name, const std::string& body) {
  HttpRequest how = request("POST", "/containers/create?name=" + url_encode(name), body);
  how.timeout = 6 * timeout_;  // a large image's layers are mounted here
  const Result<HttpResponse> response = expect(fmt::format("create container `{}`", name), how, {409});
  if (!response) return response.error();
  if (response->status == 409) return std::optional<std::string>();
  return some(parse_id(response->body));
}

Result<> DockerClient::set_cpus(const std::string& id, const std::string& cpu_list) {
  const HttpRequest how = request("POST", fmt::format("/containers/{}/update", id),
                                  fmt::format(R"({{"CpusetCpus":"{}"}})", cpu_list));
  const Result<HttpResponse> response = expect(fmt::format("pin the container to cores {}", cpu_list), how);
  if (!response) return response.error();
  return Done{};
}

Result<> DockerClient::start(const std::string& id) {
  HttpRequest how = request("POST", fmt::format("/containers/{}/start", id));
  how.timeout = 6 * timeout_;
  const Result<HttpResponse> response = expect("start the container", how, {304});
  if (!response) return response.error();
  return Done{};
}

Result<std::optional<ContainerState>> DockerClient::inspect(const std::string& id) {
  const Result<HttpResponse> response =
      expect("inspect the container", request("GET", fmt::format("/containers/{}/json", id)), {404});
  if (!response) return response.error();
  if (response->status == 404) return std::optional<ContainerState>();
  return some(parse_container(response->body));
}

Result<> DockerClient::kill(const std::string& id, const std::string& signal) {
  const HttpRequest how =
      request("POST", fmt::format("/containers/{}/kill?signal={}", id, url_encode(signal)));
  const Result<HttpResponse> response =
      expect(fmt::format("send {} to the container", signal), how, {404, 409});
  if (!response) return response.error();
  return Done{};
}

Result<> DockerClient::remove(const std::string& id) {
  const Result<HttpResponse> response = expect("remove the container", remove_request(id), {404, 409});
  if (!response) return response.error();
  return Done{};
}

HttpRequest DockerClient::remove_request(const std::string& id) const {
  HttpRequest how = request("DELETE", fmt::format("/containers/{}?force=1&v=1", id));
  how.timeout = 3 * timeout_;
  return how;
}

bool DockerClient::removed(const HttpResponse& response) {
  // 409: "removal is already in progress".
  return response.good() || response.status == 404 || response.status == 409;
}

Result<std::vector<ListedContainer>> DockerClient::list(const std::string& label, const std::string& key) {
  const std::string filters = fmt::format(R"({{"label":["{}"]}})", label);
  const Result<HttpResponse> response =
      expect("list containers", request("GET", "/containers/json?all=1&filters=" + url_encode(filters)));
  if (!response) return response.error();
  return parse_list(response->body, key);
}

Result<std::string> DockerClient::create_exec(const std::string& id, const std::string& body) {
  const Result<HttpResponse> response =
      expect("prepare the command", request("POST", fmt::format("/containers/{}/exec", id), body));
  if (!response) return response.error();
  return parse_id(response->body);
}

Result<std::optional<ExecState>> DockerClient::inspect_exec(const std::string& exec) {
  const Result<HttpResponse> response =
      expect("inspect the command", request("GET", fmt::format("/exec/{}/json", exec)), {404});
  if (!response) return response.error();
  if (response->status == 404) return std::optional<ExecState>();
  return some(parse_exec(response->body));
}

HttpRequest DockerClient::attach_request(const std::string& id) const {
  return request("POST", fmt::format("/containers/{}/attach?stream=1&stdout=1&stderr=1", id));
}

HttpRequest DockerClient::start_exec_request(const std::string& exec) const {
  return request("POST", fmt::format("/exec/{}/start", exec), R"({"Detach":false,"Tty":false})");
}

HttpRequest DockerClient::wait_request(const std::string& id, bool next) const {
  return request("POST",
                 fmt::format("/containers/{}/wait?condition={}", id, next ? "next-exit" : "not-running"));
}

HttpRequest DockerClient::events_request(const std::string& label, int64_t since_ns) const {
  constexpr int64_t kSecond = 1'000'000'000;
  const std::string filters = fmt::format(R"({{"type":["container"],"label":["{}"]}})", label);
  return request("GET", fmt::format("/events?since={}.{:09}&filters={}", since_ns / kSecond,
                                    since_ns % kSecond, url_encode(filters)));
}

HttpRequest DockerClient::stop_request(const std::string& id, int seconds) const {
  HttpRequest how = request("POST", fmt::format("/containers/{}/stop?t={}", id, seconds));
  how.timeout = timeout_ + std::chrono::seconds(seconds);
  return how;
}

}  // namespace cbench
