// The machine-readable form of diagnostics, for editors and scripts.
#include <fmt/format.h>

#include "compiler/base/diagnostic.h"

namespace cbench {
namespace {

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string range(Span span, const SourceSet& sources) {
  if (!span.known()) return R"("file":null)";
  const Place from = sources.place(span.source, span.begin);
  const Place to = sources.place(span.source, span.end);
  return fmt::format(R"("file":{},"line":{},"column":{},"end_line":{},"end_column":{})",
                     quote(sources.name(span.source)), from.line, from.column, to.line, to.column);
}

std::string list(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + quote(text);
  return "[" + out + "]";
}

/// "did you mean `X`?": X.
std::string_view replacement(std::string_view text) {
  constexpr std::string_view kAsked = "did you mean `";
  const size_t begin = text.find(kAsked);
  if (begin == std::string_view::npos) return {};
  const size_t from = begin + kAsked.size();
  const size_t end = text.find("`?", from);
  return end == std::string_view::npos ? std::string_view{} : text.substr(from, end - from);
}

/// What a fix would put in the place of what is wrong.
std::string suggestions(const Diagnostic& d, const SourceSet& sources) {
  std::string out;
  const auto add = [&](Span span, const std::string& text) {
    const std::string_view word = replacement(text);
    if (word.empty() || !span.known()) return;
    out +=
        fmt::format("{}{{{},\"replacement\":{}}}", out.empty() ? "" : ",", range(span, sources), quote(word));
  };
  for (const Label& label : d.labels) add(label.span, label.text);
  for (const std::string& hint : d.hints) add(d.labels.front().span, hint);
  return "[" + out + "]";
}

}  // namespace

std::string render_json(const Diagnostics& diagnostics, const SourceSet& sources) {
  std::string out;
  for (const Diagnostic& d : diagnostics.all()) {
    const KindInfo& kind = info(d.kind);
    std::string labels;
    for (const Label& label : d.labels)
      labels += fmt::format("{}{{{},\"text\":{}}}", labels.empty() ? "" : ",", range(label.span, sources),
                            quote(label.text));
    out += fmt::format(
        "{}{{\"code\":\"{}\",\"kind\":\"{}\",\"severity\":\"{}\",\"message\":{},{},\"labels\":[{}],\"notes\":"
        "{},\"hints\":{},\"suggestions\":{}}}",
        out.empty() ? "" : ",\n ", kind.code, kind.id, kind.severity == Severity::Error ? "error" : "warning",
        quote(d.message), range(d.labels.front().span, sources), labels, list(d.notes), list(d.hints),
        suggestions(d, sources));
  }
  return "[" + out + "]\n";
}

}  // namespace cbench
