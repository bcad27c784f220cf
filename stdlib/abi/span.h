// Where something stands in a source text. Resolved to file, line and column by compiler/base/source.h.
#pragma once

#include <cstdint>

namespace cbench {

/// Half-open byte range [begin, end) of source `source` (an index into a SourceSet). The default is "nowhere".
struct Span {
  static constexpr uint32_t kNoSource = UINT32_MAX;
  uint32_t source = kNoSource;
  uint32_t begin = 0;
  uint32_t end = 0;

  [[nodiscard]] bool known() const { return source != kNoSource; }
  friend bool operator==(const Span&, const Span&) = default;
};

/// The span from the start of `first` to the end of `last`; both stand in one source.
inline Span join(Span first, Span last) { return {first.source, first.begin, last.end}; }

/// A value with the place where the user wrote it.
template <class T>
struct Located {
  T value{};
  Span span;
};

}  // namespace cbench
