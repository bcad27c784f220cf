// The parts of reading one value: what is too long for one file.
#pragma once

#include <string_view>

#include "compiler/config/fields.h"

namespace cbench::config {

/// "a list", for messages.
std::string_view describe(const Node& node);

/// Reads the map of texts that `field` stands for. false: something was reported.
bool read_pairs(Reading& reading, Field& field);
/// Reads a list of NAME=value.
bool read_assignments(Reading& reading, Field& field);

}  // namespace cbench::config
