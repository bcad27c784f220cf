// cbench fmt: policies in the one style.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/format/diff.h"
#include "compiler/format/format.h"
#include "runtime/driver/commands.h"

namespace cbench {
namespace {

struct FmtOptions {
  std::vector<std::string> files;
  bool check = false, diff = false;
};

Error cannot_write(const std::string& path, const std::string& what) {
  return {Exit::Invalid, fmt::format("cannot write `{}`: {}", path, what),
          "check the permissions of the file and of its folder; it was left as it is"};
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// Writes a file beside it and renames that, so that it is either the old or the new one. Keeps mode and
/// owner; a link stays.
Result<> replace(const std::string& path, std::string_view text) {
  std::error_code problem;
  const std::filesystem::path real = std::filesystem::canonical(path, problem);
  if (problem) return cannot_write(path, problem.message());
  struct stat before{};
  if (::stat(real.c_str(), &before) != 0) return cannot_write(path, std::strerror(errno));
  if (::access(real.c_str(), W_OK) != 0) return cannot_write(path, std::strerror(errno));
  std::string beside = real.string() + ".XXXXXX";
  const int descriptor = ::mkstemp(beside.data());
  if (descriptor < 0) return cannot_write(path, std::strerror(errno));
  (void)!::fchown(descriptor, before.st_uid, before.st_gid);  // where we may; the mode is set after it
  const bool done = write_all(descriptor, text) && ::fchmod(descriptor, before.st_mode & 07777) == 0 &&
                    ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  if (done && ::rename(beside.c_str(), real.c_str()) == 0) return Done{};
  const std::string what = std::strerror(done ? errno : error);
  ::unlink(beside.c_str());
  return cannot_write(path, what);
}

/// The exit code for one file.
int one(const std::string& path, const FmtOptions& options, Console& console) {
  SourceSet sources;
  const Result<uint32_t> source = sources.load(path);
  if (!source.ok()) return console.fail(source.error());
  Diagnostics diagnostics;
  const std::optional<std::string> text = format_policy(sources, *source, diagnostics);
  if (!text) {
    console.show(diagnostics, sources);
    return static_cast<int>(Exit::Invalid);
  }
  const bool same = *text == sources.text(*source);
  if (options.diff && !same) std::fputs(unified_diff(path, sources.text(*source), *text).c_str(), stdout);
  if (options.check && !options.diff && !same) std::printf("%s\n", path.c_str());
  if (options.check || options.diff) return same ? 0 : static_cast<int>(Exit::RunFailed);
  if (path == "-") {
    std::fwrite(text->data(), 1, text->size(), stdout);
    return 0;
  }
  if (same) return 0;
  const Result<> written = replace(path, *text);
  return written.ok() ? 0 : console.fail(written.error());
}

}  // namespace

void add_fmt(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<FmtOptions>();
  CLI::App* command = app.add_subcommand("fmt", "Format policies in place");
  command->add_option("FILE", options->files, "policy files, or `-` for standard input to standard output")
      ->required()
      ->type_name("*.cbp");
  command->add_flag("--check", options->check,
                    "change nothing; name the files that are not formatted (exit code 1)");
  command->add_flag(
      "--diff", options->diff,
      "change nothing; show what would change as a unified diff (exit code 1 when something would)");
  command->footer(
      "Examples:\n  cbench fmt my.cbp\n  cbench fmt --check *.cbp\n  cbench fmt --diff my.cbp\n  cbench fmt "
      "- < my.cbp");
  command->callback([options, &chosen] {
    chosen = [options](Console& console) {
      int worst = 0;
      for (const std::string& file : options->files) worst = std::max(worst, one(file, *options, console));
      return worst;
    };
  });
}

}  // namespace cbench
