#include "compiler/base/program.h"

#include <filesystem>

namespace cbench {

std::string program_of_ours(std::string_view name) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const std::filesystem::path beside = here / name;
  if (std::filesystem::exists(beside, error)) return beside;
  return (here.parent_path() / "libexec/cbench" / name).string();
}

}  // namespace cbench
