// Pulling an image: reference, credentials, and progress over its layers.
#include <algorithm>
#include <initializer_list>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "runtime/engines/docker_images.h"

namespace cbench {
namespace {

using Clock = std::chrono::steady_clock;

/// The registry of a reference: its first part when that looks like a host, else Docker Hub.
std::string_view registry_of(std::string_view reference) {
  const size_t slash = reference.find('/');
  if (slash == std::string_view::npos) return "docker.io";
  const std::string_view first = reference.substr(0, slash);
  const bool host = first.find_first_of(".:") != std::string_view::npos || first == "localhost";
  return host ? first : "docker.io";
}

/// "https://index.docker.io/v1/" and "docker.io" name the same registry.
std::string_view bare_host(std::string_view host) {
  if (const size_t scheme = host.find("://"); scheme != std::string_view::npos)
    host.remove_prefix(scheme + 3);
  host = host.substr(0, host.find('/'));
  return host.empty() || host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host;
}

/// The state of a pull, fed with the answer's bytes.
class PullProgress {
 public:
  PullProgress(std::string reference, const Progress& progress)
      : what_("pulling " + std::move(reference)), progress_(progress) {}

  bool feed(std::string_view bytes) {
    rest_ += bytes;
    for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      line(rest_.substr(0, end));
      rest_.erase(0, end + 1);
    }
    return rest_.size() < 1 << 20;
  }

  /// Since the daemon told of anything: a layer that is fetched or extracted does, and bytes without a line
  /// do not.
  [[nodiscard]] Clock::duration silence() const { return Clock::now() - heard_; }

  /// The daemon's words when the pull failed in mid-stream.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void line(const std::string& text) {
    const std::optional<PullLine> parsed = parse_pull_line(text);
    if (!parsed) return;
    heard_ = Clock::now();
    if (!parsed->error.empty()) error_ = parsed->error;
    if (parsed->status == "Downloading" && parsed->total > 0) {
      layers_[parsed->layer] = {parsed->current, parsed->total};
    } else if (auto layer = layers_.find(parsed->layer); layer != layers_.end()) {
      layer->second.first = layer->second.second;  // verified, extracted, complete
    }
    int64_t done = 0, total = 0;
    for (const auto& [id, sizes] : layers_) done += sizes.first, total += sizes.second;
    if (progress_) progress_(what_, total > 0 ? static_cast<double>(done) / static_cast<double>(total) : -1);
  }

  std::string what_, rest_, error_;
  Clock::time_point heard_ = Clock::now();
  const Progress& progress_;
  std::map<std::string, std::pair<int64_t, int64_t>> layers_;
};

/// What answers the cause. The words are those of Docker 20.10 to 28 and of the registries that they quote.
std::string remedy(const std::string& words, const std::string& reference, const Registry& registry,
                   bool with_login) {
  const auto says = [&](std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return words.find(part) != std::string::npos; });
  };
  const std::string_view host = registry_of(reference);
  if (says({"may require 'docker login'"}))
    return fmt::format(
        "`{}` has no public image of that name: correct `image`, or give a login by docker.registry", host);
  if (says({"no basic auth", "unauthorized", "denied", "authentication required", "incorrect username"})) {
    if (with_login)
      return fmt::format(
          "does `{}` have a login of that name and password, and may it read this image? They are "
          "`username` and `password` of docker.registry, or DOCKER_REGISTRY_USERNAME and _PASSWORD",
          host);
    return fmt::format(
        "give a login for `{}`: `host`, `username` and `password` of docker.registry, or "
        "DOCKER_REGISTRY_HOST, _USERNAME and _PASSWORD{}",
        host, registry.user.empty() ? "" : fmt::format(" (the one given is for `{}`)", registry.host));
  }
  if (says({"not found", "manifest unknown", "name unknown", "does not exist"}))
    return fmt::format("`{}` has no image of that name and tag: correct `image`, or push it there", host);
  if (says({"connection refused", "no such host", "no route", "i/o timeout", "Timeout", "deadline",
            "reset by peer", "no progress", "unreachable", "EOF", "server misbehaving"}))
    return fmt::format(
        "is the registry `{}` up, and can this host reach it? An image that is here already needs "
        "`pull: missing` or `never`",
        host);
  if (says({"HTTP response to HTTPS", "x509"}))
    return fmt::format(
        "dockerd does not trust `{}`: give it the certificate in /etc/docker/certs.d, or name it in "
        "`insecure-registries` of /etc/docker/daemon.json",
        host);
  if (says({"no space left"})) return "make room: docker system df, docker image prune";
  return "check the name, the network and docker.registry; an image that is here already needs `pull: "
         "missing` or "
         "`never`";
}

}  // namespace

Result<> DockerClient::pull(const std::string& reference, const Registry& registry, const Progress& progress,
                            const std::function<std::string()>& why_end, std::chrono::milliseconds idle) {
  HttpRequest how =
      request("POST", "/images/create?fromImage=" + url_encode(reference) +
                          (repository_of(reference).size() < reference.size() ? "" : "&tag=latest"));
  PullProgress state(reference, progress);
  how.timeout = std::chrono::milliseconds(0);  // as long as there is progress
  how.why_end = [&]() -> std::string {
    if (std::string why = why_end ? why_end() : ""; !why.empty()) return why;
    if (state.silence() < idle) return "";
    return fmt::format("no progress for {:g} s", static_cast<double>(idle.count()) / 1000);
  };
  const bool with_login = !registry.user.empty() && registry_of(reference) == bare_host(registry.host);
  if (with_login) how.headers.push_back("X-Registry-Auth: " + registry_auth(registry));
  const auto failed = [&](const std::string& words) {
    return Error{Exit::HostLacks, fmt::format("Docker cannot pull image `{}`: {}", reference, words),
                 remedy(words, reference, registry, with_login)};
  };
  const Result<HttpResponse> response =
      http_exchange(socket_, how, [&](std::string_view bytes) { return state.feed(bytes); });
  if (!response) return failed(response.error().message);
  if (!response->good()) return failed(error_message(response->body));
  if (!state.error().empty()) return failed(state.error());
  return Done{};
}

}  // namespace cbench
