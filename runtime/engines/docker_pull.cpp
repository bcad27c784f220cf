// Pulling an image: reference, credentials, and progress over its layers.
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "runtime/engines/docker_client.h"

namespace cbench {
namespace {

/// Silence after which a pull is given up; while it extracts a layer the daemon still tells of progress.
constexpr std::chrono::seconds kPullIdle{300};

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

bool has_tag_or_digest(std::string_view reference) {
  const size_t slash = reference.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? reference : reference.substr(slash + 1);
  return last.find_first_of(":@") != std::string_view::npos;
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

  /// The daemon's words when the pull failed in mid-stream.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  void line(const std::string& text) {
    const std::optional<PullLine> parsed = parse_pull_line(text);
    if (!parsed) return;
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
  const Progress& progress_;
  std::map<std::string, std::pair<int64_t, int64_t>> layers_;
};

Error pull_failed(const std::string& reference, const std::string& words) {
  return Error{
      Exit::RunFailed, fmt::format("Docker: cannot pull image `{}`: {}", reference, words),
      "check the name, the network and docker.registry; an image that is already here needs `pull: never` or "
      "`missing`"};
}

}  // namespace

Result<> DockerClient::pull(const std::string& reference, const Registry& registry,
                            const Progress& progress) {
  HttpRequest how = request("POST", "/images/create?fromImage=" + url_encode(reference) +
                                        (has_tag_or_digest(reference) ? "" : "&tag=latest"));
  how.timeout = std::chrono::milliseconds(0);
  how.idle = kPullIdle;
  const bool ours = !registry.user.empty() && registry_of(reference) == bare_host(registry.host);
  if (ours) how.headers.push_back("X-Registry-Auth: " + registry_auth(registry));
  PullProgress state(reference, progress);
  const Result<HttpResponse> response =
      http_exchange(socket_, how, [&](std::string_view bytes) { return state.feed(bytes); });
  if (!response) return pull_failed(reference, response.error().message);
  if (!response->good()) return pull_failed(reference, error_message(response->body));
  if (!state.error().empty()) return pull_failed(reference, state.error());
  return Done{};
}

}  // namespace cbench
