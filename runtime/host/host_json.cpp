// HostFacts as JSON, as it stands in a trace's metadata, and back.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "runtime/host/json_text.h"
#include "runtime/host/probe.h"

namespace cbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kModeNames[] = {"v1", "v2", "hybrid"};

/// Reads the keys of one object; the first key with a wrong type or range is remembered.
class Object {
 public:
  Object(const Json& json, std::string& wrong) : json_(json), wrong_(wrong) {}

  void get(const char* key, std::string& out) { take(key, &Json::is_string, out); }
  void get(const char* key, bool& out) { take(key, &Json::is_boolean, out); }
  template <class T>
    requires std::is_integral_v<T>
  void get(const char* key, T& out) {
    const auto found = json_.find(key);
    if (found == json_.end()) return;
    using Limits = std::numeric_limits<T>;
    if (found->is_number_unsigned() && std::in_range<T>(found->get<uint64_t>())) {
      out = static_cast<T>(found->get<uint64_t>());
    } else if (found->is_number_integer() && !found->is_number_unsigned() && Limits::is_signed &&
               std::in_range<T>(found->get<int64_t>())) {
      out = static_cast<T>(found->get<int64_t>());
    } else {
      wrong_ = key;
    }
  }
  void get(const char* key, double& out) { take(key, &Json::is_number, out); }
  /// The value of a key that must be an array or object; nullptr when it is absent or of another type.
  const Json* child(const char* key, bool (Json::*is)() const noexcept) {
    const auto found = json_.find(key);
    if (found == json_.end()) return nullptr;
    if ((*found.*is)()) return &*found;
    wrong_ = key;
    return nullptr;
  }

 private:
  template <class T>
  void take(const char* key, bool (Json::*is)() const noexcept, T& out) {
    if (const Json* value = child(key, is)) out = value->get<T>();
  }
  const Json& json_;
  std::string& wrong_;
};

Json rdt_json(const RdtFacts& rdt) {
  return {{"present", rdt.present},
          {"simulated", rdt.simulated},
          {"profile", rdt.profile},
          {"root", rdt.root},
          {"absent_reason", rdt.absent_reason},
          {"l3_domains", rdt.l3_domains},
          {"snc_nodes", rdt.snc_nodes},
          {"l3_allocation", rdt.l3_allocation},
          {"l3_ways", rdt.l3_ways},
          {"l3_min_bits", rdt.l3_min_bits},
          {"l3_shareable", rdt.l3_shareable},
          {"l3_sparse", rdt.l3_sparse},
          {"l2_allocation", rdt.l2_allocation},
          {"l2_ways", rdt.l2_ways},
          {"l2_min_bits", rdt.l2_min_bits},
          {"l2_sparse", rdt.l2_sparse},
          {"num_closids", rdt.num_closids},
          {"l3_bytes", rdt.l3_bytes},
          {"mb_allocation", rdt.mb_allocation},
          {"mb_unit", kMbUnitNames[static_cast<size_t>(rdt.mb_unit)]},
          {"mb_min", rdt.mb_min},
          {"mb_granularity", rdt.mb_granularity},
          {"l3_occupancy", rdt.l3_occupancy},
          {"mbm_total", rdt.mbm_total},
          {"mbm_local", rdt.mbm_local},
          {"num_rmids", rdt.num_rmids},
          {"peak_bandwidth", rdt.peak_bandwidth}};
}

void read_rdt(const Json& json, RdtFacts& rdt, std::string& wrong) {
  Object object(json, wrong);
  object.get("present", rdt.present);
  object.get("simulated", rdt.simulated);
  object.get("profile", rdt.profile);
  object.get("root", rdt.root);
  object.get("absent_reason", rdt.absent_reason);
  for (const auto& [key, ids] : {std::pair{"l3_domains", &rdt.l3_domains}, {"snc_nodes", &rdt.snc_nodes}})
    if (const Json* list = object.child(key, &Json::is_array))
      for (const Json& id : *list) {
        if (!id.is_number_unsigned() || !std::in_range<uint32_t>(id.get<uint64_t>()))
          return void(wrong = key);
        ids->push_back(id.get<uint32_t>());
      }
  object.get("l3_allocation", rdt.l3_allocation);
  object.get("l3_ways", rdt.l3_ways);
  object.get("l3_min_bits", rdt.l3_min_bits);
  object.get("l3_shareable", rdt.l3_shareable);
  object.get("l3_sparse", rdt.l3_sparse);
  object.get("l2_allocation", rdt.l2_allocation);
  object.get("l2_ways", rdt.l2_ways);
  object.get("l2_min_bits", rdt.l2_min_bits);
  object.get("l2_sparse", rdt.l2_sparse);
  object.get("num_closids", rdt.num_closids);
  object.get("l3_bytes", rdt.l3_bytes);
  object.get("mb_allocation", rdt.mb_allocation);
  std::string unit(kMbUnitNames[0]);
  object.get("mb_unit", unit);
  const auto* known = std::find(std::begin(kMbUnitNames), std::end(kMbUnitNames), unit);
  if (known == std::end(kMbUnitNames)) return void(wrong = "mb_unit");
  rdt.mb_unit = static_cast<MbUnit>(known - std::begin(kMbUnitNames));
  object.get("mb_min", rdt.mb_min);
  object.get("mb_granularity", rdt.mb_granularity);
  object.get("l3_occupancy", rdt.l3_occupancy);
  object.get("mbm_total", rdt.mbm_total);
  object.get("mbm_local", rdt.mbm_local);
  object.get("num_rmids", rdt.num_rmids);
  object.get("peak_bandwidth", rdt.peak_bandwidth);
}

