// The host's peak memory bandwidth: measured once, and kept for later runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/host_facts.h"

namespace cbench {

struct DomainBandwidth {
  uint32_t domain = 0;
  double bytes_per_second = 0;
};

/// Bytes a second that all usable CPUs of each L3 domain read from memory together: the best of several
/// passes (as McCalpin's STREAM takes it) over arrays of four times the cache, 256 MiB at least and a quarter
/// of the memory at most. Only reads, because a write moves a line twice and slows the bus by turning it.
/// Takes a second or two a domain, and disturbs everything that runs meanwhile. A host without known domains
/// is one domain. Errors (HostLacks): no memory.
Result<std::vector<DomainBandwidth>> measure_bandwidth(const HostFacts& facts);

/// Where the figure is kept: cbench/host.json in $XDG_CONFIG_HOME or ~/.config; "" without a home.
std::string calibration_file();
/// Errors (RunFailed): the file cannot be written.
Result<> save_peak_bandwidth(const std::string& path, const HostFacts& facts, double bytes_per_second);
/// The figure of this host. nullopt: there is none, or it is of another host or CPU.
std::optional<double> saved_peak_bandwidth(const std::string& path, const HostFacts& facts);

}  // namespace cbench
