#include "runtime/driver/run_folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

namespace cbench {
namespace {

namespace fs = std::filesystem;

/// A benchmark's name as one path component.
std::string as_component(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') c = '_';
  return name.empty() || name.front() == '.' ? "_" + name : name;
}

}  // namespace

std::string results_of(const RunSpec& spec) {
  return (fs::path("results") / as_component(spec.name.value)).string();
}

Result<> make_folders(const std::string& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!failed) return Done{};
  return Error{Exit::RunFailed, fmt::format("cannot make the folder {}: {}", folder, failed.message()),
               "`output` in the benchmark, or another working directory, puts the results elsewhere"};
}

Result<RunFolder> make_run_folder(const RunSpec& spec, const std::string& run_id, const std::string& trace,
                                  const std::string& prefix) {
  const fs::path runs = results_of(spec);
  const bool alone = prefix.empty();
  const fs::path folder = !alone                ? fs::path(prefix + run_id)
                          : spec.output.empty() ? runs / run_id
                                                : fs::path(spec.output);
  std::error_code failed;
  std::vector<std::string> made;
  for (fs::path part = folder; !part.empty() && !fs::exists(part, failed); part = part.parent_path())
    made.push_back(part.string());
  if (const Result<> ready = make_folders(folder.string()); !ready.ok()) return ready.error();
  RunFolder ready{folder.string(), trace.empty() ? (folder / "trace.arrows").string() : trace, made,
                  alone && spec.output.empty() ? (runs / "latest").string() : ""};
  if (fs::exists(ready.trace, failed))
    return Error{Exit::Usage, fmt::format("{} exists already", ready.trace),
                 "a trace is never overwritten: choose another name"};
  return ready;
}

void point_latest(const RunFolder& folder) {
  if (folder.latest.empty()) return;
  // Replaced by rename, so that it always points somewhere.
  const fs::path run(folder.path), latest(folder.latest);
  const fs::path fresh = latest.parent_path() / (".latest-" + run.filename().string());
  std::error_code failed;
  fs::create_symlink(run.filename(), fresh, failed);
  if (!failed) fs::rename(fresh, latest, failed);
  if (failed) fs::remove(fresh, failed);  // a convenience only: the run itself needs no link
}

void remove_empty(const RunFolder& folder) {
  for (const std::string& made : folder.made) ::rmdir(made.c_str());  // which fails where something is in it
}

}  // namespace cbench
