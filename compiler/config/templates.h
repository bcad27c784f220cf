// The templates of generated containers, wherever they are written.
#pragma once

#include <filesystem>
#include <vector>

#include "compiler/config/reading.h"

namespace cbench::config {

struct Template {
  Member member;                 ///< its name and its map
  std::filesystem::path folder;  ///< that its relative paths start from
};

/// The templates of the map `workloads` and of the files that it imports, in the order in which they are met.
std::vector<Template> read_templates(Reading& reading, const Node& workloads, const Importer& importer);

}  // namespace cbench::config
