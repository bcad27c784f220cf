// The command line as plain data: what completion scripts and manual pages are made of.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace cbench {

/// What stands for an option's value, or as an argument.
struct ValueDoc {
  std::string name;                ///< in help: "POLICY"
  std::vector<std::string> words;  ///< known values
  std::vector<std::string>
      endings;        ///< of files that are values as well, ".cbp"; "*": any; "/": folders only
  bool many = false;  ///< it may stand more than once
};

struct OptionDoc {
  std::vector<std::string> names;  ///< "-o", "--output"
  std::string doc;
  std::optional<ValueDoc> value;  ///< nullopt: a flag
};

struct ArgumentDoc {
  ValueDoc value;
  std::string doc;
  bool required = false;
};

/// The program itself or a command; a command has either commands or at most one argument.
struct CommandDoc {
  std::string name;  ///< "trace"
  std::string doc, footer;
  std::vector<OptionDoc> options;
  std::optional<ArgumentDoc> argument;
  std::vector<CommandDoc> commands;
};

/// What help shows of `app`. What a value is follows from the name of its type (`POLICY`, `*.cbp`, a set of
/// choices); for an argument, where that says nothing, from its own name.
CommandDoc describe(const CLI::App& app);

/// A command and the words that lead to it, `{"trace", "info"}`.
struct CommandAt {
  std::vector<std::string> path;
  const CommandDoc* command;
};
/// `root` and all below it, in order, each before its own.
std::vector<CommandAt> all_commands(const CommandDoc& root);

/// The options that every command takes: those of `root` but for help and version.
std::vector<OptionDoc> common_options(const CommandDoc& root);

}  // namespace cbench
