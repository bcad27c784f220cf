#include "runtime/host/rdt_rival.h"

#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/files.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

/// The file that a descriptor of another process shows; "" when it is gone or not ours to see.
std::string target_of(const fs::path& link) {
  std::error_code gone;
  return fs::read_symlink(link, gone).string();
}

bool is_msr(const std::string& path) { return path.starts_with("/dev/cpu/") && path.ends_with("/msr"); }

/// libpqos takes this lock whichever interface it uses.
bool is_pqos_lock(const std::string& path) {
  return path == "/var/lock/libpqos" || path == "/run/lock/libpqos";
}

/// "flags:\t0100002" in fdinfo: octal, the access mode in the lowest two bits (proc(5)).
bool is_for_writing(const std::string& fdinfo) {
  const std::string text = read_text(fdinfo).value_or("");
  for (const std::string_view line : fields(text, '\n'))
    if (line.starts_with("flags:"))
      return (parse_number(trimmed(line.substr(6)), 8).value_or(0) & (O_WRONLY | O_RDWR)) != 0;
  return false;
}

std::string rival_in(const std::string& process, const std::string& pid) {
  std::error_code error;
  for (fs::directory_iterator at(process + "/fd", error), end; !error && at != end; at.increment(error)) {
    const std::string target = target_of(at->path());
    if (!is_msr(target) && !is_pqos_lock(target)) continue;
    const std::string number = at->path().filename().string();
    if (is_msr(target) && !is_for_writing(process + "/fdinfo/" + number)) continue;
    return fmt::format("{} (process {}) has {} open{}", read_line(process + "/comm"), pid, target,
                       is_msr(target) ? " for writing" : "");
  }
  return "";
}

}  // namespace

std::string rdt_rival(const std::string& proc_root) {
  std::error_code error;
  for (fs::directory_iterator at(proc_root, error), end; !error && at != end; at.increment(error)) {
    const std::string pid = at->path().filename().string();
    if (!parse_number(pid) || pid == std::to_string(::getpid())) continue;
    if (std::string rival = rival_in(at->path().string(), pid); !rival.empty()) return rival;
  }
  return "";
}

}  // namespace cbench
