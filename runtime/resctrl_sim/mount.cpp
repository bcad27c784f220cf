#include "runtime/resctrl_sim/mount.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#define FUSE_USE_VERSION 35
#include <fuse.h>
#include <fuse_log.h>

namespace cbench::sim {
namespace {

Tree& tree() { return *static_cast<Tree*>(fuse_get_context()->private_data); }

Tree::Caller caller() {
  return {.pid = fuse_get_context()->pid, .interrupted = [] { return fuse_interrupted() != 0; }};
}

/// FUSE gives "/info/L3", and no path of a file whose folder was removed while it was open.
std::string below(const char* path) { return path == nullptr ? "info/gone" : path + 1; }

/// What a file that was opened reads. The kernel makes the text anew for each read from the start (seq_file).
struct OpenFile {
  std::string text;
};

OpenFile& file_of(fuse_file_info* info) { return *reinterpret_cast<OpenFile*>(info->fh); }

int get_attributes(const char* path, struct stat* about, fuse_file_info*) {
  const auto entry = tree().look(below(path));
  if (!entry) return -ENOENT;
  *about = {};
  about->st_mode = entry->mode | (entry->folder ? S_IFDIR : S_IFREG);
  about->st_nlink = entry->folder ? 2 : 1;
  about->st_uid = ::getuid();
  about->st_gid = ::getgid();
  return 0;
}

int read_folder(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
                fuse_readdir_flags) {
  for (const char* dots : {".", ".."}) fill(buffer, dots, nullptr, 0, static_cast<fuse_fill_dir_flags>(0));
  for (const std::string& name : tree().list(below(path)))
    fill(buffer, name.c_str(), nullptr, 0, static_cast<fuse_fill_dir_flags>(0));
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  const auto entry = tree().look(below(path));
  if (!entry) return -ENOENT;
  if ((info->flags & O_ACCMODE) != O_RDONLY && (entry->mode & 0200) == 0) return -EACCES;
  info->fh = reinterpret_cast<uint64_t>(new OpenFile);
  info->direct_io = 1;  // sizes mean nothing, and each read and write comes to us as it is
  return 0;
}

int close_file(const char*, fuse_file_info* info) {
  delete &file_of(info);
  return 0;
}

int read_file(const char* path, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  std::string& text = file_of(info).text;
  if (offset == 0)
    if (const int error = tree().read(below(path), text, caller()); error != 0) return -error;
  if (offset < 0 || static_cast<size_t>(offset) >= text.size()) return 0;
  const size_t n = std::min(size, text.size() - static_cast<size_t>(offset));
  std::memcpy(buffer, text.data() + offset, n);
  return static_cast<int>(n);
}

int write_file(const char* path, const char* buffer, size_t size, off_t, fuse_file_info*) {
  const int error = tree().write(below(path), {buffer, size}, caller());
  return error != 0 ? -error : static_cast<int>(size);
}

int make_folder(const char* path, mode_t) { return -tree().make(below(path), caller()); }
int remove_folder(const char* path) { return -tree().remove(below(path), caller()); }
int cut_file(const char* path, off_t, fuse_file_info*) { return tree().look(below(path)) ? 0 : -ENOENT; }
int create_file(const char*, mode_t, fuse_file_info*) { return -EPERM; }
int unlink_file(const char*) { return -EPERM; }
int rename_entry(const char*, const char*, unsigned) { return -EPERM; }

void* begin(fuse_conn_info*, fuse_config* config) {
  // Nothing may be remembered: it all changes under a reader's hands.
  config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
  config->direct_io = 1;
  return fuse_get_context()->private_data;
}

fuse_operations operations() {
  fuse_operations all{};
  all.getattr = get_attributes;
  all.readdir = read_folder;
  all.open = open_file;
  all.release = close_file;
  all.read = read_file;
  all.write = write_file;
  all.mkdir = make_folder;
  all.rmdir = remove_folder;
  all.truncate = cut_file;
  all.create = create_file;
  all.unlink = unlink_file;
  all.rename = rename_entry;
  all.init = begin;
  return all;
}

}  // namespace

std::string Mount::mount(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) return fmt::format("{} is not a folder", folder);
  if (!std::filesystem::is_empty(folder, error)) return fmt::format("{} is not empty", folder);
  if (::access("/dev/fuse", R_OK | W_OK) != 0)
    return fmt::format("/dev/fuse cannot be used ({}): load the module `fuse`", std::strerror(errno));
  std::string program = "cbench-resctrl-sim", flag = "-o", options = "fsname=resctrl-sim,subtype=resctrl-sim";
  char* words[] = {program.data(), flag.data(), options.data()};
  fuse_args arguments = FUSE_ARGS_INIT(3, words);
  const fuse_operations all = operations();
  fuse_ = fuse_new(&arguments, &all, sizeof all, &tree_);
  fuse_opt_free_args(&arguments);
  if (fuse_ == nullptr) return "libfuse could not be set up";
  if (fuse_mount(fuse_, folder.c_str()) != 0)
    return fmt::format("cannot mount on {}: {}; without root it takes the package `fuse3`", folder,
                       std::strerror(errno));
  folder_ = folder;
  return "";
}

void Mount::serve() {
  std::thread([fuse = fuse_] {
    fuse_loop_config config{.clone_fd = 0, .max_idle_threads = 8};
    fuse_loop_mt(fuse, &config);
  }).detach();
}

void Mount::unmount() {
  if (folder_.empty()) return;
  fuse_set_log_func([](fuse_log_level, const char*, va_list) {});  // its threads would complain of the end
  // Detached first, while our threads still answer: libfuse closes its connection before it unmounts, which
  // fails (ENOTCONN) or waits for an answer when the kernel then asks for something. It does the rest without
  // root.
  if (::umount2(folder_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) fuse_unmount(fuse_);
  folder_.clear();
}

Mount::~Mount() { unmount(); }

}  // namespace cbench::sim
