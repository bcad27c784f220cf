// The completion script for bash.
#include <algorithm>

#include <fmt/format.h>

#include "runtime/driver/completion.h"

namespace cbench {
namespace {

constexpr const char* kBegin =
    R"(# bash completion for {0}: `{0} completion bash`

# _{0}_offer WORDS [ENDING...]: those of WORDS, and files with one of the endings, that begin as $current.
# The ending `*` is that of any file; `/` offers folders only.
_{0}_offer() {{
  local ending
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
  shift
  [ $# -gt 0 ] || return 0
  compopt -o filenames 2>/dev/null
  for ending; do
    case $ending in
    /) ;;
    '*') mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current") ;;
    *) mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -X "!*$ending" -- "$current") ;;
    esac
  done
  [ "$1" = '*' ] || mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -d -- "$current")
}}

_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} path='' i
  # `--option=value` comes as three words.
  if [ "$current" = = ]; then
    current=''
  elif [ "$before" = = ]; then
    before=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${{COMP_WORDS[i]}}" in
    {1}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  COMPREPLY=()
  case $path in
)";
constexpr const char* kEnd = R"(  esac
}}

complete -F _{0} {0}
)";

std::string offer(const std::string& program, const ValueDoc& value) {
  if (value.words.empty() && value.endings.empty()) return "";
  std::string out = fmt::format("_{}_offer '{}'", program, fmt::join(value.words, " "));
  for (const std::string& ending : value.endings) out += ending == "*" ? " '*'" : " " + ending;
  return out;
}

std::string label(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& word : path) out += " " + word;
  return "'" + out + "'";
}

/// What is offered where the words before the cursor lead to a command.
std::string at_command(const std::string& program, const CommandAt& at,
                       const std::vector<OptionDoc>& common) {
  std::vector<OptionDoc> options = at.command->options;
  if (!at.path.empty()) options.insert(options.end(), common.begin(), common.end());
  std::string values, names;
  for (const OptionDoc& option : options) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", fmt::join(option.names, " "));
    if (!option.value) continue;
    const std::string offered = offer(program, *option.value);
    values += fmt::format("    {})\n      {}{}return\n      ;;\n", fmt::join(option.names, " | "), offered,
                          offered.empty() ? "" : "\n      ");
  }
  ValueDoc rest;
  if (at.command->argument) rest = at.command->argument->value;
  for (const CommandDoc& command : at.command->commands) rest.words.push_back(command.name);
  const std::string offered = offer(program, rest);
  return fmt::format("  {})\n{}    case $current in\n    -*) _{}_offer '{}' ;;\n{}    esac\n    ;;\n",
                     label(at.path),
                     values.empty() ? "" : fmt::format("    case $before in\n{}    esac\n", values), program,
                     names, offered.empty() ? "" : fmt::format("    *) {} ;;\n", offered));
}

}  // namespace

std::string bash_completion(const CommandDoc& root) {
  const std::vector<CommandAt> all = all_commands(root);
  std::string known;
  for (const CommandAt& at : all)
    if (!at.path.empty()) known += (known.empty() ? "" : " | ") + label(at.path);
  std::string out = fmt::format(kBegin, root.name, known);
  for (const CommandAt& at : all) out += at_command(root.name, at, common_options(root));
  return out + fmt::format(kEnd, root.name);
}

}  // namespace cbench
