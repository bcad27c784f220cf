#include "runtime/resctrl_sim/profile.h"

namespace cbench::sim {
namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
constexpr double kGB = 1e9;

// Ways, minimum and shareable bits as published for the families: Intel SDM volume 3B, 18.19 (CAT); AMD64
// Platform QoS Extensions (publication 56375) for the EPYC; shareable bits are those of DDIO.
constexpr Profile kProfiles[] = {
    {.name = "xeon-1s-11",
     .about = "Skylake or Cascade Lake, one socket, 11 ways",
     .domains = 1,
     .ways = 11,
     .shareable = 0x600,
     .rmids = 224,
     .way_bytes = 2560 * kKiB,
     .peak = 110 * kGB},
    {.name = "xeon-1s-12",
     .about = "Ice Lake, one socket, 12 ways",
     .domains = 1,
     .ways = 12,
     .shareable = 0xC00,
     .closids = 15,
     .rmids = 224,
     .way_bytes = 4 * kMiB,
     .per_thread = true,
     .peak = 160 * kGB},
    {.name = "xeon-2s",
     .about = "two sockets, 20 ways, MBA in percent",
     .domains = 2,
     .ways = 20,
     .shareable = 0xC0000,
     .rmids = 176,
     .way_bytes = 2 * kMiB,
     .peak = 60 * kGB},
    {.name = "xeon-2s-11",
     .about = "Skylake or Cascade Lake, two sockets, 11 ways",
     .domains = 2,
     .ways = 11,
     .shareable = 0x600,
     .rmids = 224,
     .way_bytes = 2560 * kKiB,
     .peak = 110 * kGB},
    {.name = "xeon-2s-cdp",
     .about = "as xeon-2s, mounted with -o cdp",
     .domains = 2,
     .ways = 20,
     .shareable = 0xC0000,
     .cdp = true,
     .rmids = 176,
     .way_bytes = 2 * kMiB,
     .peak = 60 * kGB},
    {.name = "xeon-2s-mbps",
     .about = "as xeon-2s, mounted with -o mba_MBps",
     .domains = 2,
     .ways = 20,
     .shareable = 0xC0000,
     .rmids = 176,
     .way_bytes = 2 * kMiB,
     .bandwidth = Bandwidth::MBps,
     .mb_least = 10,
     .mb_step = 10,
     .mb_most = UINT32_MAX,
     .peak = 60 * kGB},
    {.name = "xeon-snc",
     .about = "Sapphire Rapids, two sockets of two clusters (SNC-2), 15 ways",
     .domains = 2,
     .ways = 15,
     .shareable = 0x6000,
     .closids = 15,
     .rmids = 160,
     .way_bytes = 7 * kMiB,
     .per_thread = true,
     .peak = 280 * kGB,
     .snc_nodes = 2},
    {.name = "xeon-sparse",
     .about = "Granite Rapids, one socket, 16 ways, masks may have gaps",
     .domains = 1,
     .ways = 16,
     .shareable = 0x8000,
     .sparse = true,
     .closids = 15,
     .rmids = 320,
     .way_bytes = 27 * kMiB,
     .per_thread = true,
     .peak = 500 * kGB},
    {.name = "atom-l2",
     .about = "Atom server: L2 only, four clusters, 8 ways, no monitoring",
     .domains = 4,
     .ways = 8,
     .l2 = true,
     .closids = 4,
     .way_bytes = 512 * kKiB,
     .bandwidth = Bandwidth::None},
    {.name = "epyc-ccx",
     .about = "EPYC with eight CCXs, 16 ways, MB in steps of 1/8 GB/s",
     .domains = 8,
     .ways = 16,
     .min_bits = 0,
     .sparse = true,
     .rmids = 256,
     .way_bytes = 2 * kMiB,
     .bandwidth = Bandwidth::EighthGBps,
     .mb_least = 0,
     .mb_step = 1,
     .mb_most = 2048,
     .peak = 50 * kGB},
};

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : kProfiles)
    if (profile.name == name) return &profile;
  return nullptr;
}

}  // namespace cbench::sim
