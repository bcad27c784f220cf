// What resctrl's info/ folder says, and writes that carry the kernel's own reason.
#include "runtime/host/resctrl.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/host/files.h"
#include "runtime/host/simulation.h"

namespace cbench {
namespace {

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::string reason_of_absence(const std::string& root) {
  if (!is_folder(root))
    return fmt::format(
        "{} does not exist: this CPU has neither Intel RDT nor AMD QoS, a virtual machine hides it, or the "
        "kernel lacks "
        "CONFIG_X86_CPU_RESCTRL; run on a host that has it",
        root);
  return fmt::format("resctrl is not mounted on {}; as root: mount -t resctrl resctrl {}", root, root);
}

/// CLOSIDs are allocated over all resources at once, so the smallest count holds (closid_init in the kernel).
void bound_closids(RdtFacts& facts, uint64_t count) {
  const auto n = static_cast<uint32_t>(count);
  facts.num_closids = facts.num_closids == 0 ? n : std::min(facts.num_closids, n);
}

/// A cache that can be divided, with CDP by its code.
struct CacheFacts {
  uint32_t ways = 0, min_bits = 1, closids = 1;
  uint64_t shareable = 0;
  bool sparse = false;
};

std::optional<CacheFacts> read_cache(const std::string& info, const std::string& level) {
  const std::string folder = info + "/" + level + (is_folder(info + "/" + level) ? "" : "CODE");
  const auto mask = read_number(folder + "/cbm_mask", 16);
  if (!mask || *mask == 0) return std::nullopt;
  const auto number = [&](const char* file, int base, uint64_t otherwise) {
    return read_number(folder + file, base).value_or(otherwise);
  };
  return CacheFacts{
      .ways = static_cast<uint32_t>(std::popcount(*mask)),
      .min_bits = static_cast<uint32_t>(std::max<uint64_t>(number("/min_cbm_bits", 10, 1), 1)),  // AMD: 0
      .closids = static_cast<uint32_t>(number("/num_closids", 10, 1)),
      .shareable = number("/shareable_bits", 16, 0),
      .sparse = number("/sparse_masks", 10, 0) != 0};
}

void read_caches(const std::string& info, RdtFacts& facts) {
  if (const auto l3 = read_cache(info, "L3")) {
    facts.l3_allocation = true;
    facts.l3_ways = l3->ways;
    facts.l3_min_bits = l3->min_bits;
    facts.l3_sparse = l3->sparse;
    facts.l3_shareable = l3->shareable;
    bound_closids(facts, l3->closids);
  }
  if (const auto l2 = read_cache(info, "L2")) {
    facts.l2_allocation = true;
    facts.l2_ways = l2->ways;
    facts.l2_min_bits = l2->min_bits;
    facts.l2_sparse = l2->sparse;
    bound_closids(facts, l2->closids);
  }
}

void read_mb(const std::string& info, RdtFacts& facts) {
  const auto granularity = read_number(info + "/MB/bandwidth_gran");
  const auto least = read_number(info + "/MB/min_bandwidth");
  if (!granularity || !least) return;
  facts.mb_allocation = true;
  facts.mb_granularity = static_cast<uint32_t>(std::max<uint64_t>(*granularity, 1));
  facts.mb_min = static_cast<uint32_t>(*least);
  bound_closids(facts, read_number(info + "/MB/num_closids").value_or(1));
}

void read_monitoring(const std::string& info, RdtFacts& facts) {
  const auto features = read_text(info + "/L3_MON/mon_features");
  if (!features) return;
  for (const std::string_view feature : fields(*features, '\n')) {
    if (feature == "llc_occupancy") facts.l3_occupancy = true;
    if (feature == "mbm_total_bytes") facts.mbm_total = true;
    if (feature == "mbm_local_bytes") facts.mbm_local = true;
  }
  facts.num_rmids = static_cast<uint32_t>(read_number(info + "/L3_MON/num_rmids").value_or(0));
}

/// The numbers behind `prefix` in the names of a folder's entries.
std::vector<uint32_t> numbered(const std::string& folder, std::string_view prefix) {
  std::vector<uint32_t> ids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    if (const auto id = parse_number(std::string_view(name).substr(prefix.size())))
      ids.push_back(static_cast<uint32_t>(*id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// Ids of the L3 domains: from the schemata, or from mon_data where the host only monitors.
std::vector<uint32_t> l3_domains(const std::string& root) {
  std::vector<uint32_t> ids;
  if (const auto schemata = read_schemata(root)) {
    const SchemataLine* line = find_l3(*schemata);
    if (!line) line = find_line(*schemata, "MB");
    if (line)
      for (const auto& domain : line->domains) ids.push_back(domain.first);
  }
  if (ids.empty()) return numbered(root + "/mon_data", kMonDomain);
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// With sub-NUMA clustering a domain's folder has one for each node (resctrl.rst, "mon_data").
std::vector<uint32_t> snc_nodes(const std::string& root) {
  std::vector<uint32_t> nodes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root + "/mon_data", error))
    for (const uint32_t node : numbered(entry.path(), kMonNode)) nodes.push_back(node);
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

Error failed(const std::string& root, const std::string& what, int error) {
  const std::string said = resctrl_last_status(root);
  return {Exit::RunFailed, fmt::format("cannot {}: {}", what, said.empty() ? std::strerror(error) : said),
          ""};
}

}  // namespace

RdtFacts read_resctrl(const std::string& root, const std::string& proc_root) {
  RdtFacts facts;
  facts.root = root;
  const std::string info = root + "/info";
  facts.present = is_folder(info);
  if (!facts.present) {
    facts.absent_reason = reason_of_absence(root);
    return facts;
  }
  if (const auto simulation = read_simulation(root)) {
    facts.simulated = true;
    facts.profile = simulation->profile;
  }
  read_caches(info, facts);
  read_mb(info, facts);
  if (facts.mb_allocation) facts.mb_unit = resctrl_mb_unit(root, proc_root);
  read_monitoring(info, facts);
  facts.l3_domains = l3_domains(root);
  facts.snc_nodes = snc_nodes(root);
  return facts;
}

MbUnit resctrl_mb_unit(const std::string& root, const std::string& proc_root) {
  if (const auto simulation = read_simulation(root); simulation && simulation->mba_mbps) return MbUnit::MBps;
  const std::string mounts = read_text(proc_root + "/mounts").value_or("");
  for (const std::string_view mount : fields(mounts, '\n')) {
    const auto words = fields(mount, ' ');
    if (words.size() < 4 || words[1] != root || words[2] != "resctrl") continue;
    const auto options = fields(words[3], ',');
    if (std::find(options.begin(), options.end(), "mba_MBps") != options.end()) return MbUnit::MBps;
  }
  // A percentage never exceeds 100; AMD's "no limit" is 2048 (resctrl.rst, "Memory bandwidth Allocation on
  // AMD"). Whatever anybody has set since, AMD's steps of one eighth show in its granularity of 1 and minimum
  // of 1.
  if (const auto schemata = read_schemata(root))
    if (const SchemataLine* line = find_line(*schemata, "MB"))
      for (const auto& domain : line->domains)
        if (domain.second > 100) return MbUnit::EighthGBps;
  const bool amd =
      read_number(root + "/info/MB/bandwidth_gran") == 1 && read_number(root + "/info/MB/min_bandwidth") == 1;
  return amd ? MbUnit::EighthGBps : MbUnit::Percent;
}

Result<> resctrl_write(const std::string& root, const std::string& path, std::string_view text) {
  const std::string what = fmt::format("write `{}` to {}", trimmed(text), path);
  // O_TRUNC matters only on a folder of plain files (tests); kernfs ignores it.
  const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) return Error{Exit::RunFailed, fmt::format("cannot {}: {}", what, std::strerror(errno)), ""};
  const ssize_t written = ::write(fd, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  ::close(fd);
  if (written < 0) return failed(root, what, error);
  if (static_cast<size_t>(written) != text.size())
    return Error{Exit::RunFailed,
                 fmt::format("cannot {}: only {} of {} bytes were taken", what, written, text.size()), ""};
  return Done{};
}

Result<> resctrl_make_group(const std::string& root, const std::string& folder, int* number) {
  if (::mkdir(folder.c_str(), 0755) == 0) return Done{};
  const int error = errno;
  if (number != nullptr) *number = error;
  if (error == ENOSPC)  // the kernel's word for "no CLOSID left", and for "no RMID left"
    return Error{Exit::RunFailed,
                 fmt::format("cannot create the resctrl group {}: {}", folder,
                             resctrl_last_status(root).empty() ? "out of CLOSIDs or RMIDs"
                                                               : resctrl_last_status(root)),
                 "remove groups that nobody uses, or use fewer classes"};
  if (error == EEXIST || error == ENOENT)
    return Error{Exit::RunFailed,
                 fmt::format("cannot create the resctrl group {}: {}", folder, std::strerror(error)), ""};
  return failed(root, "create the resctrl group " + folder, error);
}

std::string resctrl_last_status(const std::string& root) {
  const std::string text = read_line(root + "/info/last_cmd_status");
  return text == "ok" ? "" : text;
}

}  // namespace cbench
