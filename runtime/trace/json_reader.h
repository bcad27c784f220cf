// Typed access to JSON that may be damaged. Throws BadJson, which its callers catch at their own border.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "runtime/host/json_text.h"

namespace cbench::trace {

struct BadJson : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline nlohmann::json parse_json(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) throw BadJson("not JSON");
  return json;
}

inline const nlohmann::json& member(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw BadJson(std::string("`") + key + "` is absent");
  return *found;
}

inline const nlohmann::json& array(const nlohmann::json& json) {
  if (!json.is_array()) throw BadJson("a list was expected");
  return json;
}

inline std::string text(const nlohmann::json& json) {
  if (!json.is_string()) throw BadJson("a text was expected");
  return json.get<std::string>();
}

inline bool flag(const nlohmann::json& json) {
  if (!json.is_boolean()) throw BadJson("true or false was expected");
  return json.get<bool>();
}

template <class T>
T integer(const nlohmann::json& json) {
  if (json.is_number_unsigned()) {
    const auto value = json.get<uint64_t>();
    if (value <= static_cast<uint64_t>(std::numeric_limits<T>::max())) return static_cast<T>(value);
  } else if (json.is_number_integer()) {
    const auto value = json.get<int64_t>();
    if constexpr (std::numeric_limits<T>::is_signed)
      if (value >= static_cast<int64_t>(std::numeric_limits<T>::min())) return static_cast<T>(value);
  }
  throw BadJson("an integer in range was expected");
}

/// JSON has no infinities; they are written as texts.
inline nlohmann::json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

inline double number(const nlohmann::json& json) {
  if (json.is_number()) return json.get<double>();
  const std::string word = text(json);
  if (word == "inf") return std::numeric_limits<double>::infinity();
  if (word == "-inf") return -std::numeric_limits<double>::infinity();
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  throw BadJson("a number was expected");
}

}  // namespace cbench::trace
