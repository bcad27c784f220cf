// What is known before the run: fields of containers, and facts of the host.
#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::Base;
using check::Op;

Val Lowering::static_field(const check::Node& n) {
  const auto field = static_cast<check::StaticField>(n.ref);
  llvm::Value* slot = expr(n.kids[0]).v;
  const auto& containers = layout_.containers;
  const auto ints = [&](auto get) {
    std::vector<int64_t> out;
    for (const plan::ContainerConstants& c : containers) out.push_back(get(c));
    return b().pick(out, slot);
  };
  const auto flags = [&](auto get) {
    std::vector<bool> out;
    for (const plan::ContainerConstants& c : containers) out.push_back(get(c));
    return b().pick_flag(out, slot);
  };
  const auto target = [&](Metric metric) {
    std::vector<double> out;
    std::vector<int64_t> whole;
    for (const plan::ContainerConstants& c : containers) {
      const auto found = c.targets.find(metric);
      out.push_back(found == c.targets.end() ? 0 : found->second);
      whole.push_back(static_cast<int64_t>(out.back()));
    }
    llvm::Value* value = n.type.base == Base::Float ? b().pick(out, slot) : b().pick(whole, slot);
    return Val{value, flags([&](const plan::ContainerConstants& c) { return c.targets.contains(metric); })};
  };
  if (n.op == Op::NameIs) {
    return {flags([&](const plan::ContainerConstants& c) {
      return (field == check::StaticField::Name   ? c.name
              : field == check::StaticField::Role ? c.role
                                                  : c.image) == n.text;
    })};
  }
  switch (field) {
    case check::StaticField::Index:
      return {ints([](const plan::ContainerConstants& c) { return c.index; })};
    case check::StaticField::NumCores:
      return {ints([](const plan::ContainerConstants& c) { return c.cores; })};
    case check::StaticField::Critical:
      return {flags([](const plan::ContainerConstants& c) { return c.critical; })};
    case check::StaticField::Priority:
      return {flags([](const plan::ContainerConstants& c) { return c.priority; })};
    case check::StaticField::Ipc:
      return target(Metric::perf_instructions_per_cycle);
    case check::StaticField::Ipce:
      return target(Metric::perf_ipc_efficiency);
    case check::StaticField::Target:
      return target(static_cast<Metric>(n.i));
    default:
      return {slot};  // a text: printed by text_value, compared by NameIs
  }
}

Val Lowering::host_fact(const check::Node& n) {
  const plan::HostConstants& f = layout_.host;
  switch (static_cast<check::HostField>(n.ref)) {
    case check::HostField::NumCpus:
      return {b().i64(static_cast<int64_t>(f.cpus.size()))};
    case check::HostField::NumSockets:
      return {b().i64(static_cast<int64_t>(f.sockets.size()))};
    case check::HostField::NumDomains:
      return {b().i64(static_cast<int64_t>(f.domains.size()))};
    case check::HostField::L3Ways:
      return {b().i64(f.l3_ways)};
    case check::HostField::NumClosids:
      return {b().i64(f.closids)};
    case check::HostField::L3Bytes:
      return {b().i64(static_cast<int64_t>(f.l3_bytes))};
    case check::HostField::MbKind:
      return {b().i64(f.mb_kind)};
    case check::HostField::Memory:
      return {b().i64(static_cast<int64_t>(f.memory_bytes))};
    case check::HostField::PeakBandwidth:
      return {b().f64(f.peak_bandwidth), b().flag(f.peak_bandwidth > 0)};
  }
  return {};
}

}  // namespace cbench::lower
