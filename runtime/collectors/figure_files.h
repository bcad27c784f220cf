// A container's cgroup files, held open and read with pread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/collectors/cgroup_figures.h"
#include "runtime/engines/engine.h"

namespace cbench {

/// Why cgroup v1's blkio files at `folder` count nothing; nullopt: they count, or nobody can tell. Since
/// Linux 6.10 v1 counts a device's I/O only in groups that are below a throttle limit for it ("blk-throttle:
/// delay initialization until configuration"); some before it, Debian 12's 6.1 among them, do so as well
/// ("blk-throttle: fix io statistics for cgroup v1" mended that). They show 0 elsewhere.
std::optional<Error> why_no_blkio(const std::string& folder);

class FigureFiles {
 public:
  FigureFiles() = default;
  ~FigureFiles() { close(); }
  FigureFiles(const FigureFiles&) = delete;
  FigureFiles& operator=(const FigureFiles&) = delete;

  /// Opens the files of the wanted figures and reads each once, to find figures that this kernel does not
  /// have. Returns what cannot be read, with the reason; those figures are Unsupported in each reading.
  std::map<Metric, Error> open(const Started& started, const std::vector<bool>& wanted,
                               const std::string& proc_root = "/proc");
  void close();
  /// Reads everything. Figures of a container that has gone are Stopped, unreadable ones Error. Allocates
  /// nothing.
  void read(Figures& figures) const;

 private:
  struct File {
    int fd = -1;
    Format format{};
    std::vector<FigureSource> wanted;
    std::string path;
    bool has_cpu_time = false;
  };

  void plan(const FigureSource& source, const std::string& folder);
  void plan_network(const Started& started, const std::vector<bool>& wanted, const std::string& proc_root,
                    std::map<Metric, Error>& refused);
  void open_files(std::map<Metric, Error>& refused);
  static void read_file(const File& file, Figures& figures);

  std::vector<File> files_;
};

}  // namespace cbench
