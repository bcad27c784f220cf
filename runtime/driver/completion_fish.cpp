// The completion script for fish.
#include <fmt/format.h>

#include "runtime/driver/completion.h"

namespace cbench {
namespace {

constexpr const char* kBegin = R"(# fish completion for {0}: `{0} completion fish`

function __{0}_words --description 'The command and its arguments before the cursor'
    string match -v -- '-*' (commandline -opc)[2..-1]
end
function __{0}_at --description 'Do the arguments name what is typed so far?'
    set -l words (__{0}_words)
    test "$words" = "$argv"
end
function __{0}_in --description 'Do the arguments name the command that is typed?'
    set -l words (__{0}_words)
    test "$words[1..$(count $argv)]" = "$argv"
end
function __{0}_files --description 'Folders, and files with one of these endings'
    set -l endings (string escape --style=regex -- $argv) /
    # The empty command has files as arguments.
    complete -C "'' "(commandline -ct) | string match -r '^[^\t]*(?:'(string join '|' $endings)')(?=\t|$)'
end

complete -c {0} -f
)";

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// What `complete` is told of a value; `required`: that an option has one.
std::string offer(const std::string& program, const ValueDoc& value, bool required) {
  if (value.endings == std::vector<std::string>{"*"}) return required ? " -r -F" : " -F";
  std::string offered = fmt::format("{}", fmt::join(value.words, " "));
  const char* between = offered.empty() ? "" : " ";
  if (!value.endings.empty()) {
    offered += fmt::format("{}(__{}_files", between, program);
    if (value.endings.front() != "/") offered += fmt::format(" {}", fmt::join(value.endings, " "));
    offered += ")";
  }
  return (required ? " -x" : "") + (offered.empty() ? "" : " -a " + in_quotes(offered));
}

std::string option_line(const std::string& program, const std::string& begin, const OptionDoc& option) {
  std::string out = begin;
  for (const std::string& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (option.value) out += offer(program, *option.value, true);
  return out + " -d " + in_quotes(option.doc) + "\n";
}

}  // namespace

std::string fish_completion(const CommandDoc& root) {
  std::string out = fmt::format(kBegin, root.name);
  const std::string complete = "complete -c " + root.name;
  for (const OptionDoc& option : common_options(root)) out += option_line(root.name, complete, option);
  for (const CommandAt& at : all_commands(root)) {
    const bool group = !at.command->commands.empty();
    std::string when = fmt::format("__{}_{}", root.name, group ? "at" : "in");
    for (const std::string& word : at.path) when += " " + word;
    const std::string begin = complete + " -n " + in_quotes(when);
    for (const CommandDoc& command : at.command->commands)
      out += begin + " -a " + command.name + " -d " + in_quotes(command.doc) + "\n";
    for (const OptionDoc& option : at.command->options) {
      bool common = false;
      if (at.path.empty())
        for (const OptionDoc& other : common_options(root)) common |= other.names == option.names;
      if (!common) out += option_line(root.name, begin, option);
    }
    if (at.command->argument)
      if (const std::string offered = offer(root.name, at.command->argument->value, false); !offered.empty())
        out += begin + offered + "\n";
  }
  return out;
}

}  // namespace cbench
