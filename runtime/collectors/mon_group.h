// One container's monitoring group in resctrl: made in the CLOS group that the container is in, and made anew
// where it moves.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/engines/engine.h"
#include "runtime/host/resctrl.h"

namespace cbench {

enum class MonEvent : uint8_t { Occupancy, TotalBytes, LocalBytes };
inline constexpr size_t kMonEvents = 3;

/// What resctrl says of an event; Unavailable or Unassigned when it says so.
struct MonValue {
  int64_t value = 0;
  Status status = Status::Unsupported;
};

/// An L3 domain, or a node of one (sub-NUMA clustering), and its open files.
struct MonSource {
  bool node = false;
  uint32_t id = 0;
  std::array<int, kMonEvents> fds{-1, -1, -1};
};

class MonGroup {
 public:
  MonGroup() = default;
  ~MonGroup() { close(); }
  MonGroup(const MonGroup&) = delete;
  MonGroup& operator=(const MonGroup&) = delete;

  /// Makes the group `name` beside the container's class and assigns the container's tasks. Errors: no RMID
  /// left (`out_of_rmids`), refused.
  Result<> open(const RdtFacts& rdt, const std::string& name, const Started& started, Journal& journal);
  /// Closes the files and removes the group; its tasks fall back to the class.
  void close();

  /// Moves the group along when the container has changed its class: the tasks are assigned again, and true
  /// says that counts begin anew. Does nothing, and allocates nothing on a kernel's resctrl, while the class
  /// stays.
  bool follow();

  /// Assigns the container's tasks that came from outside since (`docker exec`); forks are in the group by
  /// themselves.
  void sync_tasks();
  /// Was there no group because all RMIDs are in use, or wait for their lines to leave the cache?
  [[nodiscard]] bool out_of_rmids() const { return out_of_rmids_; }

  [[nodiscard]] static MonValue read(MonEvent event, const MonSource& source);
  /// Domains first, each followed by its nodes; the files of a domain hold the sum of its nodes
  /// (resctrl.rst).
  [[nodiscard]] const std::vector<MonSource>& sources() const { return sources_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& class_name() const { return class_; }  ///< "" is the root group
  /// The schemata of the class; parsed again only when its text has changed. nullptr when it cannot be read.
  const Schemata* schemata();

 private:
  struct Place {
    std::string_view group;  ///< "" is the root group
    bool monitored = false;  ///< the task is in our monitoring group
  };

  [[nodiscard]] std::string class_folder() const { return class_.empty() ? root_ : root_ + "/" + class_; }
  Place locate();
  Place locate_by_tasks();
  Result<> make();
  Result<> assign_tasks();
  void open_files();
  void open_source(const std::string& folder, bool node, uint32_t id);
  void close_files();

  std::string root_, name_, class_, folder_, cgroup_;
  Journal* journal_ = nullptr;
  int64_t pid_ = 0;
  bool simulated_ = false;
  int place_fd_ = -1, schemata_fd_ = -1;
  std::vector<MonSource> sources_;
  std::vector<uint64_t> assigned_, found_tasks_;  ///< ascending
  bool out_of_rmids_ = false;
  char text_[4096];  ///< of the last file read
  std::string found_class_, schemata_text_;
  Schemata schemata_;
};

}  // namespace cbench
