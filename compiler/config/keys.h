// The format of bench.yml as tables: one line a key, from which the checker works and a JSON Schema can be
// made.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cbench::config {

/// What a key's value is. The numbers of a Field are held in the unit that is named here.
enum class Type : uint8_t {
  Text,    ///< any scalar
  Secret,  ///< a text that is never shown
  Bool,    ///< `true` or `false`
  Integer,
  Number,
  Seconds,       ///< a number, held in ns
  Milliseconds,  ///< a whole number, held in ns
  Fraction,      ///< 0.9 or 90%, held as 0..1; where `high` is 100, 90 is 90% as well
  Bytes,         ///< 512m, held in bytes
  Cpus,          ///< "0-3,8"
  Choice,        ///< one of `choices`
  Texts,         ///< a text or a list of texts
  Pairs,         ///< a map of texts, or a list of NAME=value
  Map,           ///< a map with the keys `members`
  TextMap,       ///< a map of any keys to texts
  Metrics,       ///< a bool, or a map of a metric group's names to bools
  Anything,      ///< not looked into
};

enum class Use : uint8_t {
  Optional,
  Required,
  Tuning,  ///< container-bench's own: a parameter of the stock policy that has one of that name, else ignored
  Ignored,  ///< container-bench's own, without a meaning here
};

/// What an unset ${VARIABLE} means in a value.
enum class Unset : uint8_t {
  Error,
  Kept,    ///< the container's shell sees it
  Absent,  ///< as if the key were not there
};

struct Key {
  std::string_view name;
  Type type = Type::Text;
  Use use = Use::Optional;
  std::string_view doc;
  double low = -std::numeric_limits<double>::infinity();  ///< in the unit in which it is written
  double high = std::numeric_limits<double>::infinity();
  bool above = false;             ///< `low` itself is too low
  std::string_view choices = {};  ///< blank-separated
  std::span<const Key> members = {};
  Unset unset = Unset::Error;
};

using Keys = std::span<const Key>;

/// The words of Key::choices.
std::vector<std::string> choices_of(const Key& key);
/// All names, for suggestions.
std::vector<std::string> names_of(Keys keys);
bool has_key(Keys keys, std::string_view name);

Keys benchmark_keys();
Keys container_keys();
/// Of a container's `data`.
Keys data_keys();
/// Of `app` in `data`.
Keys app_keys();
/// Top-level keys that are no containers.
Keys top_keys();
/// Of a template in `workloads`: a container's keys but for those that a job gets when it is made, and what
/// `arrival` chooses templates by.
Keys template_keys();
bool is_of_template(Keys keys);
/// A container's key that a template cannot have: what a job has instead; "" for any other key.
std::string_view why_not_in_template(std::string_view key);
/// Words that `arrival` gives weights to, of a template's `kind` and so on, with the word `random` in front.
Keys split_keys();
Keys sensitivity_keys();
Keys priority_keys();

/// Scheduler names of container-bench for which there is no stock policy.
std::span<const std::string_view> known_schedulers();
/// Keys found in metric groups of existing files, without a meaning in any version.
std::span<const std::string_view> stray_metrics();

}  // namespace cbench::config
