// The simulated resctrl as a mounted file system, by FUSE.
#pragma once

#include <string>

#include "runtime/resctrl_sim/tree.h"

struct fuse;

namespace cbench::sim {

class Mount {
 public:
  /// `tree` must outlive it.
  explicit Mount(Tree& tree) : tree_(tree) {}
  ~Mount();
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

  /// Mounts on an empty folder. Returns why not, or "".
  std::string mount(const std::string& folder);
  /// Leaves a process that takes the mount off, and with `remove` its folder, should this one be killed; else
  /// the mount would stay there, dead. Before there are threads.
  void guard(bool remove) const;
  /// Answers, on threads of its own, as long as the process lives.
  void serve();
  /// Takes it off its folder, also when files of it are open: those give errors once the process has ended.
  void unmount();

 private:
  Tree& tree_;
  std::string folder_;
  fuse* fuse_ = nullptr;
};

}  // namespace cbench::sim
