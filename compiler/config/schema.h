// The format of bench.yml as a JSON Schema, for editors.
#pragma once

#include <string>

namespace cbench {

/// A JSON Schema (draft-07) made from the tables that the checker works from. It knows every key, type, range
/// and choice; what several keys are to one another only `cbench validate` knows. A value that may hold a
/// ${VARIABLE} may be a text.
std::string config_schema();

}  // namespace cbench
