// One map of the configuration, checked against its table of keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/config/reading.h"

namespace cbench::config {

/// A key that is present, not null and of the right type and range.
struct Field {
  const Key* key = nullptr;
  Span key_span;
  Span span;  ///< of the value; for a map or list, of the key
  NodePtr node;
  std::string text;     ///< of a scalar, variables expanded
  double number = 0;    ///< as written
  int64_t integer = 0;  ///< in the unit that Type names
  bool truth = false;
  CpuSet cpus;
  std::vector<Located<std::string>> texts;                          ///< of Texts
  std::vector<std::pair<std::string, Located<std::string>>> pairs;  ///< of Pairs and TextMap
};

/// A text of the user's in back-ticks, or what stands for none.
std::string in_ticks(std::string_view text);

/// Checks one value. nullopt: it is null, absent through an unset variable, or was reported.
std::optional<Field> read_field(Reading& reading, const Key& key, const Member& member);

class Fields {
 public:
  /// Reports unknown keys, wrong values, and required keys that are missing. `what` names the map in messages
  /// ("container `a`"), `where` is its key.
  Fields(Reading& reading, const Node& map, Keys keys, std::string what, Span where);

  [[nodiscard]] const Field* find(std::string_view name) const;
  /// Is the key written with a value, rightly or wrongly?
  [[nodiscard]] bool written(std::string_view name) const;
  [[nodiscard]] const std::vector<Member>& tuning() const { return tuning_; }

  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] Located<std::string> located(std::string_view name) const;
  [[nodiscard]] bool truth(std::string_view name, bool otherwise = false) const;
  [[nodiscard]] std::optional<int64_t> integer(std::string_view name) const;
  [[nodiscard]] std::optional<double> number(std::string_view name) const;

 private:
  void read(Reading& reading, const Member& member, Keys keys);
  void report_unknown(Reading& reading, const Member& member, Keys keys) const;

  std::string what_;
  std::vector<Field> fields_;
  std::vector<std::string> written_;
  std::vector<Member> tuning_;
};

}  // namespace cbench::config
