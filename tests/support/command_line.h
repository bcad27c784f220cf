// The command line as a user has it: the `cbench` beside the test, in a folder of its own.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cbench {

struct Output {
  int code = -1;
  std::string out, err;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    char made[] = "/tmp/cbench-e2e-XXXXXX";
    folder = mkdtemp(made);
  }
  ~CommandLine() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }

  pid_t launch(const std::string& arguments) const {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    const std::string cbench = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cbench";
    if (chdir(folder.c_str()) != 0) _exit(127);
    setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    const std::string line = "exec " + cbench + " " + arguments + " >out.txt 2>err.txt";
    execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    _exit(127);
  }
  Output finish(pid_t pid) const {
    int status = 0;
    waitpid(pid, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), slurp(folder / "out.txt"),
            slurp(folder / "err.txt")};
  }
  /// Waits until the run has begun and written rows to its trace.
  void wait_for_rows(pid_t pid) const {
    const auto size = [&] {
      std::error_code absent;
      const auto bytes = std::filesystem::file_size(folder / "t.arrows", absent);
      return absent ? 0 : bytes;
    };
    uintmax_t header = 0;
    for (int i = 0; i < 3000; ++i) {
      if (header == 0) header = size();
      if (header > 0 && size() > header) return;
      ASSERT_EQ(waitpid(pid, nullptr, WNOHANG), 0) << "the run ended: " << slurp(folder / "err.txt");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FAIL() << "no rows came within a minute";
  }
  Output cbench(const std::string& arguments) const { return finish(launch(arguments)); }

  /// The run's processes, cgroups and journal are gone.
  void expect_nothing_left() const {
    EXPECT_THAT(cbench("clean").out + cbench("clean").err, ::testing::HasSubstr("nothing is left"));
  }

  std::filesystem::path folder;
};

}  // namespace cbench
