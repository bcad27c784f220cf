#include "compiler/format/format.h"

#include "compiler/format/lines.h"
#include "compiler/parse/parse.h"

namespace cbench {

std::optional<std::string> format_policy(const SourceSet& sources, uint32_t source,
                                         Diagnostics& diagnostics) {
  const auto tree = parse_tree(sources, source, diagnostics);
  if (!tree) return std::nullopt;
  std::vector<format::Token> tokens = format::tokens_of(sources.text(source), *tree);
  std::vector<format::Line> lines = format::lines_of(tokens);
  format::align(lines, tokens);
  std::string out;
  for (const format::Line& line : lines) {
    if (line.blank_before) out += '\n';
    out.append(line.indent, ' ').append(line.text);
    if (!line.comment.empty()) out.append(line.only_comment() ? "" : "  ").append(line.comment);
    out += '\n';
  }
  return out;
}

}  // namespace cbench
