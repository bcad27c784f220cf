// fork, and in the child system calls only (other threads may have held locks), then exec.
#include "runtime/engines/process_spawn.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/host/cpu_mask.h"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace cbench {
namespace {

/// What the child was doing when it failed, and errno; sent through a pipe that exec closes.
struct Failure {
  char step[40];
  int code;
};

/// Everything that the child needs, made before it is: it must not allocate, because it uses our memory.
struct Prepared {
  std::vector<int> groups;  ///< opened cgroup.procs files
  std::vector<char*> argv, envp;
  cpu_set_t affinity;
  bool pin = false;
  const Credentials* user = nullptr;
  std::array<int, 2> output;
  int null = -1, report = -1;
  pid_t parent = 0;
};

[[noreturn]] void give_up(int report, const char* step) {
  Failure failure{};
  failure.code = errno;
  std::strncpy(&failure.step[0], step, sizeof failure.step - 1);
  [[maybe_unused]] const ssize_t written = write(report, &failure, sizeof failure);
  _exit(127);
}

/// Raw calls: the C library's would signal threads that this process does not have.
void become(const Credentials& user, int report) {
  if (syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0) give_up(report, "set groups");
  if (syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) give_up(report, "change group");
  if (syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) give_up(report, "change user");
}

[[noreturn]] void run_child(const Prepared& prepared) {
  const int report = prepared.report;
  for (const int group : prepared.groups) {
    if (write(group, "0", 1) != 1) give_up(report, "enter its cgroup");
  }
  if (prepared.pin && sched_setaffinity(0, sizeof prepared.affinity, &prepared.affinity) != 0)
    give_up(report, "set its affinity");
  if (setsid() < 0) give_up(report, "make a session");
  for (int signal = 1; signal < NSIG; ++signal)
    (void)::signal(signal, SIG_DFL);  // an ignored one would stay so
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (prepared.user != nullptr) become(*prepared.user, report);
  // After the change of user, which clears it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(report, "bind its life to ours");
  if (getppid() != prepared.parent) _exit(127);  // we died before that
  if (dup2(prepared.null, 0) < 0 || dup2(prepared.output[0], 1) < 0 || dup2(prepared.output[1], 2) < 0) {
    give_up(report, "redirect its output");
  }
  syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  execve("/bin/sh", prepared.argv.data(), prepared.envp.data());
  give_up(report, "execute /bin/sh");
}

int enter_child(void* prepared) { run_child(*static_cast<const Prepared*>(prepared)); }

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

template <class Number>
bool parse_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

/// Reads the child's report. Nothing: it executes the command.
std::optional<Failure> read_report(int fd) {
  Failure failure{};
  ssize_t got = 0;
  do {
    got = read(fd, &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof failure) return std::nullopt;
  return failure;
}

}  // namespace

Result<Credentials> credentials_of(const std::string& user) {
  const size_t colon = user.find(':');
  const std::string name = user.substr(0, colon),
                    group = colon == std::string::npos ? "" : user.substr(colon + 1);
  Credentials found;
  passwd entry{}, *user_found = nullptr;
  std::vector<char> buffer(16384);
  if (parse_number(name, found.uid)) {
    getpwuid_r(found.uid, &entry, buffer.data(), buffer.size(), &user_found);
    found.gid = found.uid;
  } else {
    getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &user_found);
    if (user_found == nullptr)
      return Error{Exit::RunFailed, fmt::format("there is no user `{}` on this host", name), ""};
  }
  if (user_found != nullptr) {
    found.uid = entry.pw_uid;
    found.gid = entry.pw_gid;
    found.name = entry.pw_name;
    found.home = entry.pw_dir;
    int count = 0;
    getgrouplist(entry.pw_name, entry.pw_gid, nullptr, &count);
    found.groups.resize(static_cast<size_t>(count));
    getgrouplist(entry.pw_name, entry.pw_gid, found.groups.data(), &count);
  }
  if (!group.empty() && !parse_number(group, found.gid)) {
    ::group group_entry{}, *group_found = nullptr;
    getgrnam_r(group.c_str(), &group_entry, buffer.data(), buffer.size(), &group_found);
    if (group_found == nullptr)
      return Error{Exit::RunFailed, fmt::format("there is no group `{}` on this host", group), ""};
    found.gid = group_entry.gr_gid;
  }
  return found;
}

