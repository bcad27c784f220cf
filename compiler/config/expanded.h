// A configuration as static YAML: every generated container written out, every default and variable put in.
#pragma once

#include <string>

#include "stdlib/abi/spec.h"

namespace cbench {

/// A bench.yml that configure() reads as the same RunSpec, whatever the environment. Secrets are `***`. The
/// text depends on `spec` alone: one seed gives one text on every machine.
std::string expanded_yaml(const RunSpec& spec);

}  // namespace cbench
