// What dead runs left on this host: found, shown and undone. The seam at which `cbench clean` is tested.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "runtime/engines/engine.h"
#include "runtime/host/journal.h"

namespace cbench {

/// Where leftovers are looked for; a test puts its own here.
struct CleanSources {
  std::string journals = Journal::default_folder();
  std::function<std::vector<Leftover>()> leftovers = [] { return engine_leftovers({}); };
  std::function<Result<>(const Leftover&)> remove = remove_leftover;
};

/// Lists what dead runs left, one line each or as one JSON object, and with `yes` undoes it: journals first,
/// then the containers and cgroups that remain. Nothing of a live run is listed or touched. Returns 0, or 1
/// when something could not be undone.
int clean(const CleanSources& sources, bool yes, bool json, std::FILE* out);

}  // namespace cbench
