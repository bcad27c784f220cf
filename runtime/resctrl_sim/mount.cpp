#include "runtime/resctrl_sim/mount.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define FUSE_USE_VERSION 312
#include <fuse.h>
#include <fuse_log.h>

namespace cbench::sim {
namespace {

Tree& tree() { return *static_cast<Tree*>(fuse_get_context()->private_data); }

Tree::Caller caller() {
  return {.pid = fuse_get_context()->pid, .interrupted = [] { return fuse_interrupted() != 0; }};
}

std::string below(const char* path) { return path + 1; }  // FUSE gives "/info/L3"

/// A file or folder that is open. It keeps its path, so that libfuse need not lock it: a call that hangs in a
/// group would keep rmdir off that group.
struct Open {
  std::string path;
  uint64_t group = 0;  ///< Tree::Entry::group
  std::mutex mutex = {};
  std::optional<std::string> text =
      {};  ///< what reads go on in; made anew for each read from the start, as by seq_file
};

Open& file_of(fuse_file_info* info) { return *reinterpret_cast<Open*>(info->fh); }

Tree::Caller caller(const Open& file) {
  Tree::Caller caller = ::cbench::sim::caller();
  caller.opened = file.group;
  return caller;
}

/// libfuse gives no path for what is open.
std::string path_of(const char* path, fuse_file_info* info) {
  return path != nullptr ? below(path) : file_of(info).path;
}

int get_attributes(const char* path, struct stat* about, fuse_file_info* info) {
  const auto entry = tree().look(path_of(path, info));
  if (!entry) return -ENOENT;
  *about = {};
  about->st_mode = entry->mode | (entry->folder ? S_IFDIR : S_IFREG);
  about->st_nlink = entry->folder ? 2 : 1;
  about->st_uid = ::getuid();
  about->st_gid = ::getgid();
  return 0;
}

int open_folder(const char* path, fuse_file_info* info) {
  info->fh = reinterpret_cast<uint64_t>(new Open{.path = below(path)});
  return 0;
}

int read_folder(const char*, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info* info,
                fuse_readdir_flags) {
  for (const char* dots : {".", ".."}) fill(buffer, dots, nullptr, 0, static_cast<fuse_fill_dir_flags>(0));
  for (const std::string& name : tree().list(file_of(info).path))
    fill(buffer, name.c_str(), nullptr, 0, static_cast<fuse_fill_dir_flags>(0));
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  const auto entry = tree().look(below(path));
  if (!entry) return -ENOENT;
  if ((info->flags & O_ACCMODE) != O_RDONLY && (entry->mode & 0200) == 0) return -EACCES;
  info->fh = reinterpret_cast<uint64_t>(new Open{.path = below(path), .group = entry->group});
  info->direct_io = 1;  // sizes mean nothing, and each read and write comes to us as it is
  return 0;
}

int close_file(const char*, fuse_file_info* info) {
  delete &file_of(info);
  return 0;
}

int read_file(const char*, char* buffer, size_t size, off_t offset, fuse_file_info* info) {
  Open& file = file_of(info);
  std::unique_lock lock(file.mutex);
  if (offset == 0 || !file.text) {
    lock.unlock();  // this may hang
    std::string made;
    if (const int error = tree().read(file.path, made, caller(file)); error != 0) return -error;
    lock.lock();
    file.text = std::move(made);
  }
  const std::string& text = *file.text;
  if (offset < 0 || static_cast<size_t>(offset) >= text.size()) return 0;
  const size_t n = std::min(size, text.size() - static_cast<size_t>(offset));
  std::memcpy(buffer, text.data() + offset, n);
  return static_cast<int>(n);
}

int write_file(const char*, const char* buffer, size_t size, off_t, fuse_file_info* info) {
  const Open& file = file_of(info);
  const int error = tree().write(file.path, {buffer, size}, caller(file));
  return error != 0 ? -error : static_cast<int>(size);
}

int make_folder(const char* path, mode_t) { return -tree().make(below(path), caller()); }
int remove_folder(const char* path) { return -tree().remove(below(path), caller()); }
int cut_file(const char* path, off_t, fuse_file_info* info) {
  return tree().look(path_of(path, info)) ? 0 : -ENOENT;
}
int create_file(const char*, mode_t, fuse_file_info*) { return -EPERM; }
int unlink_file(const char*) { return -EPERM; }
int rename_entry(const char*, const char*, unsigned) { return -EPERM; }

void* begin(fuse_conn_info*, fuse_config* config) {
  // Nothing may be remembered: it all changes under a reader's hands.
  config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
  config->direct_io = 1;
  config->nullpath_ok = 1;
  return fuse_get_context()->private_data;
}

fuse_operations operations() {
  fuse_operations all{};
  all.getattr = get_attributes;
  all.opendir = open_folder;
  all.readdir = read_folder;
  all.releasedir = close_file;
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
    return fmt::format("/dev/fuse cannot be used ({}): {}", std::strerror(errno),
                       errno == EACCES ? "run as root, or let others use it: chmod 666 /dev/fuse"
                                       : "load the module `fuse`");
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

void Mount::guard(bool remove) const {
  int life[2] = {-1, -1};  // its writing end closes when we end
  if (::pipe2(life, O_CLOEXEC) != 0) return;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::fork() != 0) ::_exit(0);  // nobody's child: who kills us with our children does not find it
    ::setsid();
    ::dup2(life[0], 0);
    ::close_range(1, ~0U, 0);  // above all /dev/fuse: as long as that is open, the mount waits for answers
    char byte = 0;
    while (::read(0, &byte, 1) < 0 && errno == EINTR) {
    }
    struct statfs about{};
    // ECONNABORTED: the question came while the mount was dying, before it was dead.
    if (::statfs(folder_.c_str(), &about) == 0 || (errno != ENOTCONN && errno != ECONNABORTED)) ::_exit(0);
    const bool done = ::umount2(folder_.c_str(), MNT_DETACH) == 0;
    if (done && remove) ::rmdir(folder_.c_str());
    if (!done) ::execlp("fusermount3", "fusermount3", "-u", "-z", "-q", folder_.c_str(), nullptr);
    ::_exit(0);
  }
  ::close(life[0]);
  if (child > 0) ::waitpid(child, nullptr, 0);
}

void Mount::serve() {
  std::thread([fuse = fuse_] {
    // Each call that hangs holds a thread; libfuse's ten would be used up by ten of them.
    constexpr unsigned kThreads = 1024;
    fuse_loop_config* config = fuse_loop_cfg_create();
    fuse_loop_cfg_set_max_threads(config, kThreads);
    fuse_loop_cfg_set_idle_threads(config, 8);
    fuse_loop_mt(fuse, config);
    fuse_loop_cfg_destroy(config);
  }).detach();
}

void Mount::unmount() {
  if (folder_.empty()) return;
  fuse_set_log_func([](fuse_log_level, const char*, va_list) {});  // its threads would complain of the end
  // Detached first, while our threads still answer: libfuse closes its connection, from which they read,
  // before it unmounts, which fails (ENOTCONN) or waits for an answer when the kernel then asks for
  // something. It does the rest without root.
  if (::umount2(folder_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
    fuse_exit(fuse_);
    fuse_unmount(fuse_);
  }
  folder_.clear();
}

Mount::~Mount() { unmount(); }

}  // namespace cbench::sim
