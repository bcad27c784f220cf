// JSON as text, whatever bytes the texts in it are.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace cbench {

/// On one line, or with `indent` blanks a level. Invalid UTF-8 is replaced.
template <class Json>
std::string dump_json(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cbench
