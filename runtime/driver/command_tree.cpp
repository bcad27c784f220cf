#include "runtime/driver/command_tree.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "compiler/base/explanation.h"
#include "compiler/base/program.h"
#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

std::vector<std::string> codes_and_modules() {
  std::vector<std::string> names = all_codes();
  for (const EmbeddedText& module : std_modules()) names.push_back("std." + std::string(module.name));
  return names;
}

/// The profiles of the simulator beside this program; none where it is not installed.
std::vector<std::string> profiles() {
  std::string program = program_of_ours("cbench-resctrl-sim");
  if (program.find('\'') != std::string::npos) return {};
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> list(
      ::popen(("'" + program + "' --list 2>/dev/null").c_str(), "r"), ::pclose);
  std::vector<std::string> names;
  std::array<char, 256> line{};
  while (list && std::fgets(line.data(), line.size(), list.get()) != nullptr) {
    const std::string_view text(line.data());
    names.emplace_back(text.substr(0, text.find_first_of(" \n")));
  }
  return names;
}

/// What `word` of a type's name says; false: nothing.
bool understand(std::string_view word, ValueDoc& value) {
  if (word.starts_with('{') && word.ends_with('}')) {  // CLI::IsMember
    for (size_t at = 1; at < word.size();) {
      const size_t end = std::min(word.find(',', at), word.size() - 1);
      value.words.emplace_back(word.substr(at, end - at));
      at = end + 1;
    }
  } else if (word.starts_with("*.")) {
    value.endings = {std::string(word.substr(1))};
  } else if (word == "BENCH") {
    value.endings = {".yml", ".yaml"};
  } else if (word == "TRACE") {
    value.endings = {".arrows"};
  } else if (word == "POLICY") {
    value.words = stock_names();
    value.endings = {".cbp"};
  } else if (word == "FILE") {
    value.endings = {"*"};
  } else if (word == "DIR") {
    value.endings = {"/"};
  } else if (word == "CODE") {
    value.words = codes_and_modules();
  } else if (word == "PROFILE") {
    value.words = profiles();
  } else {
    return false;
  }
  return true;
}

/// A type's name is "TEXT:{observe,advise,act}": the kind, then what its checks are called.
ValueDoc value_of(const CLI::Option& option) {
  ValueDoc value;
  const std::string type = option.get_type_name();
  value.name = type.substr(0, type.find(':'));
  value.many = option.get_items_expected_max() > 1 ||
               option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  bool understood = false;
  for (size_t at = 0; at <= type.size() && !understood;) {
    const size_t end = std::min(type.find(':', at), type.size());
    understood = understand(std::string_view(type).substr(at, end - at), value);
    if (understood) value.name = type.substr(at, end - at);
    at = end + 1;
  }
  if (value.name.starts_with('{')) value.name = fmt::format("{}", fmt::join(value.words, "|"));
  if (option.nonpositional()) return value;
  value.name = option.get_name();
  if (!understood) understand(value.name, value);
  return value;
}

OptionDoc option_of(const CLI::Option& option) {
  OptionDoc doc;
  for (const std::string& name : option.get_snames()) doc.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) doc.names.push_back("--" + name);
  doc.doc = option.get_description();
  if (option.get_items_expected_max() > 0) doc.value = value_of(option);
  return doc;
}

}  // namespace

CommandDoc describe(const CLI::App& app) {
  CommandDoc doc{.name = app.get_name(),
                 .doc = app.get_description(),
                 .footer = app.get_footer(),
                 .options = {},
                 .argument = std::nullopt,
                 .commands = {}};
  for (const CLI::Option* option : app.get_options({})) {
    if (option->get_group().empty()) continue;
    if (option->nonpositional())
      doc.options.push_back(option_of(*option));
    else
      doc.argument = {value_of(*option), option->get_description(), option->get_required()};
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) doc.commands.push_back(describe(*command));
  return doc;
}

std::vector<CommandAt> all_commands(const CommandDoc& root) {
  std::vector<CommandAt> all{{{}, &root}};
  for (const CommandDoc& command : root.commands)
    for (CommandAt& below : all_commands(command)) {
      below.path.insert(below.path.begin(), command.name);
      all.push_back(std::move(below));
    }
  return all;
}

std::vector<OptionDoc> common_options(const CommandDoc& root) {
  std::vector<OptionDoc> common = root.options;
  std::erase_if(common, [](const OptionDoc& option) {
    return std::ranges::any_of(option.names,
                               [](const std::string& n) { return n == "--help" || n == "--version"; });
  });
  return common;
}

}  // namespace cbench
