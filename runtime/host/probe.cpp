// Puts HostFacts together from /proc, /sys and /etc.
#include "runtime/host/probe.h"

#include <set>

#include "runtime/host/cgroup.h"
#include "runtime/host/files.h"
#include "runtime/host/resctrl.h"
#include "runtime/host/simulation.h"
#include "runtime/host/topology.h"

namespace cbench {
namespace {

/// The value of the first line "key<blanks><separator> value"; "" when there is none.
std::string keyed(std::string_view text, std::string_view key, char separator) {
  for (const std::string_view line : fields(text, '\n')) {
    const size_t at = line.find(separator);
    if (at != std::string_view::npos && trimmed(line.substr(0, at)) == key)
      return std::string(trimmed(line.substr(at + 1)));
  }
  return "";
}

void read_names(const HostRoots& roots, HostFacts& facts) {
  facts.hostname = read_line(roots.proc + "/sys/kernel/hostname");
  facts.kernel = read_line(roots.proc + "/sys/kernel/osrelease");
  facts.kernel_command_line = read_line(roots.proc + "/cmdline");
  std::string os = keyed(read_text(roots.etc + "/os-release").value_or(""), "PRETTY_NAME", '=');
  if (os.size() >= 2 && (os.front() == '"' || os.front() == '\'')) os = os.substr(1, os.size() - 2);
  facts.os = os;
}

void read_cpu_names(const HostRoots& roots, HostFacts& facts) {
  const std::string cpuinfo = read_text(roots.proc + "/cpuinfo").value_or("");
  facts.cpu_model = keyed(cpuinfo, "model name", ':');
  facts.cpu_vendor = keyed(cpuinfo, "vendor_id", ':');
  facts.microcode = keyed(cpuinfo, "microcode", ':');
  facts.virtual_machine =
      (" " + keyed(cpuinfo, "flags", ':') + " ").find(" hypervisor ") != std::string::npos;
  if (!facts.cpu_vendor.empty()) return;
  // Arm's cpuinfo has numbers only: the implementer's code of the MIDR register and the part.
  const std::string implementer = keyed(cpuinfo, "CPU implementer", ':');
  if (implementer.empty()) return;
  facts.cpu_vendor = implementer == "0x41" ? "ARM" : "implementer " + implementer;
  if (facts.cpu_model.empty())
    facts.cpu_model = facts.cpu_vendor + " part " + keyed(cpuinfo, "CPU part", ':');
}

/// CPUs that this process may use: its affinity, which sched_getaffinity(2) gives as well, cut down to what
/// is online.
CpuSet usable(const HostRoots& roots, const std::vector<CpuFacts>& cpus) {
  CpuSet online;
  for (const CpuFacts& cpu : cpus) online.set(cpu.cpu);
  const std::string status = read_text(roots.proc + "/self/status").value_or("");
  const auto allowed = parse_cpu_list(keyed(status, "Cpus_allowed_list", ':'));
  return allowed && allowed->any() ? online & *allowed : online;
}

uint64_t memory_bytes(const HostRoots& roots) {
  const std::string total =
      keyed(read_text(roots.proc + "/meminfo").value_or(""), "MemTotal", ':');  // "16384 kB"
  return parse_number(std::string_view(total).substr(0, total.find(' '))).value_or(0) * 1024;
}

int32_t paranoid(const HostRoots& roots, int32_t otherwise) {
  const std::string text = read_line(roots.proc + "/sys/kernel/perf_event_paranoid");
  const bool negative = text.starts_with('-');
  const auto level = parse_number(std::string_view(text).substr(negative ? 1 : 0));
  if (!level || *level > 100) return otherwise;
  return negative ? -static_cast<int32_t>(*level) : static_cast<int32_t>(*level);
}

/// A simulated resctrl deals the host's CPUs out over its own L3 domains, whatever the hardware's are, and
/// its caches have the sizes of its profile.
void follow_simulation(const Simulation& simulation, HostFacts& facts) {
  for (const auto& [domain, cpus] : simulation.cpus)
    for (CpuFacts& cpu : facts.cpus)
      if (cpu.cpu < kMaxCpus && cpus[cpu.cpu]) cpu.l3_domain = static_cast<int32_t>(domain);
  // "L3:0=57671680;1=57671680": the bytes of the root group's ways.
  const std::string sizes = read_text(facts.rdt.root + "/size").value_or("");
  for (const std::string_view line : fields(sizes, '\n'))
    if (const std::string_view text = trimmed(line); text.starts_with("L3"))
      facts.rdt.l3_bytes =
          parse_number(text.substr(text.find('=') + 1, text.find(';') - text.find('=') - 1)).value_or(0);
}

}  // namespace

HostFacts probe_host(const HostRoots& roots) {
  HostFacts facts;
  read_names(roots, facts);
  read_cpu_names(roots, facts);
  facts.cpus = read_cpus(roots.sys);
  facts.online = usable(roots, facts.cpus);
  std::set<uint32_t> sockets;
  for (const CpuFacts& cpu : facts.cpus) sockets.insert(cpu.socket);
  facts.sockets = sockets.empty() ? 1 : static_cast<uint32_t>(sockets.size());
  facts.governor = read_governor(roots.sys, facts.cpus);
  facts.turbo = read_turbo(roots.sys);
  facts.smt = read_smt(roots.sys);
  facts.memory_bytes = memory_bytes(roots);
  facts.cgroup_mode = cgroup_mode(roots.proc);
  facts.perf_event_paranoid = paranoid(roots, facts.perf_event_paranoid);
  facts.rdt = read_resctrl(roots.resctrl, roots.proc);
  facts.rdt.l3_bytes = facts.rdt.present ? read_l3_bytes(roots.sys, facts.cpus) : 0;
  if (const auto simulation = read_simulation(roots.resctrl)) follow_simulation(*simulation, facts);
  return facts;
}

}  // namespace cbench