void read_cpu_list(const Json& json, HostFacts& facts, std::string& wrong) {
  for (const Json& entry : json) {
    if (!entry.is_object()) return void(wrong = "cpus");
    CpuFacts cpu;
    Object object(entry, wrong);
    object.get("cpu", cpu.cpu);
    object.get("core", cpu.core);
    object.get("socket", cpu.socket);
    object.get("numa", cpu.numa);
    object.get("l3_domain", cpu.l3_domain);
    facts.cpus.push_back(cpu);
  }
}

void read_unavailable(const Json& json, std::span<const Metric> own, HostFacts& facts, std::string& wrong) {
  for (const auto& [field, reason] : json.items()) {
    if (!reason.is_string()) return void(wrong = "unavailable");
    if (const auto metric = find_metric_field(field, own))
      facts.unavailable[*metric] = reason.get<std::string>();
  }
}

void read_facts(const Json& json, std::span<const Metric> own, HostFacts& facts, std::string& wrong) {
  Object object(json, wrong);
  for (const auto& [key, text] : {std::pair{"hostname", &facts.hostname},
                                  {"os", &facts.os},
                                  {"kernel", &facts.kernel},
                                  {"kernel_command_line", &facts.kernel_command_line},
                                  {"cpu_model", &facts.cpu_model},
                                  {"cpu_vendor", &facts.cpu_vendor},
                                  {"microcode", &facts.microcode},
                                  {"governor", &facts.governor},
                                  {"turbo", &facts.turbo},
                                  {"smt", &facts.smt}})
    object.get(key, *text);
  if (const Json* cpus = object.child("cpus", &Json::is_array)) read_cpu_list(*cpus, facts, wrong);
  std::string online;
  object.get("online", online);
  if (const auto set = parse_cpu_list(online))
    facts.online = *set;
  else
    wrong = "online";
  object.get("sockets", facts.sockets);
  object.get("memory_bytes", facts.memory_bytes);
  std::string mode(kModeNames[static_cast<size_t>(facts.cgroup_mode)]);
  object.get("cgroup_mode", mode);
  const auto known = std::find(std::begin(kModeNames), std::end(kModeNames), mode);
  if (known == std::end(kModeNames))
    wrong = "cgroup_mode";
  else
    facts.cgroup_mode = static_cast<CgroupMode>(known - std::begin(kModeNames));
  object.get("perf_event_paranoid", facts.perf_event_paranoid);
  object.get("perf_counters", facts.perf_counters);
  object.get("virtual_machine", facts.virtual_machine);
  if (const Json* rdt = object.child("rdt", &Json::is_object)) read_rdt(*rdt, facts.rdt, wrong);
  if (const Json* reasons = object.child("unavailable", &Json::is_object))
    read_unavailable(*reasons, own, facts, wrong);
}

}  // namespace

std::string to_json(const HostFacts& facts) {
  Json cpus = Json::array();
  for (const CpuFacts& cpu : facts.cpus)
    cpus.push_back({{"cpu", cpu.cpu},
                    {"core", cpu.core},
                    {"socket", cpu.socket},
                    {"numa", cpu.numa},
                    {"l3_domain", cpu.l3_domain}});
  Json unavailable = Json::object();
  for (const auto& [metric, reason] : facts.unavailable)
    unavailable[std::string(info(metric).field)] = reason;
  const Json json = {{"hostname", facts.hostname},
                     {"os", facts.os},
                     {"kernel", facts.kernel},
                     {"kernel_command_line", facts.kernel_command_line},
                     {"cpu_model", facts.cpu_model},
                     {"cpu_vendor", facts.cpu_vendor},
                     {"microcode", facts.microcode},
                     {"governor", facts.governor},
                     {"turbo", facts.turbo},
                     {"smt", facts.smt},
                     {"cpus", cpus},
                     {"online", to_list(facts.online)},
                     {"sockets", facts.sockets},
                     {"memory_bytes", facts.memory_bytes},
                     {"cgroup_mode", kModeNames[static_cast<size_t>(facts.cgroup_mode)]},
                     {"perf_event_paranoid", facts.perf_event_paranoid},
                     {"perf_counters", facts.perf_counters},
                     {"virtual_machine", facts.virtual_machine},
                     {"rdt", rdt_json(facts.rdt)},
                     {"unavailable", unavailable}};
  // A byte that is not UTF-8 (a boot loader's kernel command line) must not end the run.
  return dump_json(json);
}

Result<HostFacts> host_facts_from_json(const std::string& text, std::span<const Metric> own) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return Error{Exit::Invalid, "the host facts are not a JSON object", "the trace was edited or is damaged"};
  HostFacts facts;
  std::string wrong;
  read_facts(json, own, facts, wrong);
  if (!wrong.empty())
    return Error{Exit::Invalid, fmt::format("the host facts' `{}` has a wrong type or range", wrong),
                 "the trace was edited or is damaged"};
  return facts;
}

}  // namespace cbench
