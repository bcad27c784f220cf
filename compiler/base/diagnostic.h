// Diagnostics are values: a kind with a stable code, labelled spans, notes and hints. One renderer prints
// them for policies and for YAML, and one frame can show lines of both.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/source.h"

namespace cbench {

/// Kinds of compiler/base/diagnostics.def; the code is stable (`CB0101`), tests and `cbench explain` use it.
enum class Kind : uint16_t {
#define CBENCH_DIAGNOSTIC(id, code, severity, summary) id,
#include "compiler/base/diagnostics.def"
};
enum class Severity : uint8_t { Error, Warning };
struct KindInfo {
  std::string_view id, code;
  Severity severity;
  std::string_view summary;  ///< one line: the situation and the rule
};
const KindInfo& info(Kind kind);

struct Label {
  Span span;
  std::string text;
};

struct Diagnostic {
  Kind kind{};
  std::string message;
  std::vector<Label> labels;  ///< the first is where it is; further ones say what it clashes with
  std::vector<std::string> notes, hints;
};

/// So many errors, and so many warnings, are kept: more are of no use to anybody.
inline constexpr size_t kMostTold = 100;

/// Collects what a compilation has to say. `error_count() > 0` means that the phase failed.
class Diagnostics {
 public:
  /// Chains labels, notes and hints onto a diagnostic just added; valid until the next report.
  class Builder {
   public:
    explicit Builder(Diagnostic& d) : d_(&d) {}
    Builder& label(Span span, std::string text) {
      d_->labels.push_back({span, std::move(text)});
      return *this;
    }
    Builder& note(std::string text) {
      d_->notes.push_back(std::move(text));
      return *this;
    }
    Builder& hint(std::string text) {
      d_->hints.push_back(std::move(text));
      return *this;
    }

   private:
    Diagnostic* d_;
  };

  /// `message` is lower case, with back-ticks round what the user wrote, and no full stop. `label` stands
  /// under the caret.
  Builder report(Kind kind, Span span, std::string message, std::string label = "");

  /// The last one that was added, to say more of it. There must be one.
  Builder latest() { return Builder(latest_is_kept_ ? all_.back() : beyond_); }
  /// One that another collection has.
  void add(const Diagnostic& diagnostic);

  /// Those that are kept.
  [[nodiscard]] const std::vector<Diagnostic>& all() const { return all_; }
  [[nodiscard]] size_t error_count() const { return errors_; }
  [[nodiscard]] size_t warning_count() const { return warnings_; }
  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  /// No further error would be told: who looks for mistakes may end.
  [[nodiscard]] bool enough() const { return errors_ >= kMostTold; }

 private:
  Diagnostic& keep(Diagnostic diagnostic);

  std::vector<Diagnostic> all_;
  Diagnostic beyond_;  ///< the latest one, when it is not kept
  bool latest_is_kept_ = true;
  size_t errors_ = 0, warnings_ = 0;
};

/// `file:line:column: error[CB0101]: message` and the source lines with carets, in ANSI colours when asked.
std::string render(const Diagnostic& diagnostic, const SourceSet& sources, bool colour);
/// All that are kept, in the order of the source, with a closing count ("3 errors", "100 errors or more").
std::string render(const Diagnostics& diagnostics, const SourceSet& sources, bool colour);
/// An array of objects with code, severity, message, file, line and column ranges (1-based, in bytes, the end
/// exclusive), labels, notes, hints, and suggestions: texts that would replace a range.
std::string render_json(const Diagnostics& diagnostics, const SourceSet& sources);

/// Among more candidates no slip of the pen is looked for: that would take long, and much is near by chance.
inline constexpr size_t kMostCandidates = 1000;
/// The candidate nearest to `word` (Damerau-Levenshtein, at most a third of its length away); "" when none is
/// near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
/// `a, b, c`; of very many the first ones.
std::string listed(const std::vector<std::string>& names);

}  // namespace cbench
