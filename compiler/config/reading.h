// What is gathered while a configuration is read, beside the RunSpec itself: variables, secrets, ignored
// keys.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "compiler/config/config.h"
#include "compiler/config/keys.h"
#include "compiler/config/yaml.h"

namespace cbench::config {

/// Bytes of the YAML that masked_text shows as `text`.
struct Mask {
  Span span;
  std::string text;
};

struct Reading {
  SourceSet& sources;
  uint32_t source;
  const Environment& environment;
  Diagnostics& diagnostics;
  std::filesystem::path folder;  ///< absolute: relative paths start here

  std::map<std::string, std::optional<std::string>> answers{};  ///< of `environment`, asked once each
  std::vector<std::string> used{};   ///< variables, in the order of use, outside secrets
  std::set<std::string> secret{};    ///< variables under secrets
  std::set<std::string> reported{};  ///< unset variables, one error each
  std::vector<Mask> masks{};
  std::vector<Member> ignored{};
  std::vector<OwnEvent> events{};          ///< of perf that containers name, each metric once
  std::vector<Located<Metric>> figures{};  ///< of app that containers name, each once
  std::vector<std::pair<std::string, uint32_t>> imported{};  ///< paths, and the sources with their texts
  size_t expanded_bytes = 0;
  NodePtr common_data{};         ///< top-level `data`; null: there is none
  Span common_data_span{};       ///< its key
  bool common_data_bad = false;  ///< something in it was reported: once is enough

  /// `path` as an absolute path; relative ones start at the YAML's folder.
  [[nodiscard]] std::string resolve(const std::string& path) const {
    return (folder / path).lexically_normal().string();
  }
  const std::optional<std::string>& variable(const std::string& name);
};

struct Expanded {
  std::string text;
  bool changed = false;  ///< a variable stood in it
};

/// The text of a scalar with its variables replaced. nullopt: an error was reported, or a variable is unset
/// where that means that the value is absent.
std::optional<Expanded> expand(Reading& reading, const Node& scalar, Unset unset, bool secret);

/// RunSpec::variables: those that were used, with *** for one that stands under a secret as well.
std::vector<std::pair<std::string, std::string>> used_variables(Reading& reading);
/// The text of `source` as it is stored.
std::string masked_text(const Reading& reading, uint32_t source);
/// Notes a secret: the scalar at `span` holds it. `prefix` is what stands before it in the scalar and is
/// kept.
void mask_scalar(Reading& reading, Span span, std::string_view prefix = "");
/// Is it a name under which people keep passwords in a container's environment?
bool is_secret(std::string_view name);
/// A text of the user's, fit for a message: on one line, and not too long.
std::string shown(std::string_view text);
/// The candidate that the user may have meant, for a hint; "" for none.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace cbench::config
