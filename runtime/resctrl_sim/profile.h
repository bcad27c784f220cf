// Profiles: the machines that the simulated resctrl can be.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cbench::sim {

/// In which unit MB values are (resctrl.rst, "Memory bandwidth Allocation and monitoring").
enum class Bandwidth : uint8_t { None, Percent, EighthGBps, MBps };

/// What of a machine resctrl shows. Numbers are typical of the family that the name says, not of one part.
struct Profile {
  std::string_view name, about;
  uint32_t domains = 1;    ///< L3 domains; without L3 allocation those of the L2
  uint32_t ways = 0;       ///< bits of cbm_mask
  uint32_t min_bits = 1;   ///< min_cbm_bits
  uint64_t shareable = 0;  ///< shareable_bits: ways that I/O uses as well
  bool sparse = false;     ///< sparse_masks
  bool cdp = false;        ///< mounted with -o cdp: code and data apart, half the cache's CLOSIDs
  bool l2 = false;         ///< the cache is the L2, and there is no monitoring
  uint32_t closids = 16, rmids = 0;
  uint64_t way_bytes = 0;  ///< of one way in one domain
  Bandwidth bandwidth = Bandwidth::Percent;
  uint32_t mb_least = 10, mb_step = 10, mb_most = 100;  ///< min_bandwidth, bandwidth_gran, no limit
  bool per_thread =
      false;        ///< thread_throttle_mode: since Ice Lake, else the slower of a core's threads counts
  double peak = 0;  ///< bytes/s to memory of one domain, for the model of activity
  uint32_t snc_nodes = 1;  ///< nodes of a domain that monitoring tells apart
  [[nodiscard]] uint64_t cache_bytes() const { return ways * way_bytes; }
  [[nodiscard]] uint64_t all_ways() const { return (uint64_t{1} << ways) - 1; }
  [[nodiscard]] uint32_t usable_closids() const { return cdp ? closids / 2 : closids; }
};

std::span<const Profile> profiles();
const Profile* find_profile(std::string_view name);

}  // namespace cbench::sim
