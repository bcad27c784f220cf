// resctrl as files: what info/ says about the hardware, the text of a schemata file, and writes that report
// the kernel's reason. Which groups exist and who allocates what is decided elsewhere (runtime/collectors,
// runtime/actuators). Source: Documentation/filesystems/resctrl.rst.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/host_facts.h"

namespace cbench {

/// What info/, schemata and cache sizes under `root` say. `present` is false, with `absent_reason` (and the
/// remedy), where `root` is not a resctrl file system. With code and data prioritisation (CDP) the L3 figures
/// are those of L3CODE. `l3_bytes` stays 0 (topology.h fills it). Never fails.
RdtFacts read_resctrl(const std::string& root, const std::string& proc_root = "/proc");

/// The unit of this mount: from the root group's MB line (as it is after mounting) and the mount options in
/// `proc_root`/mounts.
MbUnit resctrl_mb_unit(const std::string& root, const std::string& proc_root = "/proc");

/// Names in mon_data begin with these: an L3 domain and, with sub-NUMA clustering, a node below it.
inline constexpr std::string_view kMonDomain = "mon_L3_", kMonNode = "mon_sub_L3_";

/// One line of a schemata file.
struct SchemataLine {
  std::string resource;  ///< "L3", "L3CODE", "L3DATA", "L2", "MB"
  std::vector<std::pair<uint32_t, uint64_t>>
      domains;  ///< (domain id, mask or bandwidth), in the file's order
  /// The value of domain `id`; nullptr when the line does not have it.
  [[nodiscard]] const uint64_t* find(uint32_t id) const;
  [[nodiscard]] bool is_mask() const { return !resource.starts_with("MB"); }
  friend bool operator==(const SchemataLine&, const SchemataLine&) = default;
};
using Schemata = std::vector<SchemataLine>;

/// Reads "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n". Masks are hexadecimal, bandwidths decimal. Lines of
/// resources with other forms of value (a new kernel's) are errors, as is a domain that stands twice in a
/// line. Errors: Invalid, with the line number and the word.
Result<Schemata> parse_schemata(std::string_view text);
/// "L3:0=7ff;1=7ff\nMB:0=100;1=100\n"; inverse of parse_schemata.
std::string to_text(const Schemata& schemata);
/// The first line of `resource`, or nullptr. `find_l3` finds L3, or L3CODE with CDP (L3DATA then stands
/// beside it).
const SchemataLine* find_line(const Schemata& schemata, std::string_view resource);
const SchemataLine* find_l3(const Schemata& schemata);
/// The schemata of a group's folder. Errors: unreadable (RunFailed), not a schemata file (Invalid).
Result<Schemata> read_schemata(const std::string& group_folder);

/// Writes `text` to `path` (below `root`) with one write(2): a task id and "\n" to tasks, lines to schemata.
/// Errors (RunFailed): the path, what the kernel wrote to info/last_cmd_status, else errno in words.
Result<> resctrl_write(const std::string& root, const std::string& path, std::string_view text);
/// mkdir below `root`, errors as above ("out of CLOSIDs"); `error` then is mkdir's errno. An existing folder
/// is an error.
Result<> resctrl_make_group(const std::string& root, const std::string& folder, int* error = nullptr);
/// info/last_cmd_status without its line end; "" when it says "ok" or cannot be read.
std::string resctrl_last_status(const std::string& root);

}  // namespace cbench
