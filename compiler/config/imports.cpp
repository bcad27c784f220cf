// Where the files come from that `workloads.input` names.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "compiler/config/config.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMostFiles = 4096;
constexpr uintmax_t kMostBytes = uintmax_t{16} << 20U;  // of all files of one `input`

Error not_imported(std::string message, std::string hint = "") {
  return {Exit::Invalid, std::move(message), std::move(hint)};
}

bool is_yaml(const fs::path& path) { return path.extension() == ".yml" || path.extension() == ".yaml"; }

Result<std::vector<fs::path>> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (!is_yaml(at->path()) || !at->is_regular_file(failed)) continue;
    files.push_back(at->path());
    if (files.size() > kMostFiles) return not_imported(fmt::format("it has more than {} files", kMostFiles));
  }
  if (failed) return not_imported(failed.message());
  if (files.empty()) return not_imported("it has no .yml or .yaml file");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<ImportedText>> import_files(const std::string& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (!fs::exists(status))
    return not_imported("there is no such file or folder", "it is relative to this file");
  if (!fs::is_directory(status) && !fs::is_regular_file(status))
    return not_imported("it is neither a file nor a folder");
  std::vector<fs::path> files{path};
  if (fs::is_directory(status)) {
    Result<std::vector<fs::path>> below = files_below(path);
    if (!below.ok()) return below.error();
    files = std::move(*below);
  }
  std::vector<ImportedText> out;
  uintmax_t bytes = 0;
  for (const fs::path& file : files) {
    bytes += fs::file_size(file, failed);
    if (!failed && bytes > kMostBytes)
      return not_imported(fmt::format("it has more than {} MiB", kMostBytes >> 20U));
    std::ifstream in(file, std::ios::binary);
    if (failed || !in) return not_imported(fmt::format("{} cannot be read", file.filename().string()));
    out.push_back({file.string(), {std::istreambuf_iterator<char>(in), {}}});
  }
  return out;
}

Importer import_recorded(std::vector<ImportedText> imports) {
  return [imports = std::move(imports)](const std::string& path) -> Result<std::vector<ImportedText>> {
    std::vector<ImportedText> out;
    for (const ImportedText& each : imports)
      if (each.path == path || each.path.starts_with(path + "/")) out.push_back(each);
    if (out.empty()) return not_imported("the trace has not recorded it");
    return out;
  };
}

}  // namespace cbench
