// The simulated resctrl, started for a test and ended with it.
#pragma once

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cbench {

class SimulatedResctrl {
 public:
  /// Fails the test when it does not come up. `more` are further arguments of cbench-resctrl-sim.
  explicit SimulatedResctrl(const std::string& profile, const std::vector<std::string>& more = {}) {
    char made[] = "/tmp/cbench-test-resctrl-XXXXXX";
    root_ = ::mkdtemp(made);
    int ready[2] = {-1, -1};
    if (::pipe(ready) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      ::close(ready[0]);
      const std::string program =
          std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cbench-resctrl-sim";
      std::vector<std::string> words = {program, "--profile", profile, "--ready-fd",
                                        std::to_string(ready[1])};
      words.insert(words.end(), more.begin(), more.end());
      words.push_back(root_);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(program.c_str(), arguments.data());
      ::_exit(127);
    }
    ::close(ready[1]);
    char byte = 0;
    const bool up = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    EXPECT_TRUE(up) << "the simulated resctrl `" << profile << "` did not come up";
  }
  ~SimulatedResctrl() {
    end();
    ::umount2(root_.c_str(), MNT_DETACH);  // when a test has killed it, for its guard takes a moment
    ::rmdir(root_.c_str());
  }
  SimulatedResctrl(const SimulatedResctrl&) = delete;
  SimulatedResctrl& operator=(const SimulatedResctrl&) = delete;

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::string operator/(const std::string& path) const { return root_ + "/" + path; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string read(const std::string& path) const {
    std::ostringstream text;
    text << std::ifstream(root_ + "/" + path).rdbuf();
    return text.str();
  }
  /// One write(2), as the kernel's files want it. Returns 0 or the errno.
  [[nodiscard]] int write(const std::string& path, const std::string& text) const {
    const int fd = ::open((root_ + "/" + path).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int error = ::write(fd, text.data(), text.size()) < 0 ? errno : 0;
    ::close(fd);
    return error;
  }
  [[nodiscard]] std::string status() const { return read("info/last_cmd_status"); }
  /// A line for info/simulated_faults (docs/resctrl-sim.md).
  void fault(const std::string& line) const {
    EXPECT_EQ(write("info/simulated_faults", line + "\n"), 0) << line;
  }
  /// Tells it to end, and waits. Returns its exit status.
  int end(int signal = SIGTERM) {
    if (pid_ <= 0) return -1;
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  std::string root_;
  pid_t pid_ = -1;
};

}  // namespace cbench
