// CPU topology as the kernel shows it below /sys/devices/system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stdlib/abi/host_facts.h"

namespace cbench {

/// Every online CPU of `sys_root`, ascending. Core ids are the kernel's, unique within a socket only.
std::vector<CpuFacts> read_cpus(const std::string& sys_root);
/// The NUMA nodes that have memory, as far as this process may use it (/proc/self/status).
CpuSet read_memory_nodes(const std::string& sys_root = "/sys", const std::string& proc_root = "/proc");
/// Size in bytes of the level-3 cache that the first CPU with one has; 0 when there is none.
uint64_t read_l3_bytes(const std::string& sys_root, const std::vector<CpuFacts>& cpus);
/// Governor of all CPUs ("performance"; several are joined with commas, none is "unknown").
std::string read_governor(const std::string& sys_root, const std::vector<CpuFacts>& cpus);
/// "on", "off" or "unknown".
std::string read_turbo(const std::string& sys_root);
std::string read_smt(const std::string& sys_root);

}  // namespace cbench
