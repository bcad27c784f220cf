// The completion script for zsh.
#include <fmt/format.h>

#include "runtime/driver/completion.h"

namespace cbench {
namespace {

constexpr const char* kBegin = R"zsh(#compdef {0}
# zsh completion for {0}: `{0} completion zsh`

# _{0}_offer WORDS [ENDING...]: WORDS, and files with one of the endings. The ending `*` is that of any file;
# `/` offers folders only.
_{0}_offer() {{
  local -a offers
  [[ -z $1 ]] || offers+=("words:word:($1)")
  shift
  case $1 in
  '') ;;
  /) offers+=('folders:folder:_files -/') ;;
  '*') offers+=('files:file:_files') ;;
  *) offers+=("files:file:_files -g \"*(${{(j:|:)@}})(-.)\"") ;;
  esac
  _alternative $offers
}}
)zsh";
// Both ways of coming here: found in the fpath, and sourced.
constexpr const char* kEnd = R"zsh(
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _{0} "$@"
else
  compdef _{0} {0}
fi
)zsh";

std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\'";  // ends the quotes, and begins them anew
    else if (c == '\\' || special.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

/// ":POLICY: _cbench_offer …", or a message alone.
std::string action(const std::string& program, const ValueDoc& value) {
  std::string out = ":" + escaped(value.name, ":") + ": ";
  if (value.words.empty() && value.endings.empty()) return out;
  out += fmt::format("_{}_offer \"{}\"", program, fmt::join(value.words, " "));
  for (const std::string& ending : value.endings) out += ending == "*" ? " \"*\"" : " " + ending;
  return out;
}

/// An argument of `_arguments` for each name.
std::string specs(const std::string& program, const OptionDoc& option) {
  std::string out;
  for (const std::string& name : option.names) {
    std::string before = fmt::format("({})", fmt::join(option.names, " "));
    if (option.value && option.value->many) before = "*";
    const char* joins = !option.value ? "" : name.starts_with("--") ? "=" : "+";
    out += fmt::format(" \\\n    '{}{}{}[{}]{}'", before, name, joins, escaped(option.doc, "[]"),
                       option.value ? action(program, *option.value) : "");
  }
  return out;
}

std::string function_of(const std::string& program, const std::vector<std::string>& path) {
  std::string out = "_" + program;
  for (const std::string& word : path) out += "_" + word;
  return out;
}

/// The states of a command with commands: which one, and what that takes.
std::string states(const std::string& program, const CommandAt& at) {
  std::string commands, cases;
  for (const CommandDoc& command : at.command->commands) {
    commands += fmt::format("      '{}:{}'\n", command.name, escaped(command.doc, ""));
    std::vector<std::string> path = at.path;
    path.push_back(command.name);
    cases += fmt::format("    {}) {} ;;\n", command.name, function_of(program, path));
  }
  return fmt::format(
      "  case $state in\n  command)\n    commands=(\n{}    )\n    _describe -t commands command commands\n"
      "    ;;\n  rest)\n    case $words[1] in\n{}    esac\n    ;;\n  esac\n",
      commands, cases);
}

}  // namespace

std::string zsh_completion(const CommandDoc& root) {
  const std::string& program = root.name;
  std::string out = fmt::format(kBegin, program);
  for (const CommandAt& at : all_commands(root)) {
    out += fmt::format("\n{}() {{\n", function_of(program, at.path));
    const bool group = !at.command->commands.empty();
    if (group) out += "  local curcontext=$curcontext state line\n  local -A opt_args\n  local -a commands\n";
    out += group ? "  _arguments -C" : "  _arguments";
    for (const OptionDoc& option : at.command->options) out += specs(program, option);
    if (!at.path.empty())
      for (const OptionDoc& option : common_options(root)) out += specs(program, option);
    if (group) out += " \\\n    '1: :->command' \\\n    '*:: :->rest'";
    if (const auto& argument = at.command->argument)
      out +=
          fmt::format(" \\\n    '{}{}'", argument->value.many ? "*" : "1", action(program, argument->value));
    out += "\n";
    if (group) out += states(program, at);
    out += "}\n";
  }
  return out + fmt::format(kEnd, program);
}

}  // namespace cbench
