// Request and answer go through anonymous files instead of pipes: nothing blocks, whatever the child does.
#include "compiler/native/child.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/native/descriptor.h"

namespace cbench {
namespace {

constexpr const char* kInstall = "`cbench-codegen` belongs to cbench: install both from one build";
constexpr size_t kLargestAnswer = 64U << 20U;

Error unusable(const std::string& path, const std::string& what) {
  return {Exit::HostLacks, fmt::format("the code generator {} {}", path, what), kInstall};
}
std::string words(int error) { return std::strerror(error); }

/// Ours, and large pages for the child's heap: LLVM's is some 30 MB, and to fault it in by small ones is a
/// tenth of a cold compilation (glibc manual, "Memory Allocation Tunables").
std::vector<const char*> environment_of_child() {
  constexpr const char* kName = "GLIBC_TUNABLES=";
  std::vector<const char*> variables;
  bool tuned = false;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    tuned |= std::string_view(*variable).starts_with(kName);
    variables.push_back(*variable);
  }
  if (!tuned) variables.push_back("GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864");
  variables.push_back(nullptr);
  return variables;
}

/// A child that is killed and waited for on every way out.
class Process {
 public:
  Process(const std::string& path, int in, int out) {
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const char* arguments[] = {"cbench-codegen", nullptr};
    std::vector<const char*> environment = environment_of_child();
    error_ = posix_spawn(&pid_, path.c_str(), &files, &attributes, const_cast<char**>(arguments),
                         const_cast<char**>(environment.data()));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error_ != 0) {
      pid_ = -1;
      return;
    }
    // Without a handle there were no deadline, so that it counts as not started.
    handle_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (handle_ < 0) error_ = errno;
  }
  ~Process() {
    if (handle_ >= 0) close(handle_);
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    reap();
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Why it did not start; 0: it did.
  [[nodiscard]] int error() const { return error_; }
  /// False: it still runs after `deadline`.
  [[nodiscard]] bool ends_within(std::chrono::milliseconds deadline) const {
    const auto end = std::chrono::steady_clock::now() + deadline;
    pollfd ended{handle_, POLLIN, 0};
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      const int ready = poll(&ended, 1, static_cast<int>(std::max<int64_t>(left, 0)));
      if (ready >= 0 || errno != EINTR) return ready > 0;
    }
  }
  /// Its status, as of waitpid(2); nullopt: somebody else has it.
  std::optional<int> reap() {
    int status = 0;
    pid_t got = -1;
    do got = waitpid(pid_, &status, 0);
    while (got < 0 && errno == EINTR);
    return std::exchange(pid_, -1) == got ? std::optional(status) : std::nullopt;
  }

 private:
  pid_t pid_ = -1;
  int handle_ = -1;  ///< pidfd
  int error_ = 0;
};

std::optional<Error> fault_of(int status, const std::string& path) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGKILL || signal == SIGTERM)
      return Error{Exit::HostLacks, fmt::format("the code generator {} was killed", path),
                   "the kernel kills when memory is short: free some, and try again"};
    return Error{Exit::RunFailed, fmt::format("the code generator crashed: {}", strsignal(signal)),
                 "this is a defect of cbench: please report it with the policy"};
  }
  if (WEXITSTATUS(status) != 0)
    return unusable(path, fmt::format("ended with exit code {}", WEXITSTATUS(status)));
  return std::nullopt;
}

CodeAnswer read_answer(const Descriptor& file, const std::string& path) {
  struct stat about{};
  if (fstat(file.get(), &about) != 0 || static_cast<size_t>(about.st_size) > kLargestAnswer)
    return unusable(path, "answers too much");
  std::string bytes(static_cast<size_t>(about.st_size), '\0');
  if (pread(file.get(), bytes.data(), bytes.size(), 0) != about.st_size)
    return unusable(path, "answers nothing");
  return code_answer(bytes);
}

}  // namespace

CodeAnswer ask(const ChildProgram& child, const std::string& request) {
  const Descriptor in(memfd_create("request", MFD_CLOEXEC));
  const Descriptor out(memfd_create("answer", MFD_CLOEXEC));
  if (!in || !out ||
      pwrite(in.get(), request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
    return Error{Exit::HostLacks, "no memory for what the code generator is asked: " + words(errno), ""};
  Process process(child.path, in.get(), out.get());
  if (process.error() != 0) return unusable(child.path, "cannot be started: " + words(process.error()));
  if (!process.ends_within(child.deadline))
    return Error{Exit::HostLacks,
                 fmt::format("the code generator {} took more than {} s and was ended", child.path,
                             std::chrono::duration<double>(child.deadline).count()),
                 "the machine may be overloaded: try again"};
  const std::optional<int> status = process.reap();
  if (!status) return unusable(child.path, "was waited for by somebody else");
  if (std::optional<Error> fault = fault_of(*status, child.path)) return std::move(*fault);
  return read_answer(out, child.path);
}

}  // namespace cbench
