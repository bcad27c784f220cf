// cbench init: a commented benchmark to begin with, and a policy if asked for.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/driver/commands.h"
#include "runtime/driver/starter.h"
#include "runtime/host/kernel_file.h"
#include "stdlib/embed/stock.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

struct InitOptions {
  std::string file = "bench.yml", engine = "docker", policy;
};

/// A path as a YAML text in double quotes; `$` begins a variable there.
std::string as_yaml(std::string_view path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '$') out += '$';
    out += c;
  }
  return out + '"';
}

/// Files that are made together: unless all are kept, none is left.
class NewFiles {
 public:
  NewFiles() = default;
  ~NewFiles() {
    for (const std::string& path : made_) ::unlink(path.c_str());
  }
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;

  /// Errors (Usage): it is there already, or cannot be written.
  Result<> write(const std::string& path, std::string_view text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
      return Error{Exit::Usage, fmt::format("`{}` exists already, and is left as it is", path),
                   "name another file, or `-` for standard output"};
    if (fd < 0) return cannot(path, errno);
    made_.push_back(path);
    const ssize_t written = ::write(fd, text.data(), text.size());
    const int error = written < 0 ? errno : ENOSPC;
    ::close(fd);
    if (written != static_cast<ssize_t>(text.size())) return cannot(path, error);
    return Done{};
  }
  void keep() { made_.clear(); }

 private:
  static Error cannot(const std::string& path, int error) {
    return {Exit::Usage, fmt::format("cannot write `{}`: {}", path, errno_text(error)),
            "name a file in a folder that is there and that you may write to"};
  }
  std::vector<std::string> made_;
};

/// Where the policy is as seen from the benchmark's folder, which for standard output is the working one.
std::string seen_from(const std::string& bench, const std::string& policy) {
  std::error_code failed;
  const fs::path here = fs::current_path(failed);
  const fs::path folder = bench == "-" ? here : (here / bench).parent_path();
  const fs::path path = fs::relative(here / policy, folder, failed);
  return failed || path.empty() ? (here / policy).string() : path.string();
}

int init(const InitOptions& options, Console& console) {
  const std::string policy = options.policy.empty() ? "" : seen_from(options.file, options.policy);
  const std::string bench = starter_bench(options.engine, policy);
  NewFiles files;
  if (!options.policy.empty())
    if (const Result<> written = files.write(options.policy, starter_text("policy")); !written.ok())
      return console.fail(written.error());
  if (options.file == "-") {
    std::fputs(bench.c_str(), stdout);
  } else {
    if (const Result<> written = files.write(options.file, bench); !written.ok())
      return console.fail(written.error());
    console.say(fmt::format("{}{} written; next: cbench validate {}", options.file,
                            options.policy.empty() ? "" : " and " + options.policy, options.file));
  }
  files.keep();
  return 0;
}

}  // namespace

std::string starter_bench(std::string_view engine, std::string_view policy) {
  constexpr std::string_view kPolicy = "@POLICY@";
  std::string out;
  std::string_view rest = starter_text("bench");
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    std::string line(rest.substr(0, end));
    rest.remove_prefix(end);
    // "docker|  image: …": a line of one kind of file only
    bool wanted = true;
    for (const auto& [mark, holds] :
         {std::pair{"docker|", engine == "docker"}, std::pair{"process|", engine == "process"},
          std::pair{"given|", !policy.empty()}, std::pair{"none|", policy.empty()}}) {
      if (!line.starts_with(mark)) continue;
      line.erase(0, std::string_view(mark).size());
      wanted = holds;
    }
    if (const size_t at = line.find(kPolicy); at != std::string::npos)
      line.replace(at, kPolicy.size(), as_yaml(policy));
    if (wanted) out += line;
  }
  return out;
}

void add_init(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* command = app.add_subcommand("init", "Write a commented benchmark to begin with");
  command->add_option("FILE", options->file, "the new file, `-`: standard output; default: bench.yml");
  command->add_option("--engine", options->engine, "what is to run the containers; default: docker")
      ->check(CLI::IsMember({"docker", "process"}));
  command
      ->add_option("--policy", options->policy, "write a policy to begin with as well, to this file (.cbp)")
      ->type_name("FILE");
  command->footer(
      "Examples:\n  cbench init\n  cbench init --engine process --policy my.cbp my.yml\n"
      "  cbench init - > elsewhere.yml\nA file that exists is never overwritten.");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return init(*options, console); }; });
}

}  // namespace cbench
