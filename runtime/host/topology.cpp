// CPUs, caches, governor, turbo and SMT from /sys/devices/system.
#include "runtime/host/topology.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "runtime/host/files.h"

namespace cbench {
namespace {

std::string cpu_folder(const std::string& sys_root, uint32_t cpu) {
  return fmt::format("{}/devices/system/cpu/cpu{}", sys_root, cpu);
}

/// The number after `prefix` in the name of an entry of `folder` ("node1"); `otherwise` when there is none.
uint32_t numbered_entry(const std::string& folder, std::string_view prefix, uint32_t otherwise) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    if (const auto n = parse_number(std::string_view(name).substr(prefix.size())))
      return static_cast<uint32_t>(*n);
  }
  return otherwise;
}

/// The folder of a CPU's level-3 cache; "" when it has none. Not always index3: a CPU may have more or fewer
/// L1 entries.
std::string l3_folder(const std::string& cpu) {
  for (int index = 0;; ++index) {
    std::string folder = fmt::format("{}/cache/index{}", cpu, index);
    const auto level = read_number(folder + "/level");
    if (!level) return "";
    if (*level == 3) return folder;
  }
}

uint64_t parse_size(std::string_view text) {
  if (text.empty()) return 0;
  uint64_t unit = 1;
  if (text.back() == 'K') unit = 1024;
  if (text.back() == 'M') unit = 1U << 20U;
  if (unit > 1) text.remove_suffix(1);
  return parse_number(text).value_or(0) * unit;
}

}  // namespace

std::vector<CpuFacts> read_cpus(const std::string& sys_root) {
  const CpuSet online = parse_cpu_list(read_line(sys_root + "/devices/system/cpu/online")).value_or(CpuSet{});
  std::vector<CpuFacts> cpus;
  for (uint32_t cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (!online[cpu]) continue;
    const std::string folder = cpu_folder(sys_root, cpu);
    CpuFacts facts;
    facts.cpu = cpu;
    facts.core = static_cast<uint32_t>(read_number(folder + "/topology/core_id").value_or(cpu));
    facts.socket = static_cast<uint32_t>(read_number(folder + "/topology/physical_package_id").value_or(0));
    facts.numa = numbered_entry(folder, "node", 0);
    if (const std::string l3 = l3_folder(folder); !l3.empty())
      if (const auto id = read_number(l3 + "/id")) facts.l3_domain = static_cast<int32_t>(*id);
    cpus.push_back(facts);
  }
  return cpus;
}

CpuSet read_memory_nodes(const std::string& sys_root, const std::string& proc_root) {
  // A kernel without NUMA has no such file, and all of its memory is node 0.
  CpuSet nodes = parse_cpu_list(read_line(sys_root + "/devices/system/node/has_memory")).value_or(CpuSet{});
  if (nodes.none()) nodes.set(0);
  constexpr std::string_view kAllowed = "Mems_allowed_list:";
  const std::string status = read_text(proc_root + "/self/status").value_or("");
  for (const std::string_view line : fields(status, '\n'))
    if (line.starts_with(kAllowed))
      if (const auto allowed = parse_cpu_list(line.substr(kAllowed.size()))) nodes &= *allowed;
  return nodes;
}

uint64_t read_l3_bytes(const std::string& sys_root, const std::vector<CpuFacts>& cpus) {
  for (const CpuFacts& cpu : cpus)
    if (const std::string l3 = l3_folder(cpu_folder(sys_root, cpu.cpu)); !l3.empty())
      return parse_size(read_line(l3 + "/size"));
  return 0;
}

std::string read_governor(const std::string& sys_root, const std::vector<CpuFacts>& cpus) {
  std::set<std::string> governors;
  for (const CpuFacts& cpu : cpus)
    governors.insert(read_line(cpu_folder(sys_root, cpu.cpu) + "/cpufreq/scaling_governor"));
  governors.erase("");
  std::string text;
  for (const std::string& governor : governors) text += (text.empty() ? "" : ",") + governor;
  return text.empty() ? "unknown" : text;
}

std::string read_turbo(const std::string& sys_root) {
  const std::string cpu = sys_root + "/devices/system/cpu";
  if (const auto off = read_number(cpu + "/intel_pstate/no_turbo")) return *off ? "off" : "on";
  if (const auto on = read_number(cpu + "/cpufreq/boost")) return *on ? "on" : "off";
  return "unknown";
}

std::string read_smt(const std::string& sys_root) {
  const auto active = read_number(sys_root + "/devices/system/cpu/smt/active");
  if (!active) return "unknown";
  return *active ? "on" : "off";
}

}  // namespace cbench
