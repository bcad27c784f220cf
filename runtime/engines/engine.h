// The interface of the two engines, docker and process: the life of a run's containers. Calls block and may
// come from several threads at once, for different slots.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/host/cgroup.h"
#include "runtime/host/journal.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// A container that runs. One that has ended before it could be looked at has pid 0 and no cgroup folders.
struct Started {
  std::string id;   ///< Docker's, or the process's cgroup name
  int64_t pid = 0;  ///< of the first process, in our pid namespace
  /// Docker's id of the image ("sha256:…", empty for engine process), and what it is in the registry that it
  /// came from ("name@sha256:…", empty when it came from none).
  std::string image_id, image_digest;
  CgroupPaths cgroup;
  std::string output;  ///< path of the file that its stdout is written to while it runs
};

/// A container's workload has ended: its command, or the container itself.
struct ExitNotice {
  size_t slot = 0;
  int code = 0;  ///< exit status; 128 + n for signal n; 125 when the engine lost the container
  bool oom = false;
  bool stopped = false;  ///< it followed our own stop
  std::string message;   ///< what the engine says, may be empty
};

/// Somebody else, or the kernel, did something to a container that is being measured: its figures are not
/// those of an undisturbed run.
struct Interference {
  size_t slot = 0;
  std::string what;  ///< after the container's name: "was paused by somebody else"
};

/// Called with "pulling busybox:latest" and a fraction 0..1 (negative: unknown).
using Progress = std::function<void(const std::string& what, double fraction)>;

class Engine {
 public:
  virtual ~Engine() = default;

  /// Is the engine usable? Errors: HostLacks with the remedy. Called once, before anything else.
  virtual Result<> check() = 0;
  /// Makes everything ready that takes long: image present or pulled, container created but not started.
  /// Errors: image missing, pull refused, daemon's words.
  virtual Result<> prepare(size_t slot, const Progress& progress) = 0;
  /// Starts a prepared container on `cores` (empty: no pinning) and its command. Returns as soon as it runs.
  virtual Result<Started> start(size_t slot, const CpuSet& cores) = 0;
  /// Asks the workload to end (SIGTERM), after `grace` kills it. Returns when it has ended.
  virtual Result<> stop(size_t slot, std::chrono::milliseconds grace) = 0;
  /// Removes what is left of every container of this run, running or not. Safe to call at any time and more
  /// than once. Returns what could not be removed.
  virtual std::vector<std::string> remove_all() = 0;

  /// Readable when take_exits() or take_interferences() has something. Each started slot gives exactly one
  /// notice.
  [[nodiscard]] virtual int exit_fd() const = 0;
  virtual std::vector<ExitNotice> take_exits() = 0;
  /// What this engine cannot learn of is not told. Our own acts never are.
  virtual std::vector<Interference> take_interferences() { return {}; }
};

/// Label of every container of ours; its value is the run id.
inline constexpr const char* kRunLabel = "org.cbench.run";
/// Label with the container's name in the bench.yml.
inline constexpr const char* kContainerLabel = "org.cbench.container";

/// `logs` is the folder for <name>.stdout and <name>.stderr. `spec` must outlive the engine.
std::unique_ptr<Engine> make_docker_engine(const RunSpec& spec, const std::string& run_id,
                                           const std::string& logs);
/// `journal` learns of the cgroups that are made.
std::unique_ptr<Engine> make_process_engine(const RunSpec& spec, const std::string& run_id,
                                            const std::string& logs, Journal& journal);

/// Something of ours on this host that no live run owns.
struct Leftover {
  std::string what;  ///< "container cbench-3f2a-victim", "cgroup /sys/fs/cgroup/cbench-3f2a"
  std::string run_id;
  std::string handle;  ///< container id or folder
};
/// Containers with our label, and cgroups of ours, whose run is not among `live_runs`.
/// `unseen`: why containers could not be looked for; left alone where they could, or where there is no
/// Docker.
std::vector<Leftover> engine_leftovers(const std::vector<std::string>& live_runs,
                                       std::string* unseen = nullptr);
Result<> remove_leftover(const Leftover& leftover);

}  // namespace cbench
