// Writes the bodies that the Docker Engine API takes, from a container's spec.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include <fmt/format.h>

#include "runtime/engines/docker_json.h"
#include "runtime/engines/engine.h"
#include "runtime/host/json_text.h"

namespace cbench {
namespace {

using nlohmann::json;

bool is_shell(const std::string& word) {
  static constexpr std::array<std::string_view, 6> kShells = {"sh", "bash", "ash", "dash", "zsh", "ksh"};
  const size_t slash = word.rfind('/');
  const std::string_view name = std::string_view(word).substr(slash == std::string::npos ? 0 : slash + 1);
  return std::find(kShells.begin(), kShells.end(), name) != kShells.end();
}

/// The text of `value`; bytes that are not UTF-8 become U+FFFD.

json mounts_of(const ContainerSpec& spec) {
  json mounts = json::array();
  for (const Volume& volume : spec.volumes) {
    // A bind by Mounts is refused when its source is missing; one by Binds would make a folder on the host.
    mounts.push_back({{"Type", "bind"},
                      {"Source", volume.source},
                      {"Target", volume.target},
                      {"ReadOnly", volume.read_only}});
  }
  return mounts;
}

json host_config(const ContainerSpec& spec) {
  json bindings = json::object();
  for (const Port& port : spec.ports) {
    bindings[fmt::format("{}/{}", port.container, port.protocol)].push_back(
        {{"HostIp", port.host_ip}, {"HostPort", fmt::format("{}", port.host)}});
  }
  json host = {{"Privileged", spec.privileged}, {"PortBindings", bindings}, {"Mounts", mounts_of(spec)}};
  // The output goes to files of ours; a second copy, written by the daemon as JSON, would only disturb the
  // measurement.
  host["LogConfig"] = {{"Type", "none"}};
  if (spec.memory_bytes > 0) host["Memory"] = spec.memory_bytes;
  if (spec.cpus > 0) host["NanoCpus"] = std::llround(spec.cpus * 1e9);
  if (spec.memory_nodes.value.any()) host["CpusetMems"] = to_list(spec.memory_nodes.value);
  return host;
}

json environment_of(const ContainerSpec& spec) {
  json list = json::array();
  for (const auto& [name, value] : spec.environment) list.push_back(name + "=" + value);
  return list;
}

/// Base64 with the URL's alphabet, as the API wants it (RFC 4648, section 5).
std::string base64url(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t here = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < here ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= here ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

bool runs_command_itself(const std::vector<std::string>& entrypoint,
                         const std::vector<std::string>& command) {
  if (!entrypoint.empty()) return false;
  if (command.empty()) return true;
  if (command.size() == 1) return is_shell(command[0]);
  return command.size() == 3 && is_shell(command[0]) && command[1] == "-c" &&
         is_shell(command[2]);  // CMD bash
}

std::string create_body(const ContainerSpec& spec, const std::string& image, const std::string& run_id,
                        bool as_process) {
  json body = {{"Image", image},
               {"Env", environment_of(spec)},
               {"Labels", {{kRunLabel, run_id}, {kContainerLabel, spec.name.value}}},
               {"HostConfig", host_config(spec)},
               {"Tty", false},
               {"AttachStdin", false},
               {"OpenStdin", false}};
  for (const Port& port : spec.ports) {
    body["ExposedPorts"][fmt::format("{}/{}", port.container, port.protocol)] = json::object();
  }
  if (!spec.user.empty()) body["User"] = spec.user;
  if (spec.entrypoint) body["Entrypoint"] = *spec.entrypoint;  // an empty list takes the image's own away
  if (as_process) body["Cmd"] = {"sh", "-c", spec.command.value};
  return dump_json(body);
}

std::string exec_body(const ContainerSpec& spec) {
  json body = {{"AttachStdout", true},
               {"AttachStderr", true},
               {"Tty", false},
               {"Privileged", spec.privileged},
               {"Cmd", {"sh", "-c", spec.command.value}}};
  if (!spec.user.empty()) body["User"] = spec.user;
  return dump_json(body);
}

std::string registry_auth(const Registry& registry) {
  const std::string address = registry.host.empty() ? "https://index.docker.io/v1/" : registry.host;
  return base64url(dump_json(
      json{{"username", registry.user}, {"password", registry.password}, {"serveraddress", address}}));
}

}  // namespace cbench
