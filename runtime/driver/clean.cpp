// `cbench clean`.
#include "runtime/driver/clean.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "runtime/driver/commands.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

using nlohmann::json;

/// Something that was left, and what became of it.
struct Remains {
  std::string run_id, what;
  int64_t pid = 0;      ///< of the dead owner; 0: unknown
  std::string problem;  ///< why it could not be undone
};

/// Leftovers of the engines without those of live runs. They are listed before the live runs are: a run has
/// its journal before it has a container, so that none that starts meanwhile is taken for dead.
std::vector<Leftover> dead_leftovers(const CleanSources& sources) {
  std::vector<Leftover> found = sources.leftovers();
  const std::vector<std::string> live = live_runs(sources.journals);
  std::erase_if(found, [&](const Leftover& leftover) {
    return std::find(live.begin(), live.end(), leftover.run_id) != live.end();
  });
  return found;
}

/// A journal's entries as remains; a journal without any is itself what remains. `problems` say by their
/// begin which entry they are about.
void add(const Orphan& orphan, std::vector<std::string> problems, std::vector<Remains>& all) {
  const std::vector<std::string> own = {"remove " + orphan.file};
  for (const std::string& entry : orphan.entries.empty() ? own : orphan.entries) {
    Remains remains{orphan.run_id, entry, orphan.pid, ""};
    const auto about = std::find_if(problems.begin(), problems.end(), [&](const std::string& problem) {
      return problem.starts_with("cannot " + entry);
    });
    if (about != problems.end()) {
      remains.problem = std::move(*about);
      problems.erase(about);
    }
    all.push_back(std::move(remains));
  }
  for (std::string& problem : problems)
    all.push_back({orphan.run_id, "undo " + orphan.file, orphan.pid, std::move(problem)});
}

std::vector<Remains> undo(const CleanSources& sources, bool yes) {
  std::vector<Remains> all;
  for (const Orphan& orphan : orphans(sources.journals))
    add(orphan, yes ? recover(orphan) : std::vector<std::string>(), all);
  for (const Leftover& leftover : dead_leftovers(sources)) {
    const std::string what = "remove " + leftover.what;
    const bool journalled = std::any_of(all.begin(), all.end(), [&](const Remains& remains) {
      return remains.what == "remove " + leftover.handle;  // a cgroup that the journal names as well
    });
    Remains remains{leftover.run_id, what, 0, ""};
    if (yes)
      if (auto removed = sources.remove(leftover); !removed) remains.problem = removed.error().message;
    if (!journalled || !remains.problem.empty()) all.push_back(std::move(remains));
  }
  return all;
}

void print_json(const std::vector<Remains>& all, bool yes, std::FILE* out) {
  json list = json::array();
  for (const Remains& remains : all) {
    json item{{"run_id", remains.run_id}, {"what", remains.what}, {"undone", yes && remains.problem.empty()}};
    if (remains.pid != 0) item["pid"] = remains.pid;
    if (!remains.problem.empty()) item["problem"] = remains.problem;
    list.push_back(std::move(item));
  }
  const json whole{{"leftovers", std::move(list)}};
  fmt::print(out, "{}\n", dump_json(whole, 2));
}

void print_text(const std::vector<Remains>& all, bool yes, std::FILE* out) {
  if (all.empty()) {
    fmt::print(out, "nothing is left of earlier runs\n");
    return;
  }
  std::string run;
  for (const Remains& remains : all) {
    if (remains.run_id != run) {
      run = remains.run_id;
      fmt::print(out, "run {}{}\n", run,
                 remains.pid != 0 ? fmt::format(" (process {}, dead)", remains.pid) : "");
    }
    if (remains.problem.empty())
      fmt::print(out, "  {}{}\n", remains.what, yes ? ": done" : "");
    else
      fmt::print(out, "  {}\n", remains.problem);
  }
  if (!yes) fmt::print(out, "`cbench clean --yes` does this\n");
}

}  // namespace

int clean(const CleanSources& sources, bool yes, bool json_wanted, std::FILE* out) {
  const std::vector<Remains> all = undo(sources, yes);
  (json_wanted ? print_json : print_text)(all, yes, out);
  const bool failed =
      std::any_of(all.begin(), all.end(), [](const Remains& remains) { return !remains.problem.empty(); });
  return static_cast<int>(failed ? Exit::RunFailed : Exit::Ok);
}

int run_clean(bool yes, bool json_wanted, std::FILE* out) {
  std::string unseen;
  CleanSources sources;
  sources.leftovers = [&unseen] { return engine_leftovers({}, &unseen); };
  const int code = clean(sources, yes, json_wanted, out);
  if (!unseen.empty()) fmt::print(stderr, "warning: {}\n", unseen);
  return code;
}

}  // namespace cbench
