// The images of a run: each is looked up, and pulled where that is asked for, once for all containers that
// name it.
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <semaphore>
#include <string>

#include "runtime/engines/docker_client.h"

namespace cbench {

/// A reference without its tag and digest: "host:5000/team/app" of "host:5000/team/app:1".
std::string_view repository_of(std::string_view reference);
/// The one name of an image: "docker.io/library/redis" is "redis:latest".
std::string canonical_image(std::string reference);
/// What `image` is in the registry that `reference` names, "name@sha256:…"; empty when it came from none.
std::string digest_of(const ImageInfo& image, const std::string& reference);

class DockerImages {
 public:
  /// `idle`: silence after which a pull is given up. What is referred to must outlive it.
  DockerImages(DockerClient& client, const RunSpec& spec, std::chrono::milliseconds idle)
      : client_(client), spec_(spec), idle_(idle) {}

  /// The image of a container, from any thread; the first that asks for it pulls it, and `progress` is told
  /// of that. One `pull: always` among the containers that name it is enough to pull it, and one `pull:
  /// missing` to pull what is not here: a run has one image of a name. Errors (HostLacks): it is not here and
  /// cannot be pulled, with the place of `image`, the cause and its remedy.
  Result<ImageInfo> get(size_t slot, const Progress& progress);
  /// Ends the pulls that are under way, within about a second; no other one begins.
  void close() { closing_ = true; }

 private:
  /// More would only share the same line; each is a few connections of the daemon's.
  static constexpr int kPulls = 4;

  Result<ImageInfo> find(const std::string& reference, Pull policy, const Progress& progress);
  [[nodiscard]] Pull policy_of(const std::string& image) const;

  DockerClient& client_;
  const RunSpec& spec_;
  const std::chrono::milliseconds idle_;
  std::atomic<bool> closing_{false};
  std::counting_semaphore<kPulls> pulls_{kPulls};
  std::mutex mutex_;
  std::map<std::string, std::shared_future<Result<ImageInfo>>> found_;  ///< guarded by mutex_
};

}  // namespace cbench
