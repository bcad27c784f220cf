#include "runtime/driver/run_folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

namespace cbench {
namespace {

namespace fs = std::filesystem;

/// A benchmark's name as one path component.
std::string as_component(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '_' && c != '.') c = '_';
  return name.empty() || name.front() == '.' ? "_" + name : name;
}

/// Points `latest` at the newest run; replaced by rename, so that it always points somewhere.
void point_latest(const fs::path& runs, const std::string& run_id) {
  std::error_code failed;
  const fs::path fresh = runs / (".latest-" + run_id);
  fs::create_symlink(run_id, fresh, failed);
  if (!failed) fs::rename(fresh, runs / "latest", failed);
  if (failed) fs::remove(fresh, failed);  // a convenience only: the run itself needs no link
}

}  // namespace

Result<RunFolder> make_run_folder(const RunSpec& spec, const std::string& run_id, const std::string& trace) {
  const fs::path runs = fs::path("results") / as_component(spec.name.value);
  const fs::path folder = spec.output.empty() ? runs / run_id : fs::path(spec.output);
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return Error{Exit::RunFailed,
                 fmt::format("cannot make the folder {}: {}", folder.string(), failed.message()),
                 "`output` in the benchmark, or another working directory, puts the results elsewhere"};
  if (spec.output.empty()) point_latest(runs, run_id);
  RunFolder made{folder.string(), trace.empty() ? (folder / "trace.arrows").string() : trace};
  if (fs::exists(made.trace, failed))
    return Error{Exit::Usage, fmt::format("{} exists already", made.trace),
                 "a trace is never overwritten: choose another name"};
  return made;
}

}  // namespace cbench