std::vector<std::string> child_environment(const std::vector<std::pair<std::string, std::string>>& extra,
                                           const std::optional<Credentials>& user) {
  std::vector<std::string> list;
  const auto set = [&](const std::string& name, const std::string& value) {
    std::erase_if(list, [&](const std::string& entry) { return entry.starts_with(name + "="); });
    list.push_back(name + "=" + value);
  };
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("INFLUXDB_") && !text.starts_with("DOCKER_REGISTRY_")) list.emplace_back(text);
  }
  if (user && !user->name.empty()) {
    set("USER", user->name);
    set("LOGNAME", user->name);
    set("HOME", user->home);
  }
  for (const auto& [name, value] : extra) set(name, value);
  return list;
}

Result<Child> spawn(const Command& command) {
  std::vector<int> opened;  // closed on every way out
  struct Closer {
    std::vector<int>& fds;
    ~Closer() {
      for (const int fd : fds) close(fd);
    }
  } closer{opened};
  const std::vector<std::string> arguments = {"sh", "-c", command.text};
  Prepared prepared{.groups = {},
                    .argv = pointers(arguments),
                    .envp = pointers(command.environment),
                    .affinity = cpu_mask(command.affinity),
                    .pin = command.affinity.any(),
                    .user = command.user ? &*command.user : nullptr,
                    .output = command.output,
                    .null = -1,
                    .report = -1,
                    .parent = getpid()};
  for (const std::string& folder : command.cgroups) {
    const int fd = open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      return Error{Exit::HostLacks,
                   fmt::format("cannot open {}/cgroup.procs: {}", folder, std::strerror(errno)), ""};
    opened.push_back(fd);
    prepared.groups.push_back(fd);
  }
  int report[2];
  prepared.null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (prepared.null >= 0) opened.push_back(prepared.null);
  if (prepared.null < 0 || pipe2(&report[0], O_CLOEXEC) != 0) {
    return Error{Exit::RunFailed, fmt::format("cannot start a command: {}", std::strerror(errno)), ""};
  }
  opened.push_back(report[0]);
  prepared.report = report[1];
  // Not fork(2): after it every page that the sampling thread writes to is copied first, milliseconds for
  // each start. This child uses our memory, and this thread waits, until it executes the command (as in
  // posix_spawn(3)).
  constexpr size_t kStack = size_t{256} << 10U;
  const auto stack = std::make_unique_for_overwrite<char[]>(kStack);
  const pid_t pid = clone(enter_child, stack.get() + kStack, CLONE_VM | CLONE_VFORK | SIGCHLD, &prepared);
  const int fork_errno = errno;
  close(report[1]);
  if (pid < 0) return Error{Exit::RunFailed, fmt::format("cannot fork: {}", std::strerror(fork_errno)), ""};
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  const int pidfd_errno = errno;
  const std::optional<Failure> failure = read_report(report[0]);
  if (!failure && pidfd >= 0) return Child{pid, pidfd};
  if (pidfd >= 0) close(pidfd);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  if (!failure) {
    return Error{Exit::HostLacks,
                 fmt::format("cannot watch a process by pidfd_open: {}", std::strerror(pidfd_errno)),
                 "Linux 5.3 or newer is needed"};
  }
  return Error{Exit::RunFailed,
               fmt::format("a command could not {}: {}", &failure->step[0], std::strerror(failure->code)),
               ""};
}

}  // namespace cbench
