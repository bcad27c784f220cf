#include "runtime/engines/docker_images.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace cbench {

std::string_view repository_of(std::string_view reference) {
  reference = reference.substr(0, reference.find('@'));
  const size_t slash = reference.rfind('/'), colon = reference.rfind(':');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? reference.substr(0, colon) : reference;
}

std::string canonical_image(std::string reference) {
  for (const std::string_view implied : {"docker.io/", "library/"})
    if (reference.starts_with(implied)) reference.erase(0, implied.size());
  return repository_of(reference).size() == reference.size() ? reference + ":latest" : reference;
}

std::string digest_of(const ImageInfo& image, const std::string& reference) {
  const std::string wanted(repository_of(canonical_image(reference)));
  const auto of_it = std::find_if(image.digests.begin(), image.digests.end(), [&](const std::string& digest) {
    return repository_of(canonical_image(digest)) == wanted;
  });
  if (of_it != image.digests.end()) return *of_it;
  return image.digests.empty() ? "" : image.digests.front();
}

Pull DockerImages::policy_of(const std::string& image) const {
  Pull policy = Pull::Never;
  for (const ContainerSpec& container : spec_.containers) {
    if (canonical_image(container.image.value) != image) continue;
    if (container.pull == Pull::Always) return Pull::Always;
    if (container.pull == Pull::Missing) policy = Pull::Missing;
  }
  return policy;
}

Result<ImageInfo> DockerImages::get(size_t slot, const Progress& progress) {
  const ContainerSpec& container = spec_.containers[slot];
  const std::string image = canonical_image(container.image.value);
  std::promise<Result<ImageInfo>> mine;
  std::shared_future<Result<ImageInfo>> future;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    const auto [at, added] = found_.try_emplace(image);
    if (added) at->second = mine.get_future().share();
    future = at->second;
    first = added;
  }
  if (first) mine.set_value(find(container.image.value, policy_of(image), progress));
  Result<ImageInfo> found = future.get();
  if (!found)
    found.error().message = fmt::format(
        "{}{}", container.image_place.empty() ? "" : container.image_place + ": ", found.error().message);
  return found;
}

Result<ImageInfo> DockerImages::find(const std::string& reference, Pull policy, const Progress& progress) {
  const auto pull = [&]() -> Result<> {
    pulls_.acquire();
    const auto why_end = [this]() -> std::string { return closing_ ? "the run is ending" : ""; };
    const Result<> pulled = closing_ ? Error{Exit::RunFailed, why_end(), ""}
                                     : client_.pull(reference, spec_.registry, progress, why_end, idle_);
    pulls_.release();
    return pulled;
  };
  if (policy == Pull::Always) {
    if (Result<> pulled = pull(); !pulled) {
      if (const auto here = client_.image(reference); here && *here)
        pulled.error().hint += "; without `pull: always` the image that is here would be used";
      return pulled.error();
    }
  }
  Result<std::optional<ImageInfo>> image = client_.image(reference);
  if (image && !*image && policy == Pull::Missing) {
    if (const Result<> pulled = pull(); !pulled) return pulled.error();
    image = client_.image(reference);
  }
  if (!image) return image.error();
  if (*image) return std::move(**image);
  return Error{
      Exit::HostLacks, fmt::format("image `{}` is not on this host", reference),
      policy == Pull::Never
          ? fmt::format("`pull: never` is set: run docker pull {}, or set `pull: missing`", reference)
          : "it was pulled a moment ago: does somebody else remove images?"};
}

}  // namespace cbench
