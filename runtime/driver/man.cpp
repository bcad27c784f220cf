// cbench man: pages of the manual. Not in help: it is for those who install cbench.
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "runtime/driver/cli.h"
#include "runtime/driver/commands.h"
#include "runtime/driver/manual.h"
#include "runtime/host/kernel_file.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

struct ManOptions {
  std::string page, folder;
};

/// Writes FOLDER/man1/cbench.1 and so on.
int write_all(const std::vector<ManualPage>& pages, const std::string& folder, Console& console) {
  for (const ManualPage& page : pages) {
    const fs::path file =
        fs::path(folder) / fmt::format("man{}", page.section) / fmt::format("{}.{}", page.name, page.section);
    std::error_code ignored;  // the file cannot be written then either
    fs::create_directories(file.parent_path(), ignored);
    if (!(std::ofstream(file) << page.text).flush())
      return console.fail({Exit::Usage, fmt::format("cannot write {}: {}", file.string(), errno_text(errno)),
                           "give a folder that you may write to"});
  }
  return 0;
}

int man(const ManOptions& options, Console& console) {
  const std::vector<ManualPage> pages = manual(describe_command_line());
  if (!options.folder.empty()) return write_all(pages, options.folder, console);
  for (const ManualPage& page : pages) {
    if (options.page.empty()) std::printf("%s(%d)\n", page.name.c_str(), page.section);
    if (options.page != page.name) continue;
    std::fputs(page.text.c_str(), stdout);
    return 0;
  }
  if (options.page.empty()) return 0;
  return console.fail(
      {Exit::Usage, fmt::format("there is no page `{}`", options.page), "`cbench man` lists the pages"});
}

}  // namespace

void add_man(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<ManOptions>();
  CLI::App* command = app.add_subcommand("man", "Print a page of the manual, or the names of all")->group("");
  command->add_option("PAGE", options->page, "such as cbench, cbench-run or bench.yml");
  command->add_option("--to", options->folder, "write all pages to man1 and man5 in this folder")
      ->type_name("DIR");
  command->footer("Examples:\n  cbench man cbench-run | man -l -\n  cbench man --to /usr/local/share/man");
  command->callback(
      [options, &chosen] { chosen = [options](Console& console) { return man(*options, console); }; });
}

}  // namespace cbench
