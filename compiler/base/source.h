// SourceSet: the texts that are being compiled, kept in memory so that a caret is drawn from what was compiled.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/span.h"

namespace cbench {

/// 1-based line and column (in bytes) of a place.
struct Place {
  uint32_t line = 1, column = 1;
};

class SourceSet {
 public:
  /// Adds a text under the name that messages show. Returns its index for Span::source.
  uint32_t add(std::string name, std::string text);
  /// Reads a file ("-" is standard input). Errors: unreadable (Invalid), larger than 16 MiB (Invalid).
  Result<uint32_t> load(const std::string& path);

  /// The source of a module of the standard library, such as `std.control`, which is in every set under the same
  /// index; nullopt when there is none of that name.
  static std::optional<uint32_t> module(std::string_view name);

  [[nodiscard]] static bool in_module(Span span) { return span.known() && span.source >= kModules; }

  [[nodiscard]] std::string_view name(uint32_t source) const { return at(source).name; }
  [[nodiscard]] std::string_view text(uint32_t source) const { return at(source).text; }
  [[nodiscard]] std::string_view text(Span span) const;
  [[nodiscard]] Place place(uint32_t source, uint32_t offset) const;
  [[nodiscard]] uint32_t line(Span span) const { return span.known() ? place(span.source, span.begin).line : 0; }
  /// Text of a 1-based line, without its end.
  [[nodiscard]] std::string_view line_text(uint32_t source, uint32_t line) const;

  /// From now on messages show asterisks in the place of `span`, which holds a secret.
  void hide(Span span);
  /// The line as messages may show it.
  [[nodiscard]] std::string shown_line(uint32_t source, uint32_t line) const;

 private:
  struct Source {
    std::string name, text;
    std::vector<uint32_t> line_starts;
    std::vector<Span> hidden;
  };
  static Source made(std::string name, std::string text);
  static const std::vector<Source>& modules();
  [[nodiscard]] const Source& at(uint32_t source) const {
    return source < kModules ? sources_[source] : modules()[source - kModules];
  }

  static constexpr uint32_t kModules = 1U << 30U;  ///< the first module's index
  std::deque<Source> sources_;
};

}  // namespace cbench
