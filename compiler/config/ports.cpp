// Ports of the host that containers publish: no two that run at one time may have one.
#include <map>
#include <set>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

/// What a published port takes of the host: addresses of each family, in network order; "" is all of them.
struct Claim {
  size_t draft = 0;
  const Port* port = nullptr;
  std::optional<std::string> v4{}, v6{};
};

std::optional<std::string> address(int family, const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)] = {};
  if (inet_pton(family, text.c_str(), bytes) != 1) return std::nullopt;
  std::string out(reinterpret_cast<const char*>(bytes), family == AF_INET ? 4 : 16);
  return out.find_first_not_of('\0') == std::string::npos ? "" : out;
}

Claim claim_of(size_t draft, const Port& port) {
  if (port.host_ip.empty()) return {draft, &port, "", ""};
  return {draft, &port, address(AF_INET, port.host_ip), address(AF_INET6, port.host_ip)};
}

bool clash(const std::optional<std::string>& a, const std::optional<std::string>& b) {
  return a && b && (a->empty() || b->empty() || *a == *b);
}

void report_port(Reading& reading, const ContainerSpec& a, const Port& first, const ContainerSpec& b,
                 const Port& again, bool of_one_template) {
  const std::string port = fmt::format("port {}/{} of the host", again.host, again.protocol);
  const bool same = &a == &b;
  auto built = reading.diagnostics.report(
      Kind::Conflict, again.span,
      same ? fmt::format("container `{}` publishes {} twice", b.name.value, port)
           : fmt::format("the containers `{}` and `{}` both publish {} at one time", a.name.value,
                         b.name.value, port),
      same ? "again here" : "and here");
  if (!(first.span == again.span)) built.label(first.span, same ? "first here" : "published here");
  if (same)
    built.hint("change one, or remove it");
  else if (of_one_template)
    built.hint("the jobs of a template all publish its ports: leave `port` out of it");
  else
    built.hint("give one of them another host port, or let it start after the other was stopped");
}

}  // namespace

void check_ports(Reading& reading, const std::vector<ContainerDraft>& drafts,
                 const std::function<bool(const ContainerSpec&, const ContainerSpec&)>& at_one_time) {
  std::map<std::pair<std::string, uint16_t>, std::vector<Claim>> claims;
  std::set<std::pair<uint32_t, uint32_t>> reported;  // places: the jobs of a template have one
  for (size_t i = 0; i < drafts.size(); ++i) {
    const ContainerSpec& spec = drafts[i].spec;
    for (const Port& port : spec.ports) {
      if (reading.diagnostics.enough()) return;
      std::vector<Claim>& others = claims[{port.protocol, port.host}];
      const Claim own = claim_of(i, port);
      for (const Claim& other : others) {
        const ContainerSpec& of = drafts[other.draft].spec;
        if (!clash(own.v4, other.v4) && !clash(own.v6, other.v6)) continue;
        if (other.draft != i && !at_one_time(of, spec)) continue;
        if (reported.emplace(port.span.source, port.span.begin).second)
          report_port(reading, of, *other.port, spec, port, drafts[i].is_job && of.span == spec.span);
        break;
      }
      others.push_back(own);
    }
  }
}

}  // namespace cbench::config
