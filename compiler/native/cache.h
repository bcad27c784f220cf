// The cache of compiled policies: a file for each request and code generator, in a folder of the user's own.
// It holds machine code that will be executed, so that what others could have written is not read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cbench {

class CodeCache {
 public:
  /// `folder` is made when something is stored. "": nothing is found and nothing stored. Of entries that are
  /// more than `limit` bytes in all, the oldest are removed.
  explicit CodeCache(std::string folder, uint64_t limit = 64U << 20U)
      : folder_(std::move(folder)), limit_(limit) {}

  /// What was stored under this very key. nullopt as well for what is damaged, belongs to somebody else or
  /// can be written by others.
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
  /// Whole or not at all; that it does not work is no error.
  void store(const std::string& key, const std::string& image) const;

 private:
  [[nodiscard]] std::string path_of(const std::string& key) const;
  void remove_oldest() const;

  std::string folder_;
  uint64_t limit_;
};

/// CBENCH_CACHE=off: none. Else cbench/code in $XDG_CACHE_HOME or ~/.cache; without a home none.
std::string cache_folder();

}  // namespace cbench
