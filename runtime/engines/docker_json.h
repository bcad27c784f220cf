// The Docker Engine API's JSON: what we send, and what we read of the answers. Pure functions; any text is
// survived.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/spec.h"

namespace cbench {

struct DaemonVersion {
  std::string version, api, min_api;  ///< "20.10.24", "1.41", "1.12"
};

struct ImageInfo {
  std::string id;                    ///< "sha256:…", of its configuration
  std::vector<std::string> digests;  ///< "name@sha256:…", of its manifest in registries
  std::vector<std::string> entrypoint, command;
  std::string stop_signal;   ///< empty: SIGTERM
  std::string health_check;  ///< the words that the daemon executes by itself; empty: none
};

struct ContainerState {
  bool running = false, oom_killed = false;
  int exit_code = 0;
  int64_t pid = 0;
  std::string error;  ///< why it did not start
};

struct ExecState {
  bool running = false;
  int exit_code = 0;
  int64_t pid = 0;
};

struct ListedContainer {
  std::string id, name, run_id;
};

/// What happened to a container.
struct DaemonEvent {
  std::string container, action;  ///< its id; "pause", "exec_start" …
  /// Of an exec_start the words of the command, of a kill the number of the signal, of a rename the new name.
  std::string detail;
  std::string exec_id;
  int64_t time_ns = 0;  ///< the daemon's wall clock
};

/// A line of a pull's progress.
struct PullLine {
  std::string layer, status, error;
  int64_t current = 0, total = 0;
};

/// Errors of all: RunFailed, "not the JSON that the Docker API promises".
Result<DaemonVersion> parse_version(const std::string& text);
/// The LiveRestoreEnabled of the daemon's information.
bool parse_live_restore(const std::string& text);
Result<ImageInfo> parse_image(const std::string& text);
Result<ContainerState> parse_container(const std::string& text);
Result<ExecState> parse_exec(const std::string& text);
/// The "Id" of a create's answer.
Result<std::string> parse_id(const std::string& text);
/// The exit status that a wait tells; nullopt when there is none (the wait was cut short).
std::optional<int> parse_wait(const std::string& text);
/// Containers with a value of `label`.
Result<std::vector<ListedContainer>> parse_list(const std::string& text, const std::string& label);
std::optional<PullLine> parse_pull_line(const std::string& line);
/// A line of the event stream; nullopt: no event of a container.
std::optional<DaemonEvent> parse_event(const std::string& line);
/// The daemon's words in an error's body; the body's own first line when it is no JSON.
std::string error_message(const std::string& body);

/// True when the image leaves the choice of the process to us: no entrypoint, and no command or only a bare
/// shell. Then `command` is the container's process; otherwise it is executed inside.
bool runs_command_itself(const std::vector<std::string>& entrypoint, const std::vector<std::string>& command);

/// The body of POST /containers/create. `image`: its id. `as_process`: the command is the container's
/// process.
std::string create_body(const ContainerSpec& spec, const std::string& image, const std::string& run_id,
                        bool as_process);
/// The body of POST /containers/<id>/exec for the spec's command.
std::string exec_body(const ContainerSpec& spec);
/// The value of X-Registry-Auth.
std::string registry_auth(const Registry& registry);

}  // namespace cbench
