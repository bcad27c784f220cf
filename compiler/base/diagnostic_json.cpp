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
        "{},\"hints\":{}}}",
        out.empty() ? "" : ",\n ", kind.code, kind.id, kind.severity == Severity::Error ? "error" : "warning",
        quote(d.message), range(d.labels.front().span, sources), labels, list(d.notes), list(d.hints));
  }
  return "[" + out + "]\n";
}

}  // namespace cbench
