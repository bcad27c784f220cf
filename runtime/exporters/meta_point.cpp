#include "runtime/exporters/meta_point.h"

#include <nlohmann/json.hpp>
#include <set>

#include "runtime/exporters/line_syntax.h"
#include "runtime/exporters/sha256.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

/// A JSON object in the order of the pairs; bytes that are no UTF-8 become U+FFFD.
std::string json_object(const std::vector<std::pair<std::string, std::string>>& pairs) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [key, value] : pairs) object[key] = value;
  return dump_json(object);
}

/// Empty texts are left out: missing is not "".
void append_known(std::string_view name, std::string_view text, std::string& out) {
  if (!text.empty()) append_field(name, text, out);
}

void append_policy(const TraceHeader& header, std::string& out) {
  if (header.policy_text.empty()) return;
  append_known("policy_name", header.plan.policy, out);
  append_known("policy_path", header.policy_path, out);
  append_field("policy", header.policy_text, out);
  append_field("policy_sha256", sha256_hex(header.policy_text), out);
  append_field("parameters", json_object(header.params), out);
}

void append_host(const HostFacts& facts, std::string& out) {
  append_known("hostname", facts.hostname, out);
  append_known("os", facts.os, out);
  append_known("kernel", facts.kernel, out);
  append_known("kernel_command_line", facts.kernel_command_line, out);
  append_known("cpu_model", facts.cpu_model, out);
  append_known("cpu_vendor", facts.cpu_vendor, out);
  append_known("microcode", facts.microcode, out);
  append_known("governor", facts.governor, out);
  append_known("turbo", facts.turbo, out);
  append_known("smt", facts.smt, out);
  std::set<std::pair<uint32_t, uint32_t>> cores;
  for (const CpuFacts& cpu : facts.cpus) cores.emplace(cpu.socket, cpu.core);
  append_field("sockets", static_cast<int64_t>(facts.sockets), out);
  append_field("cores", static_cast<int64_t>(cores.size()), out);
  append_field("cpus", static_cast<int64_t>(facts.cpus.size()), out);
  append_known("cpus_usable", to_list(facts.online), out);
  append_field("memory_bytes", static_cast<int64_t>(facts.memory_bytes), out);
  constexpr std::string_view kModes[] = {"v1", "v2", "hybrid"};
  append_field("cgroup", kModes[static_cast<size_t>(facts.cgroup_mode)], out);
  append_field("perf_event_paranoid", static_cast<int64_t>(facts.perf_event_paranoid), out);
}

void append_rdt(const RdtFacts& rdt, std::string& out) {
  append_flag("rdt", rdt.present, out);
  if (!rdt.present) {
    append_known("rdt_absent_reason", rdt.absent_reason, out);
    return;
  }
  append_flag("rdt_simulated", rdt.simulated, out);
  if (rdt.simulated) append_field("rdt_profile", rdt.profile, out);
  append_flag("rdt_l3_allocation", rdt.l3_allocation, out);
  append_flag("rdt_mb_allocation", rdt.mb_allocation, out);
  append_flag("rdt_l3_occupancy", rdt.l3_occupancy, out);
  append_flag("rdt_mbm_total", rdt.mbm_total, out);
  append_flag("rdt_mbm_local", rdt.mbm_local, out);
  append_field("l3_domains", static_cast<int64_t>(rdt.l3_domains.size()), out);
  append_field("l3_ways", static_cast<int64_t>(rdt.l3_ways), out);
  append_field("l3_bytes", static_cast<int64_t>(rdt.l3_bytes), out);
  append_field("rdt_closids", static_cast<int64_t>(rdt.num_closids), out);
}

}  // namespace

std::string meta_head(const RunSpec& spec, const TraceHeader& header, const HostFacts& facts) {
  std::string out;
  append_field("name", spec.name.value, out);
  append_known("description", spec.description, out);
  append_known("config_path", header.config_path, out);
  append_known("config", header.config_text, out);
  if (!header.variables.empty()) append_field("variables", json_object(header.variables), out);
  append_policy(header, out);
  append_known("mode", header.mode, out);
  append_known("engine", header.engine, out);
  append_flag("degraded", header.degraded, out);
  append_host(facts, out);
  append_rdt(facts.rdt, out);
  append_known("host_json", header.host_json, out);
  append_known("cbench_version", header.cbench_version, out);
  append_field("trace_version", static_cast<int64_t>(kTraceVersion), out);
  append_field("containers", static_cast<int64_t>(spec.containers.size()), out);
  append_field("step_ns", header.step_ns, out);
  append_field("start_ns", header.start_wall_ns, out);
  return out;
}

void append_meta_end(const TraceEnd& end, const MetaTotals& totals, std::string& out) {
  append_field("end_ns", end.wall_ns, out);
  append_field("duration_ns", end.time_ns, out);
  append_field("steps", end.step, out);
  append_field("samples", end.samples, out);
  append_field("missed_samples", end.missed_steps, out);
  append_field("measurements", totals.measurements, out);
  append_field("bytes", totals.bytes, out);
  if (!totals.images.empty()) append_field("images", json_object(totals.images), out);
  append_field("outcome", end.outcome, out);
  append_known("outcome_text", end.text, out);
}

}  // namespace cbench
