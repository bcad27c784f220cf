#include "compiler/native/cache.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "compiler/image/bytes.h"
#include "compiler/native/descriptor.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;

/// Nobody else can have written what this describes.
bool ours(const struct stat& about) {
  return about.st_uid == geteuid() && (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Descriptor open_folder(const std::string& path) {
  return Descriptor(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool ours_folder(const Descriptor& folder) {
  struct stat about{};
  return folder && fstat(folder.get(), &about) == 0 && ours(about);
}

std::optional<std::string> read_ours(const Descriptor& file, uint64_t limit) {
  struct stat about{};
  if (!file || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode) || !ours(about)) return std::nullopt;
  if (static_cast<uint64_t>(about.st_size) > limit) return std::nullopt;
  std::string bytes(static_cast<size_t>(about.st_size), '\0');
  if (read(file.get(), bytes.data(), bytes.size()) != about.st_size) return std::nullopt;
  return bytes;
}

bool write_new(const Descriptor& folder, const std::string& name, const std::string& bytes) {
  const Descriptor file(
      openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return file && write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

/// Makes the folder and those above it, readable by their owner alone.
void make_folders(const fs::path& path) {
  if (path.has_parent_path() && path.parent_path() != path) {
    struct stat about{};
    if (stat(path.parent_path().c_str(), &about) != 0) make_folders(path.parent_path());
  }
  mkdir(path.c_str(), 0700);
}

}  // namespace

std::string cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (variable("CBENCH_CACHE") == "off") return "";
  if (const std::string caches = variable("XDG_CACHE_HOME"); fs::path(caches).is_absolute())
    return caches + "/cbench/code";
  const std::string home = variable("HOME");
  return fs::path(home).is_absolute() ? home + "/.cache/cbench/code" : "";
}

std::string CodeCache::path_of(const std::string& key) const { return fmt::format("{:016x}", hash64(key)); }

std::optional<std::string> CodeCache::find(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const Descriptor folder = open_folder(folder_);
  if (!ours_folder(folder)) return std::nullopt;
  const std::string name = path_of(key);
  const Descriptor file(openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const auto bytes = read_ours(file, limit_);
  const auto text = bytes ? unsealed(*bytes) : std::nullopt;
  if (!text) return std::nullopt;
  ByteReader reader(*text);
  const bool same = reader.get<std::string>() == key;
  auto image = reader.get<std::string>();
  return same && reader.done() ? std::optional(std::move(image)) : std::nullopt;
}

void CodeCache::store(const std::string& key, const std::string& image) const {
  if (folder_.empty()) return;
  make_folders(folder_);
  const Descriptor folder = open_folder(folder_);
  if (!ours_folder(folder)) return;
  const std::string name = path_of(key);
  const std::string made = fmt::format(".{}.{}", name, getpid());
  if (!write_new(folder, made, sealed(ByteWriter().put(key).put(image).take())) ||
      renameat(folder.get(), made.c_str(), folder.get(), name.c_str()) != 0)
    unlinkat(folder.get(), made.c_str(), 0);
  remove_oldest();
}

void CodeCache::remove_oldest() const {
  struct Entry {
    fs::file_time_type time;
    uint64_t size;
    fs::path path;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    const Entry entry{at->last_write_time(gone), at->file_size(gone), at->path()};
    if (gone) continue;
    total += entry.size;
    entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
  for (const Entry& entry : entries) {
    if (total <= limit_) break;
    std::error_code gone;
    fs::remove(entry.path, gone);
    total -= entry.size;
  }
}

}  // namespace cbench
