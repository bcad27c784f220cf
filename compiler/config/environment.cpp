// The process environment and .env files.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <fmt/format.h>

#include "compiler/config/config.h"

namespace cbench {
namespace {

using Variables = std::map<std::string, std::string>;
constexpr std::string_view kBlank = " \t\r";

std::string_view trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool is_name(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
  return !text.empty() && kLetters.find(text[0]) != std::string_view::npos &&
         text.find_first_not_of(std::string(kLetters) + "0123456789") == std::string_view::npos;
}

/// 'as it is', "with \n \t \" \\ \$", or bare up to a ` #`. nullopt: a quote is not closed, or something
/// follows it.
std::optional<std::string> parse_value(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) {
    size_t end = 0;
    while (end < text.size() &&
           !(text[end] == '#' && (end == 0 || kBlank.find(text[end - 1]) != std::string_view::npos)))
      ++end;
    return std::string(trim(text.substr(0, end)));
  }
  const char quote = text[0];
  std::string value;
  size_t at = 1;
  for (; at < text.size() && text[at] != quote; ++at) {
    if (quote == '"' && text[at] == '\\' && at + 1 < text.size()) {
      const char c = text[++at];
      value += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    } else {
      value += text[at];
    }
  }
  if (at >= text.size()) return std::nullopt;
  const std::string_view rest = trim(text.substr(at + 1));
  return rest.empty() || rest[0] == '#' ? std::optional(value) : std::nullopt;
}

/// Adds the variables of `path`, if it exists, to those that are not there yet.
Result<> read_env_file(const std::filesystem::path& path, Variables& variables) {
  std::error_code absent;
  if (!std::filesystem::is_regular_file(path, absent)) return Done{};
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{Exit::Invalid, fmt::format("cannot read `{}`: {}", path.string(), std::strerror(errno)),
                 "check its permissions"};
  Variables own;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::string_view text = trim(line);
    if (text.empty() || text[0] == '#') continue;
    if (text.starts_with("export ")) text = trim(text.substr(7));
    const size_t equals = std::min(text.find('='), text.size());
    const std::string_view name = trim(text.substr(0, equals));
    if (equals == text.size() || !is_name(name))
      return Error{Exit::Invalid,
                   fmt::format("{}:{}: not a line of the form NAME=value", path.string(), number),
                   "comments begin with `#`"};
    const auto value = parse_value(trim(text.substr(equals + 1)));
    if (!value)
      return Error{Exit::Invalid,
                   fmt::format("{}:{}: the quotes of `{}` are not closed, or something follows them",
                               path.string(), number, name),
                   "put the whole value between one pair of quotes"};
    own[std::string(name)] = *value;  // the last one wins, as in a shell
  }
  variables.merge(own);
  return Done{};
}

}  // namespace

Result<Environment> process_environment(const std::string& yaml_path) {
  Variables variables;
  if (yaml_path != "-")
    if (auto read = read_env_file(std::filesystem::path(yaml_path).parent_path() / ".env", variables); !read)
      return read.error();
  if (auto read = read_env_file(".env", variables); !read) return read.error();
  return Environment(
      [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        if (const char* value = std::getenv(name.c_str())) return value;
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      });
}

}  // namespace cbench
