#include "stdlib/embed/module_docs.h"

#include <vector>

#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

struct Documented {
  std::string head;               ///< `pi(out: number, …) -> number`, of a function
  std::vector<std::string> text;  ///< lines of the comment
};
struct ModuleDocs {
  std::string name, summary;
  Documented about;  ///< the comment at the file's begin
  std::vector<Documented> functions;
};

std::string_view next_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

ModuleDocs docs_of(const EmbeddedText& module) {
  ModuleDocs docs;
  docs.name = module.name;
  std::string_view rest = module.text;
  std::vector<std::string> comment;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    if (line.starts_with('#')) {
      comment.emplace_back(line.substr(line.starts_with("# ") ? 2 : 1));
      continue;
    }
    if (line.starts_with("fn ")) {
      const std::string_view head = line.substr(3, line.rfind(" {") - 3);
      docs.functions.push_back({docs.name + "." + std::string(head), std::move(comment)});
      comment.clear();
    } else if (line.starts_with("policy ")) {
      docs.summary = line.substr(line.find('"') + 1, line.rfind('"') - line.find('"') - 1);
    } else if (line.empty() && docs.about.text.empty()) {
      docs.about.text = std::move(comment);
      comment.clear();
    }
  }
  return docs;
}

/// Lines of a comment as text; those that are indented by four are code.
std::string prose(const std::vector<std::string>& lines, std::string_view code_begin,
                  std::string_view code_end, std::string_view code_indent) {
  std::string out;
  bool code = false;
  for (const std::string& line : lines) {
    const bool is_code = line.starts_with("    ") || (code && line.empty());
    if (is_code != code) out += is_code ? code_begin : code_end;
    code = is_code;
    if (code)
      out += line.empty() ? "\n" : std::string(code_indent) + line.substr(4) + "\n";
    else
      out += line + "\n";
  }
  if (code) out += code_end;
  return out;
}

}  // namespace

std::string explain_module(std::string_view name) {
  for (const EmbeddedText& module : std_modules()) {
    if (name != "std." + std::string(module.name)) continue;
    const ModuleDocs docs = docs_of(module);
    std::string out =
        std::string(name) + ": " + docs.summary + "\n\n" + prose(docs.about.text, "", "", "    ");
    for (const Documented& f : docs.functions) out += "\n" + f.head + "\n" + prose(f.text, "", "", "    ");
    return out;
  }
  return "";
}

std::string stdlib_page() {
  std::string out =
      "# The standard library\n\n"
      "Modules of functions that a policy may `use`: `use std.control` after the header, and then "
      "`control.pi(…)`. They are "
      "written in the policy language (`stdlib/modules/`), inlined like all functions, and cost nothing "
      "where they are not "
      "called. A parameter that is a `number` takes any unit; one that is `T[]` takes an array or table of "
      "any size; a "
      "`class` takes a class. Of a missing value they give a missing value. `cbench explain std.control` "
      "prints the same.\n\n"
      "This page is made from the comments in the modules: `CBENCH_BLESS=1 build/dev/bin/test.stdlib.embed` "
      "writes it "
      "anew.\n";
  for (const EmbeddedText& module : std_modules()) {
    const ModuleDocs docs = docs_of(module);
    out += "\n## std." + docs.name + "\n\n" + docs.summary + ".\n\n" +
           prose(docs.about.text, "\n```cbp\n", "```\n", "");
    for (const Documented& f : docs.functions)
      out += "\n### `" + f.head + "`\n\n" + prose(f.text, "\n```cbp\n", "```\n", "");
  }
  return out;
}

}  // namespace cbench
