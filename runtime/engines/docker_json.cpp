// Reads the Docker Engine API's answers.
#include "runtime/engines/docker_json.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cbench {
namespace {

using nlohmann::json;

/// The value below `keys`, or null where one is absent or no object.
const json& at(const json& value, std::initializer_list<const char*> keys) {
  static const json null;
  const json* here = &value;
  for (const char* key : keys) {
    if (!here->is_object()) return null;
    const auto found = here->find(key);
    if (found == here->end()) return null;
    here = &*found;
  }
  return *here;
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : ""; }
bool flag_of(const json& value) { return value.is_boolean() && value.get<bool>(); }
int64_t number_of(const json& value) { return value.is_number_integer() ? value.get<int64_t>() : 0; }

/// A list of words; a single word is a list of one (old images).
std::vector<std::string> words_of(const json& value) {
  std::vector<std::string> words;
  if (value.is_string()) words.push_back(value.get<std::string>());
  if (!value.is_array()) return words;
  for (const json& word : value) {
    if (word.is_string()) words.push_back(word.get<std::string>());
  }
  return words;
}

/// A command without arguments has a space behind it in the daemon's events.
std::string without_end_space(std::string text) {
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

std::string joined(std::span<const std::string> words) { return fmt::format("{}", fmt::join(words, " ")); }

/// As the daemon writes it into the events of its own executions (moby, daemon/health.go).
std::string health_check_of(const json& config) {
  const std::vector<std::string> test = words_of(at(config, {"Healthcheck", "Test"}));
  if (test.size() < 2) return "";
  std::string command = without_end_space(joined(std::span(test).subspan(1)));
  if (test[0] == "CMD") return command;
  if (test[0] != "CMD-SHELL") return "";
  const std::vector<std::string> shell = words_of(at(config, {"Shell"}));
  return (shell.empty() ? "/bin/sh -c" : joined(shell)) + " " + command;
}

Error not_promised(const std::string& what) {
  return Error{Exit::RunFailed,
               fmt::format("Docker's answer is not the JSON that its API promises ({})", what),
               "is the socket really Docker's? see DOCKER_HOST"};
}

json parse(const std::string& text) { return json::parse(text, nullptr, false); }

}  // namespace

Result<DaemonVersion> parse_version(const std::string& text) {
  const json value = parse(text);
  DaemonVersion version{text_of(at(value, {"Version"})), text_of(at(value, {"ApiVersion"})),
                        text_of(at(value, {"MinAPIVersion"}))};
  if (version.api.empty()) return not_promised("no ApiVersion");
  return version;
}

bool parse_live_restore(const std::string& text) { return flag_of(at(parse(text), {"LiveRestoreEnabled"})); }

Result<ImageInfo> parse_image(const std::string& text) {
  const json value = parse(text);
  ImageInfo image;
  image.id = text_of(at(value, {"Id"}));
  if (image.id.empty()) return not_promised("an image without Id");
  image.digests = words_of(at(value, {"RepoDigests"}));
  image.entrypoint = words_of(at(value, {"Config", "Entrypoint"}));
  image.command = words_of(at(value, {"Config", "Cmd"}));
  image.stop_signal = text_of(at(value, {"Config", "StopSignal"}));
  image.health_check = health_check_of(at(value, {"Config"}));
  return image;
}

Result<ContainerState> parse_container(const std::string& text) {
  const json value = parse(text);
  const json& state = at(value, {"State"});
  if (!state.is_object()) return not_promised("a container without State");
  return ContainerState{.running = flag_of(at(state, {"Running"})),
                        .oom_killed = flag_of(at(state, {"OOMKilled"})),
                        .exit_code = static_cast<int>(number_of(at(state, {"ExitCode"}))),
                        .pid = number_of(at(state, {"Pid"})),
                        .error = text_of(at(state, {"Error"}))};
}

Result<ExecState> parse_exec(const std::string& text) {
  const json value = parse(text);
  if (!at(value, {"Running"}).is_boolean()) return not_promised("an exec without Running");
  return ExecState{.running = flag_of(at(value, {"Running"})),
                   .exit_code = static_cast<int>(number_of(at(value, {"ExitCode"}))),
                   .pid = number_of(at(value, {"Pid"}))};
}

Result<std::string> parse_id(const std::string& text) {
  std::string id = text_of(at(parse(text), {"Id"}));
  if (id.empty()) return not_promised("no Id");
  return id;
}

std::optional<int> parse_wait(const std::string& text) {
  const json value = parse(text);
  const json& code = at(value, {"StatusCode"});
  if (!code.is_number_integer()) return std::nullopt;
  return static_cast<int>(code.get<int64_t>());
}

Result<std::vector<ListedContainer>> parse_list(const std::string& text, const std::string& label) {
  const json value = parse(text);
  if (!value.is_array()) return not_promised("no list of containers");
  std::vector<ListedContainer> list;
  for (const json& entry : value) {
    ListedContainer container{text_of(at(entry, {"Id"})), "", text_of(at(entry, {"Labels", label.c_str()}))};
    const std::vector<std::string> names = words_of(at(entry, {"Names"}));
    container.name = names.empty() ? container.id.substr(0, 12) : names.front();
    if (container.name.starts_with("/")) container.name.erase(0, 1);
    if (!container.id.empty() && !container.run_id.empty()) list.push_back(std::move(container));
  }
  return list;
}

std::optional<PullLine> parse_pull_line(const std::string& line) {
  const json value = parse(line);
  if (!value.is_object()) return std::nullopt;
  return PullLine{.layer = text_of(at(value, {"id"})),
                  .status = text_of(at(value, {"status"})),
                  .error = text_of(at(value, {"error"})),
                  .current = number_of(at(value, {"progressDetail", "current"})),
                  .total = number_of(at(value, {"progressDetail", "total"}))};
}

std::optional<DaemonEvent> parse_event(const std::string& line) {
  const json value = parse(line);
  if (text_of(at(value, {"Type"})) != "container") return std::nullopt;
  const json& attributes = at(value, {"Actor", "Attributes"});
  DaemonEvent event{.container = text_of(at(value, {"Actor", "ID"})),
                    .action = text_of(at(value, {"Action"})),
                    .detail = "",
                    .exec_id = text_of(at(attributes, {"execID"})),
                    .time_ns = number_of(at(value, {"timeNano"}))};
  if (event.container.empty() || event.action.empty()) return std::nullopt;
  if (const size_t colon = event.action.find(": "); colon != std::string::npos) {  // "exec_start: sh -c ls"
    event.detail = without_end_space(event.action.substr(colon + 2));
    event.action.erase(colon);
  }
  if (event.action == "kill") event.detail = text_of(at(attributes, {"signal"}));
  if (event.action == "rename") event.detail = text_of(at(attributes, {"name"}));
  return event;
}

std::string error_message(const std::string& body) {
  std::string message = text_of(at(parse(body), {"message"}));
  if (!message.empty()) return message;
  return body.empty() ? "no reason given" : body.substr(0, std::min<size_t>(body.find('\n'), 200));
}

}  // namespace cbench
