// A process in real cgroups of its own, for tests: as a container is to the code under test.
#pragma once

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/host/cgroup.h"
#include "runtime/host/kernel_file.h"

namespace cbench {

class CgroupChild {
 public:
  /// Can groups be made in these hierarchies (of cgroup v1, below /sys/fs/cgroup)?
  static bool possible(const std::vector<std::string>& controllers) {
    for (const std::string& controller : controllers)
      if (::access(("/sys/fs/cgroup/" + controller + "/cgroup.procs").c_str(), W_OK) != 0) return false;
    return true;
  }

  /// Runs `body` (which must not return) in a child that sits in a group of each hierarchy.
  CgroupChild(const std::vector<std::string>& controllers, const std::function<void()>& body) {
    static int count = 0;
    const std::string name = fmt::format("cbench-test-{}-{}", ::getpid(), ++count);
    for (const std::string& controller : controllers) {
      const std::string parent = "/sys/fs/cgroup/" + controller;
      groups_.push_back(parent + "/" + name);
      std::filesystem::create_directory(groups_.back());
      std::string text;
      for (const char* file : {"/cpuset.mems", "/cpuset.cpus"})
        if (read_file(parent + file, text) == 0) write_file(groups_.back() + file, text);
    }
    int ready[2] = {-1, -1};
    if (::pipe(ready) != 0) return;
    pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (const std::string& group : groups_)
        write_file(group + "/cgroup.procs", std::to_string(::getpid()));
      ::close(ready[0]);
      ::close(ready[1]);
      body();
      ::_exit(1);
    }
    ::close(ready[1]);
    char none = 0;
    (void)!::read(ready[0], &none, 1);  // until the child has closed its end
    ::close(ready[0]);
  }
  ~CgroupChild() { end(); }
  CgroupChild(const CgroupChild&) = delete;
  CgroupChild& operator=(const CgroupChild&) = delete;

  /// Kills what is in the groups and removes them.
  void end() {
    for (int i = 0; i < 4000 && !groups_.empty(); ++i) {  // 20 s: a loaded machine kills slowly
      for (const std::string& group : groups_) kill_all(group);
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      std::erase_if(groups_, [](const std::string& group) { return ::rmdir(group.c_str()) == 0; });
      ::usleep(5000);
    }
  }

  [[nodiscard]] std::string group(const std::string& controller) const {
    for (const std::string& group : groups_)
      if (group.starts_with("/sys/fs/cgroup/" + controller + "/")) return group;
    return "";
  }

  pid_t pid = -1;

 private:
  static void kill_all(const std::string& group) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(group, error))
      if (entry.is_directory()) {
        kill_all(entry.path().string());
        ::rmdir(entry.path().c_str());
      }
    std::string text;
    read_file(group + "/cgroup.procs", text);
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      ::kill(std::atoi(text.c_str() + at), SIGKILL);
  }

  std::vector<std::string> groups_;
};

}  // namespace cbench
