#include "compiler/base/diagnostic.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace cbench {
namespace {

constexpr KindInfo kKinds[] = {
#define CBENCH_DIAGNOSTIC(id, code, severity, summary) {#id, code, Severity::severity, summary},
#include "compiler/base/diagnostics.def"
};

struct Palette {
  const char *bold, *red, *yellow, *blue, *reset;
};
constexpr Palette kColours{"\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[0m"};
constexpr Palette kPlain{"", "", "", "", ""};

bool starts_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

/// Columns that a terminal gives to `text`: code points; tabs are printed as one blank.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

/// The line as it is printed: tabs and control characters become blanks, so that carets stand where they
/// should.
std::string printable(std::string_view line) {
  std::string out(line);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return out;
}

/// The line with its number, unless the label before stood on the same one, and the marks below it.
void render_label(std::string& out, const Label& label, bool primary, bool same_line, int gutter,
                  const SourceSet& sources, const Palette& p) {
  constexpr size_t kLongestLine = 160;
  const Place place = sources.place(label.span.source, label.span.begin);
  const std::string whole = sources.shown_line(label.span.source, place.line);
  std::string_view line = whole;
  size_t column = std::min<size_t>(place.column - 1, line.size());
  size_t cut = 0;
  if (line.size() > kLongestLine) {  // a window round the caret
    cut = column > kLongestLine / 2 ? column - kLongestLine / 2 : 0;
    while (cut > 0 && !starts_code_point(line[cut])) --cut;
    line = line.substr(cut, kLongestLine);
    column -= cut;
  }
  const size_t length = std::max<size_t>(1, label.span.end - std::min(label.span.begin, label.span.end));
  const std::string_view marked = line.substr(column, std::min(length, line.size() - column));
  if (!same_line)
    out += fmt::format("{}{:>{}} |{} {}\n", p.blue, place.line, gutter, p.reset, printable(line));
  out += fmt::format("{}{:>{}} |{} {}{}{}{}{}{}\n", p.blue, "", gutter, p.reset,
                     std::string(width(line.substr(0, column)), ' '), primary ? p.red : p.blue,
                     std::string(std::max<size_t>(1, width(marked)), primary ? '^' : '-'),
                     label.text.empty() ? "" : " ", label.text, p.reset);
}

}  // namespace

const KindInfo& info(Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

Diagnostics::Builder Diagnostics::report(Kind kind, Span span, std::string message, std::string label) {
  return Builder(keep({kind, std::move(message), {{span, std::move(label)}}, {}, {}}));
}

void Diagnostics::add(const Diagnostic& diagnostic) { keep(diagnostic); }

Diagnostic& Diagnostics::keep(Diagnostic diagnostic) {
  size_t& told = info(diagnostic.kind).severity == Severity::Error ? errors_ : warnings_;
  latest_is_kept_ = ++told <= kMostTold;
  if (!latest_is_kept_) return beyond_ = std::move(diagnostic);
  all_.push_back(std::move(diagnostic));
  return all_.back();
}

std::string render(const Diagnostic& d, const SourceSet& sources, bool colour) {
  const Palette& p = colour ? kColours : kPlain;
  const KindInfo& kind = info(d.kind);
  const bool error = kind.severity == Severity::Error;
  std::string out;
  const Span at = d.labels.front().span;
  if (at.known()) {
    const Place place = sources.place(at.source, at.begin);
    out += fmt::format("{}{}:{}:{}:{} ", p.bold, sources.name(at.source), place.line, place.column, p.reset);
  }
  out += fmt::format("{}{}[{}]:{} {}{}{}\n", error ? p.red : p.yellow, error ? "error" : "warning", kind.code,
                     p.reset, p.bold, d.message, p.reset);
  int gutter = 1;
  for (const Label& label : d.labels)
    if (label.span.known())
      gutter = std::max(gutter, static_cast<int>(fmt::formatted_size("{}", sources.line(label.span))));
  uint32_t shown = at.source;
  uint32_t line = 0;
  for (size_t i = 0; i < d.labels.size(); ++i) {
    const Label& label = d.labels[i];
    if (!label.span.known()) continue;
    if (label.span.source != shown) {
      const Place place = sources.place(label.span.source, label.span.begin);
      out += fmt::format("{}{:>{}} ::{} {}:{}:{}\n", p.blue, "", gutter, p.reset,
                         sources.name(label.span.source), place.line, place.column);
      shown = label.span.source;
      line = 0;
    }
    const uint32_t here = sources.line(label.span);
    render_label(out, label, i == 0, here == line, gutter, sources, p);
    line = here;
  }
  for (const std::string& note : d.notes) out += fmt::format("{:>{}} = note: {}\n", "", gutter, note);
  for (const std::string& hint : d.hints) out += fmt::format("{:>{}} = help: {}\n", "", gutter, hint);
  return out;
}

std::string render(const Diagnostics& diagnostics, const SourceSet& sources, bool colour) {
  std::vector<const Diagnostic*> order;
  for (const Diagnostic& d : diagnostics.all()) order.push_back(&d);
  std::sort(order.begin(), order.end(), [](const Diagnostic* a, const Diagnostic* b) {
    const Span x = a->labels.front().span;
    const Span y = b->labels.front().span;
    return std::tuple(x.source, x.begin, a) < std::tuple(y.source, y.begin, b);  // then as reported
  });
  std::string out;
  for (const Diagnostic* d : order) out += render(*d, sources, colour) + "\n";
  const size_t errors = diagnostics.error_count();
  const size_t warnings = diagnostics.warning_count();
  const auto count = [](size_t n, const char* what) {  // beyond the limit nobody looked for all of them
    return n < kMostTold ? fmt::format("{} {}{}", n, what, n == 1 ? "" : "s")
                         : fmt::format("{} {}s or more", kMostTold, what);
  };
  if (errors > 0) out += count(errors, "error");
  if (warnings > 0) out += (errors > 0 ? ", " : "") + count(warnings, "warning");
  if (errors + warnings > 0) out += "\n";
  return out;
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kLongest = 100;  // the table below grows with the product of the lengths
  if (word.size() > kLongest || candidates.size() > kMostCandidates) return {};
  std::string best;
  size_t best_distance = word.size() < 2 ? 1 : std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + best_distance) continue;
    const size_t rows = word.size() + 1;
    const size_t columns = candidate.size() + 1;
    std::vector<std::vector<size_t>> d(rows, std::vector<size_t>(columns));
    for (size_t i = 0; i < rows; ++i) d[i][0] = i;
    for (size_t j = 0; j < columns; ++j) d[0][j] = j;
    for (size_t i = 1; i < rows; ++i) {
      for (size_t j = 1; j < columns; ++j) {
        const size_t change = word[i - 1] == candidate[j - 1] ? 0 : 1;
        d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1])
          d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
    if (d[rows - 1][columns - 1] < best_distance) {
      best_distance = d[rows - 1][columns - 1];
      best = candidate;
    }
  }
  return best;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kMostListed = 100;
  const size_t shown = std::min(names.size(), kMostListed);
  const std::string out =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
  return shown == names.size() ? out : fmt::format("{} and {} more", out, names.size() - shown);
}

}  // namespace cbench
