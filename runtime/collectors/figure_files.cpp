// Choosing, opening and reading the files of a container's figures.
#include "runtime/collectors/figure_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/host/files.h"
#include "runtime/host/monotonic.h"

namespace cbench {
namespace {

/// Larger than any of the files: memory.stat has some 2 KiB, /proc/PID/net/dev 130 bytes an interface.
constexpr size_t kBufferSize = 1U << 15U;

const std::string& folder_of(Controller controller, const CgroupPaths& cgroup) {
  switch (controller) {
    case Controller::Cpu:
      return cgroup.cpu;
    case Controller::Cpuacct:
      return cgroup.cpuacct;
    case Controller::Cpuset:
      return cgroup.cpuset;
    case Controller::Memory:
      return cgroup.memory;
    case Controller::Blkio:
      return cgroup.blkio;
    case Controller::Pids:
      return cgroup.pids;
    default:
      return cgroup.unified;
  }
}

/// Is the controller's figure read as on v2? A v1 controller that is mounted nowhere may still have base
/// figures there.
bool on_v2(Controller controller, const CgroupPaths& cgroup) {
  const std::string& folder = folder_of(controller, cgroup);
  return cgroup.mode == CgroupMode::V2 || folder.empty() || folder == cgroup.unified;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// The path of a figure's file. cpuset.cpus.effective is missing where the group has no cpuset of its own;
/// the nearest ancestor's holds then. v1's blkio files come in a recursive form, which includes descendants
/// as v2's do.
std::string locate(const FigureSource& source, std::string folder) {
  const std::string name(source.file);
  if (source.format == Format::Blkio && exists(folder + "/" + name + "_recursive"))
    return folder + "/" + name + "_recursive";
  if (source.controller == Controller::Cpuset)
    for (std::string up = folder; exists(up + "/cgroup.procs"); up = std::filesystem::path(up).parent_path())
      if (exists(up + "/" + name)) return up + "/" + name;
  return folder + "/" + name;
}

Error why_unreadable(Controller controller, const std::string& path, int error) {
  if (controller == Controller::Pressure)
    return {Exit::HostLacks, fmt::format("no pressure stall information: {}: {}", path, std::strerror(error)),
            "boot with psi=1, on a kernel with CONFIG_PSI"};
  if (error == EACCES || error == EPERM)
    return {Exit::HostLacks, fmt::format("{}: {}", path, std::strerror(error)), "run as root"};
  if (error == EMFILE)
    return {Exit::HostLacks, "too many open files (RLIMIT_NOFILE)", "raise the limit with `ulimit -n 65536`"};
  return {Exit::HostLacks, fmt::format("{}: {}", path, std::strerror(error)),
          "enable the controller for this cgroup (cgroup.subtree_control of its parent on v2; a kernel "
          "option such as "
          "swapaccount=1 or CONFIG_BLK_DEV_THROTTLING otherwise)"};
}

Error no_hierarchy(const FigureSource& source) {
  if (source.controller == Controller::Pressure)
    return {Exit::HostLacks, "pressure stall information of a cgroup needs cgroup v2",
            "boot with systemd.unified_cgroup_hierarchy=1"};
  return {Exit::HostLacks, fmt::format("the controller of {} is mounted in no cgroup hierarchy", source.file),
          "mount it, or boot with cgroup v2"};
}

bool same_network(int64_t pid, const std::string& proc_root) {
  struct stat ours{}, theirs{};
  return ::stat((proc_root + "/self/ns/net").c_str(), &ours) == 0 &&
         ::stat(fmt::format("{}/{}/ns/net", proc_root, pid).c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

void set_all(std::span<const FigureSource> wanted, Figures& figures, Status status) {
  for (const FigureSource& want : wanted) figures.status[want.figure] = status;
}

}  // namespace

std::optional<Error> why_no_blkio(const std::string& folder) {
  // A device's line is no sign: kernels such as 6.1 have one for each, which stays 0.
  const auto counts = [](const std::string& group) {
    const auto text = read_text(group + "/blkio.throttle.io_service_bytes");
    if (!text) return true;  // something else is amiss
    const size_t total = text->rfind("Total ");
    return total != std::string::npos &&
           parse_number(trimmed(std::string_view(*text).substr(total + 6))).value_or(0) > 0;
  };
  const auto limited = [](const std::string& group) {
    for (const char* file : {"read_bps", "write_bps", "read_iops", "write_iops"})
      if (!read_text(fmt::format("{}/blkio.throttle.{}_device", group, file)).value_or("").empty())
        return true;
    return false;
  };
  std::string top = folder;
  while (exists(std::filesystem::path(top).parent_path() / "cgroup.procs"))
    if (limited(std::exchange(top, std::filesystem::path(top).parent_path()))) return std::nullopt;
  // Only the real root, which has seen the host's own I/O, tells "nothing counted" from "nothing done".
  if (counts(folder) || !exists(top + "/release_agent") || counts(top)) return std::nullopt;
  return Error{Exit::HostLacks,
               "this kernel counts the I/O of cgroup v1 only where a throttle limit is set (6.1 is one, and "
               "all since 6.10)",
               "boot with systemd.unified_cgroup_hierarchy=1 (cgroup v2)"};
}

void FigureFiles::plan(const FigureSource& source, const std::string& folder) {
  const std::string path = locate(source, folder);
  auto file = std::find_if(files_.begin(), files_.end(), [&](const File& f) { return f.path == path; });
  if (file == files_.end()) {
    files_.push_back({-1, source.format, {}, path, false});
    file = files_.end() - 1;
  }
  file->wanted.push_back(source);
  if (source.figure == figure(Metric::docker_cpu_usage_total)) file->has_cpu_time = true;
}

void FigureFiles::plan_network(const Started& started, const std::vector<bool>& wanted,
                               const std::string& proc_root, std::map<Metric, Error>& refused) {
  const bool shared = same_network(started.pid, proc_root);
  for (const FigureSource& source : figures_of_network()) {
    if (!wanted[source.figure]) continue;
    if (shared)
      refused[static_cast<Metric>(source.figure)] = {
          Exit::HostLacks, "the container shares the host's network, whose traffic cannot be told apart",
          "use the docker engine with a network of the container's own"};
    else
      plan(source, fmt::format("{}/{}", proc_root, started.pid));
  }
}

std::map<Metric, Error> FigureFiles::open(const Started& started, const std::vector<bool>& wanted,
                                          const std::string& proc_root) {
  close();
  std::map<Metric, Error> refused;
  // A metric that only v2 has (pressure) is not in v1's table: both tables are asked, each for its own
  // controllers.
  for (const bool v2 : {false, true})
    for (const FigureSource& source : v2 ? figures_of_v2() : figures_of_v1()) {
      if (!wanted[source.figure] || on_v2(source.controller, started.cgroup) != v2) continue;
      const std::string& own = folder_of(source.controller, started.cgroup);
      const std::string& folder = own.empty() ? started.cgroup.unified : own;
      if (source.format == Format::Blkio && !own.empty())
        if (const auto why = why_no_blkio(own)) {
          refused[static_cast<Metric>(source.figure)] = *why;
          continue;
        }
      if (!folder.empty())
        plan(source, folder);
      else if (source.figure != kInactiveFile)
        refused[static_cast<Metric>(source.figure)] = no_hierarchy(source);
    }
  plan_network(started, wanted, proc_root, refused);
  open_files(refused);
  return refused;
}

void FigureFiles::open_files(std::map<Metric, Error>& refused) {
  const auto refuse = [&](const FigureSource& want, const Error& error) {
    if (want.figure != kInactiveFile) refused[static_cast<Metric>(want.figure)] = error;
  };
  for (File& file : files_) {
    file.fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    char probe[64];
    // psi=0 lets the file be opened and refuses to read it.
    if (file.fd < 0 || ::pread(file.fd, probe, sizeof probe, 0) < 0) {
      const int error = errno;
      for (const FigureSource& want : file.wanted)
        refuse(want, why_unreadable(want.controller, file.path, error));
      if (file.fd >= 0) ::close(file.fd);
      file.fd = -1;
      continue;
    }
    Figures figures{};
    set_all(file.wanted, figures, Status::Unsupported);
    read_file(file, figures);
    std::erase_if(file.wanted, [&](const FigureSource& want) {
      if (figures.status[want.figure] != Status::Unsupported) return false;
      refuse(want, {Exit::HostLacks, fmt::format("{} has no `{}`", file.path, want.key),
                    "enable the controller for this cgroup, or use a newer kernel"});
      return true;
    });
  }
  std::erase_if(files_, [](const File& file) { return file.fd < 0; });
}

void FigureFiles::close() {
  for (const File& file : files_) ::close(file.fd);
  files_.clear();
}

void FigureFiles::read_file(const File& file, Figures& figures) {
  char buffer[kBufferSize];
  size_t size = 0;
  const int64_t before = file.has_cpu_time ? monotonic_ns() : 0;
  // A cgroup file comes whole in one read; /proc/PID/net/dev comes by pages, up to an empty read.
  for (bool more = true; more && size < sizeof buffer;) {
    const ssize_t n = ::pread(file.fd, buffer + size, sizeof buffer - size, static_cast<off_t>(size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return set_all(file.wanted, figures,
                     errno == ENODEV || errno == ESRCH ? Status::Stopped : Status::Error);
    size += static_cast<size_t>(n);
    more = n > 0 && file.format == Format::NetDev;
  }
  // What does not fit may be cut within a number, and sums would lack the rest.
  if (size == sizeof buffer) return set_all(file.wanted, figures, Status::Error);
  if (file.has_cpu_time) figures.cpu_read_ns = before + (monotonic_ns() - before) / 2;
  parse_figures(file.format, {buffer, size}, file.wanted, figures);
}

void FigureFiles::read(Figures& figures) const {
  figures.status.fill(Status::Unsupported);
  for (const File& file : files_) {
    set_all(file.wanted, figures, Status::Error);
    read_file(file, figures);
  }
}

}  // namespace cbench
