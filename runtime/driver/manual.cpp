#include "runtime/driver/manual.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "runtime/driver/roff.h"
#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string begin(const std::string& name, int section, std::string doc) {
  doc[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(doc[0])));
  return fmt::format(".TH {} {} \"\" \"cbench {}\" \"cbench\"\n.SH NAME\n{} \\- {}\n", upper(name), section,
                     CBENCH_VERSION, name, roff::text(doc));
}

std::string italic(const std::string& value) { return "\\fI" + value + "\\fR"; }

std::string options(const std::vector<OptionDoc>& all) {
  std::string out;
  for (const OptionDoc& option : all) {
    std::string term;
    for (const std::string& name : option.names) term += (term.empty() ? "" : ", ") + roff::bold(name);
    if (option.value) term += " " + italic(option.value->name);
    out += roff::entry(term, roff::text(option.doc));
  }
  return out;
}

std::string argument(const ArgumentDoc& argument) {
  return roff::entry(italic(argument.value.name), roff::text(argument.doc));
}

std::string synopsis(const std::string& words, const CommandDoc& command) {
  std::string out = roff::bold(words);
  if (!command.options.empty()) out += " [" + italic("OPTION") + "]...";
  if (!command.commands.empty()) out += " " + italic("COMMAND");
  if (const auto& argument = command.argument) {
    const std::string name = italic(argument->value.name) + (argument->value.many ? "..." : "");
    out += argument->required ? " " + name : " [" + name + "]";
  }
  return out + "\n";
}

/// The footer of help: what is indented below "Examples:" are commands, the rest is said of them.
std::string examples(const std::string& footer) {
  std::string commands, said;
  for (size_t at = 0; at < footer.size();) {
    const size_t end = std::min(footer.find('\n', at), footer.size());
    const std::string line = footer.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("  "))
      commands += line.substr(2) + "\n";
    else if (!line.starts_with("Example"))
      said += roff::text(line) + "\n";
  }
  if (commands.empty()) return "";
  return ".SH EXAMPLES\n" + roff::example(commands) + (said.empty() ? "" : ".PP\n" + said);
}

std::string reference(const std::string& name, int section) {
  return fmt::format("{}({})", roff::bold(name), section);
}

}  // namespace

ManualPage program_page(const CommandDoc& root) {
  std::string out =
      begin(root.name, 1, "run container benchmarks, measure them, and let policies act on them");
  out += ".SH SYNOPSIS\n" + synopsis(root.name, root) + ".SH DESCRIPTION\n" + roff::text(root.doc) +
         "\n.PP\nWhat is run stands in a file, " + reference("bench.yml", 5) +
         ". Data goes to standard output; progress, logs and messages to standard error.\n.SH COMMANDS\n";
  std::string pages;
  for (const CommandDoc& command : root.commands) {
    const std::string page = root.name + "-" + command.name;
    out += roff::entry(reference(page, 1), roff::text(command.doc));
    pages += reference(page, 1) + ",\n";
  }
  out += ".SH OPTIONS\n" + options(root.options);
  for (const auto& [heading, title] : {std::pair{"EXIT STATUS", "Exit codes"}, std::pair{"FILES", "Files"},
                                       std::pair{"ENVIRONMENT", "Environment"}})
    out += fmt::format(".SH {}\n{}", heading, roff::section(command_line_docs(), title));
  out += examples(root.footer) + ".SH SEE ALSO\n" + pages + reference("bench.yml", 5) + "\n";
  return {root.name, 1, out};
}

ManualPage command_page(const CommandDoc& root, const CommandDoc& command) {
  const std::string page = root.name + "-" + command.name, words = root.name + " " + command.name;
  std::string out = begin(page, 1, command.doc) + ".SH SYNOPSIS\n";
  if (command.commands.empty()) out += synopsis(words, command);
  for (const CommandDoc& below : command.commands)
    out += (&below == &command.commands.front() ? "" : ".br\n") + synopsis(words + " " + below.name, below);
  out += ".SH DESCRIPTION\n" + roff::text(command.doc) + ".\n";
  if (command.argument) out += argument(*command.argument);
  for (const CommandDoc& below : command.commands) {
    out += ".SS " + below.name + "\n" + roff::text(below.doc) + ".\n";
    if (below.argument) out += argument(*below.argument);
    std::vector<OptionDoc> own = below.options;
    std::erase_if(own, [](const OptionDoc& option) { return option.names.back() == "--help"; });
    out += options(own);
  }
  out += ".SH OPTIONS\n" + options(command.options) + options(common_options(root)) +
         examples(command.footer) + ".SH EXIT STATUS\n0 when all went well; " + reference(root.name, 1) +
         " tells what the other codes mean.\n.SH SEE ALSO\n" + reference(root.name, 1) + ",\n" +
         reference("bench.yml", 5) + "\n";
  return {page, 1, out};
}

std::vector<ManualPage> manual(const CommandDoc& root) {
  std::vector<ManualPage> pages{program_page(root)};
  for (const CommandDoc& command : root.commands) pages.push_back(command_page(root, command));
  pages.push_back(bench_page());
  return pages;
}

}  // namespace cbench
