// The simulated resctrl without its mount: what stands at each path, and what happens on mkdir, rmdir, reads
// and writes, as Documentation/filesystems/resctrl.rst says and fs/resctrl does. Every operation may come
// from any thread; one that a fault makes hang holds nobody up.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/resctrl_sim/activity.h"
#include "runtime/resctrl_sim/faults.h"

namespace cbench::sim {

class Tree {
 public:
  explicit Tree(const Profile& profile, std::vector<ScriptLine> script = {});

  struct Entry {
    bool folder = false;
    uint32_t mode = 0;   ///< permissions
    uint64_t group = 0;  ///< names the group that it belongs to for good; 0: none
  };
  // Paths are relative to the root, without a slash at the begin or end; "" is the root.
  [[nodiscard]] std::optional<Entry> look(const std::string& path);
  [[nodiscard]] std::vector<std::string> list(const std::string& folder);
  /// Who asks: for `tasks` files, and to end a hang.
  struct Caller {
    pid_t pid = 0;
    std::function<bool()> interrupted = [] { return false; };
    /// Entry::group of a file when it was opened: of another group of that name it is not. 0: any.
    uint64_t opened = 0;
  };
  // These return 0 or an errno; what the kernel would say of it is in info/last_cmd_status then.
  int read(const std::string& path, std::string& text, const Caller& caller);
  int write(const std::string& path, std::string_view text, const Caller& caller);
  int make(const std::string& path, const Caller& caller);
  int remove(const std::string& path, const Caller& caller);

 private:
  /// What a path means.
  struct Node {
    enum class Kind : uint8_t {
      None,
      Root,
      Info,
      InfoPart,
      InfoFile,
      Group,
      MonGroups,
      MonGroup,
      MonData,
      MonDomain,
      MonNode,
      File
    } kind = Kind::None;
    Place place = {};
    std::string part = {}, name = {};  ///< of info/PART/NAME; of a group's file NAME
    uint32_t domain = 0;               ///< of mon_data
  };
  [[nodiscard]] Node find(const std::string& path) const;
  [[nodiscard]] Node find_info(const std::vector<std::string>& parts) const;
  [[nodiscard]] Node find_in_group(Node at, const std::vector<std::string>& parts, size_t from) const;
  [[nodiscard]] bool is_group_file(const Place& place, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> info_parts() const;
  [[nodiscard]] std::vector<std::string> info_files(const std::string& part) const;
  [[nodiscard]] std::string read_info(const std::string& part, const std::string& name) const;
  [[nodiscard]] std::string simulated() const;
  [[nodiscard]] int read_counter(const Node& node, std::string& text);
  [[nodiscard]] std::string read_file(const Node& node);
  Outcome write_file(const Node& node, std::string_view text, pid_t caller);
  int write_threshold(std::string_view text);
  void set_threshold(uint64_t bytes);
  [[nodiscard]] uint64_t serial_of(const Node& node) const;
  Outcome make_group(const std::string& name);
  Outcome make_mon_group(Group& group, const std::string& name);
  std::optional<uint32_t> free_id(uint32_t count, bool closid) const;
  int settle(const Outcome& outcome);
  [[nodiscard]] double seconds() const;

  const Profile& profile_;
  std::mutex mutex_;
  Schemata schemata_;
  Groups groups_;
  Tasks tasks_;
  Activity activity_;
  Faults faults_;
  std::string status_;
  uint64_t last_serial_ = 0;
  uint64_t threshold_ = 0;  ///< max_threshold_occupancy
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace cbench::sim
