// What earlier runs of ours left on this host: containers with our label, and cgroups with our name.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/engines/cgroup_tree.h"
#include "runtime/engines/docker_client.h"
#include "runtime/engines/engine.h"
#include "runtime/engines/process_cgroup.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCgroupRoot = "/sys/fs/cgroup";

/// A run id is a UUID; a container's group may have any name.
bool is_run_id(const std::string& text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
         text.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

void find_groups(const std::string& folder, int depth, std::vector<Leftover>& found) {
  std::error_code failed;
  fs::directory_iterator at(folder, failed);
  for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
    std::error_code unknown;
    if (!at->is_directory(unknown) || at->is_symlink(unknown)) continue;
    const std::string path = at->path(), name = at->path().filename();
    const std::string run = run_of_group(name.substr(0, name.find('.')));  // "cbench-<run>.self" as well
    if (is_run_id(run)) {
      found.push_back({.what = "cgroup " + path, .run_id = run, .handle = path});
    } else if (depth > 0) {
      find_groups(path, depth - 1, found);
    }
  }
}

bool is_killable(const Leftover& leftover) {
  return leftover.handle.starts_with("/") && fs::exists(leftover.handle + "/cgroup.kill");
}

/// Containers of ours; nothing where there is no daemon, for then there are none.
Result<std::vector<ListedContainer>> containers_of_ours() {
  const char* named = std::getenv("DOCKER_HOST");
  const Result<std::string> socket = docker_socket(named);
  if (!socket) return std::vector<ListedContainer>();
  // A daemon that was named, or that has a socket which we may use, should answer.
  const bool expected = (named != nullptr && *named != '\0') || access(socket->c_str(), W_OK) == 0;
  DockerClient client(*socket);
  if (const Result<DaemonVersion> version = client.connect(); !version)
    return expected ? version.error() : Result<std::vector<ListedContainer>>(std::vector<ListedContainer>());
  return client.list(kRunLabel, kRunLabel);
}

}  // namespace

std::vector<Leftover> engine_leftovers(const std::vector<std::string>& live_runs, std::string* unseen) {
  std::vector<Leftover> found;
  if (const Result<std::vector<ListedContainer>> list = containers_of_ours()) {
    for (const ListedContainer& container : *list) {
      found.push_back(
          {.what = "container " + container.name, .run_id = container.run_id, .handle = container.id});
    }
  } else if (unseen != nullptr) {
    *unseen = "containers of earlier runs would not be seen: " + list.error().message;
  }
  find_groups(kCgroupRoot, 12, found);
  // Folders with cgroup.kill first: what forks without end is gone before the v1 folders of the same run are
  // emptied.
  std::sort(found.begin(), found.end(), [](const Leftover& a, const Leftover& b) {
    return std::pair(!is_killable(a), a.handle) < std::pair(!is_killable(b), b.handle);
  });
  std::erase_if(found, [&](const Leftover& leftover) {
    return std::find(live_runs.begin(), live_runs.end(), leftover.run_id) != live_runs.end();
  });
  return found;
}

Result<> remove_leftover(const Leftover& leftover) {
  const auto remains = [&](const std::string& why) {
    return Error{Exit::RunFailed, fmt::format("cannot remove {}: {}", leftover.what, why), ""};
  };
  if (leftover.handle.starts_with("/")) {
    if (!may_write(fs::path(leftover.handle).parent_path()))
      return remains("it belongs to another user: run this as root");
    if (!kill_all(leftover.handle, "", std::chrono::seconds(10)))
      return remains("its processes do not end after SIGKILL");
    if (!remove_tree(leftover.handle)) return remains("it is still in use");
    return Done{};
  }
  const Result<std::string> socket = docker_socket(std::getenv("DOCKER_HOST"));
  if (!socket) return socket.error();
  DockerClient client(*socket);
  if (const Result<DaemonVersion> version = client.connect(); !version) return version.error();
  if (const Result<> removed = client.remove(leftover.handle); !removed)
    return remains(removed.error().message);
  return Done{};
}

}  // namespace cbench
