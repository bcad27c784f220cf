// Journals that dead runs left behind.
#include <cerrno>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/host/journal.h"
#include "runtime/host/journal_folder.h"
#include "runtime/host/journal_format.h"
#include "runtime/host/kernel_file.h"
#include "runtime/host/undo.h"

namespace cbench {

namespace fs = std::filesystem;

std::vector<Orphan> orphans(const std::string& folder) {
  std::vector<Orphan> list;
  const Descriptor locked = lock_folder(folder);
  if (!locked.ok()) return list;
  for (const std::string& file : journal_files(folder)) {
    const std::optional<FoundJournal> found = look_at_journal(file);
    if (!found || found->live) continue;
    Orphan orphan{file, fs::path(file).stem().string(), 0, {}};
    if (found->text.owner) orphan.pid = found->text.owner->pid;
    if (found->text.owner && !is_from_earlier_boot(*found->text.owner))
      for (const JournalEntry& entry : found->text.entries) orphan.entries.push_back(describe(entry));
    list.push_back(std::move(orphan));
  }
  return list;
}

std::vector<std::string> live_runs(const std::string& folder) {
  std::vector<std::string> runs = marked_live();
  const Descriptor locked = lock_folder(folder);
  if (!locked.ok()) return runs;
  for (const std::string& file : journal_files(folder))
    if (const std::optional<FoundJournal> found = look_at_journal(file); found && found->live)
      runs.push_back(fs::path(file).stem().string());
  return runs;
}

std::vector<std::string> recover(const Orphan& orphan) {
  std::optional<FoundJournal> found = look_at_journal(orphan.file);
  if (!found) return {};  // someone else has done it
  if (found->live) return {fmt::format("{} belongs to a run that is alive or being cleaned up", orphan.file)};
  std::vector<std::string> problems;
  if (found->text.owner && !is_from_earlier_boot(*found->text.owner))
    problems = undo_all(found->text.entries);
  if (problems.empty() && ::unlink(orphan.file.c_str()) != 0 && errno != ENOENT)
    problems.push_back(fmt::format("cannot remove {}: {}", orphan.file, errno_text(errno)));
  return problems;
}

}  // namespace cbench
