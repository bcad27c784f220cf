#include "runtime/actuators/freezer.h"

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

constexpr std::string_view kV1 = "/freezer.state";
constexpr std::string_view kV2 = "/cgroup.freeze";

std::string_view word(const std::string& file, bool frozen) {
  if (file.ends_with(kV1)) return frozen ? "FROZEN" : "THAWED";
  return frozen ? "1" : "0";
}

}  // namespace

std::string freezer_file(const CgroupPaths& own) {
  for (const auto& [folder, name] : {std::pair{&own.freezer, kV1}, {&own.unified, kV2}})
    if (!folder->empty())
      if (std::string file = *folder + std::string(name); may_write(file)) return file;
  return "";
}

Result<> set_frozen(const std::string& file, bool frozen, Journal& journal) {
  if (file.empty())
    return Error{
        Exit::HostLacks,
        "this container cannot be paused: it has no cgroup with a freezer that cbench may write",
        "run as root; mount the freezer controller of cgroup v1, or boot with cgroup v2 (Linux 5.2)"};
  const std::string text(word(file, frozen));
  std::string present;
  if (read_file(file, present) == 0 && present == text + "\n") return Done{};
  if (auto journalled = journal_frozen(file, journal); !journalled) return journalled;
  if (const int error = write_file(file, text); error != 0)
    return Error{Exit::RunFailed,
                 fmt::format("cannot write `{}` to {}: {}", text, file, why_not_written(file, error)), ""};
  return Done{};
}

Result<> journal_frozen(const std::string& file, Journal& journal) {
  return file.empty() ? Result<>(Done{}) : journal.will_write(file, fmt::format("{}\n", word(file, false)));
}

}  // namespace cbench
