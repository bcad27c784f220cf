#include "runtime/driver/roff.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/host/files.h"

namespace cbench::roff {
namespace {

/// A character of running text or, with `code`, of what is typed.
void put(char c, bool code, std::string& out) {
  if (c == '\\')
    out += "\\e";
  else if (c == '-' && code)
    out += "\\-";
  else if (c == '\'' && code)
    out += "\\(aq";
  else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
    out += std::string("\\&") + c;  // it would be a request
  else
    out += c;
}

std::string plain(std::string_view code) {
  std::string out;
  for (const char c : code) put(c, true, out);
  return out;
}

/// "| a | b |" as an entry; nothing for the line below a table's head.
std::string row(std::string_view line) {
  if (line.starts_with("| ---")) return "";
  const size_t middle = line.find(" | ", 1);
  if (middle == std::string_view::npos) return "";
  const std::string_view rest = line.substr(middle + 3);
  return entry(text(trimmed(line.substr(1, middle - 1))), text(trimmed(rest.substr(0, rest.rfind('|')))));
}

}  // namespace

std::string text(std::string_view markdown) {
  std::string out;
  bool code = false;
  for (size_t i = 0; i < markdown.size(); ++i) {
    const char c = markdown[i];
    if (c == '`') {
      code = !code;
      out += code ? "\\fB" : "\\fR";
    } else if (c == '[' && !code) {
      const size_t close = markdown.find("](", i);
      const size_t end = close == std::string_view::npos ? close : markdown.find(')', close);
      if (end == std::string_view::npos) {
        out += c;
        continue;
      }
      out += text(markdown.substr(i + 1, close - i - 1));
      i = end;
    } else {
      put(c, code, out);
    }
  }
  return out;
}

std::string bold(std::string_view code) { return "\\fB" + plain(code) + "\\fR"; }

std::string example(std::string_view lines) {
  std::string out;
  for (const char c : lines) put(c, true, out);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return ".EX\n" + out + "\n.EE\n";
}

std::string entry(std::string_view term, std::string_view said) {
  return fmt::format(".TP\n{}\n{}\n", term, said);
}

std::string section(std::string_view page, std::string_view title) {
  const std::string heading = fmt::format("\n## {}\n", title);
  size_t at = page.find(heading);
  if (at == std::string_view::npos) return "";
  at += heading.size();
  std::string_view rest = page.substr(at, page.find("\n## ", at) - at);
  std::string out;
  bool begins = true;  // a paragraph or a table
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty()) {
      begins = true;
    } else if (line.starts_with('|')) {
      if (!begins) out += row(line);  // the first line is the table's head
      begins = false;
    } else {
      out += (begins ? ".PP\n" : "") + text(line) + "\n";
      begins = false;
    }
  }
  constexpr std::string_view kParagraph = ".PP\n";  // the heading has begun one
  return out.starts_with(kParagraph) ? out.substr(kParagraph.size()) : out;
}

}  // namespace cbench::roff
