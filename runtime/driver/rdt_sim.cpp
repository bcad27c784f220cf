#include "runtime/driver/rdt_sim.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/base/program.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

constexpr int kPatienceMs = 10'000;  // for a mount

/// Both ends are closed in other children.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) read = Descriptor(ends[0]), write = Descriptor(ends[1]);
  }
  Descriptor read, write;
};

/// What comes through until the other end is closed.
std::string all_of(int fd) {
  std::string text;
  std::array<char, 512> piece{};
  ssize_t n = 0;
  while ((n = ::read(fd, piece.data(), piece.size())) > 0 || (n < 0 && errno == EINTR))
    if (n > 0) text.append(piece.data(), static_cast<size_t>(n));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

pid_t spawn_simulator(const std::string& program, const std::string& profile, const std::string& root,
                      const Pipe& ready, const Pipe& owner, const Pipe& errors, int& error) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  // Copies without close-on-exec, at numbers that none of the originals has.
  constexpr int kReady = 100, kOwner = 101;
  posix_spawn_file_actions_adddup2(&files, ready.write.get(), kReady);
  posix_spawn_file_actions_adddup2(&files, owner.read.get(), kOwner);
  posix_spawn_file_actions_adddup2(&files, errors.write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);  // Ctrl-C is for us; the mount has to outlive our way out
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  const std::string ready_fd = std::to_string(kReady), owner_fd = std::to_string(kOwner);
  const std::array<const char*, 10> arguments = {
      "cbench-resctrl-sim", "--profile",      profile.c_str(), "--ready-fd", ready_fd.c_str(),
      "--owner-fd",         owner_fd.c_str(), "--remove",      root.c_str(), nullptr};
  pid_t pid = -1;
  error = ::posix_spawn(&pid, program.c_str(), &files, &attributes,
                        const_cast<char* const*>(arguments.data()), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error == 0 ? pid : -1;
}

}  // namespace

Result<> RdtSimulator::spawn(const std::string& profile) {
  const std::string program = program_of_ours("cbench-resctrl-sim");
  std::string folder = (std::filesystem::temp_directory_path() / "cbench-resctrl-sim-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    return Error{Exit::HostLacks, fmt::format("cannot make {}: {}", folder, errno_text(errno)), ""};
  root_ = folder;
  Pipe ready, owner, errors;
  int error = 0;
  pid_ = spawn_simulator(program, profile, root_, ready, owner, errors, error);
  if (pid_ < 0)
    return Error{Exit::HostLacks,
                 fmt::format("the simulator {} cannot be started: {}", program, errno_text(error)),
                 "`cbench-resctrl-sim` belongs to cbench: install both from one build"};
  alive_ = std::move(owner.write);
  ready.write = Descriptor();
  errors.write = Descriptor();
  pollfd mounted{.fd = ready.read.get(), .events = POLLIN, .revents = 0};
  int n = 0;
  do n = ::poll(&mounted, 1, kPatienceMs);
  while (n < 0 && errno == EINTR);
  char byte = 0;
  if (n > 0 && ::read(ready.read.get(), &byte, 1) == 1) return Done{};
  if (n == 0) return Error{Exit::HostLacks, "the simulator of resctrl did not get ready in time", ""};
  int status = 0;
  const std::string said = all_of(errors.read.get());
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  const bool usage = WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(Exit::Usage);
  return Error{usage ? Exit::Usage : Exit::HostLacks,
               said.empty() ? "the simulator of resctrl ended before it was ready" : said,
               usage ? "`cbench-resctrl-sim --list` shows the profiles" : ""};
}

Result<std::unique_ptr<RdtSimulator>> RdtSimulator::start(const std::string& profile) {
  std::unique_ptr<RdtSimulator> simulator(new RdtSimulator);
  if (const Result<> spawned = simulator->spawn(profile); !spawned.ok()) return spawned.error();
  return simulator;
}

RdtSimulator::~RdtSimulator() {
  alive_ = Descriptor();
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (!root_.empty()) ::rmdir(root_.c_str());  // the simulator has done so, unless it never began
}

}  // namespace cbench
