// The docker engine from check to start.
#include "runtime/engines/docker_engine.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "runtime/engines/process_cgroup.h"

namespace cbench {
namespace {

/// The socket, or a path that nothing listens on; the error comes with check().
std::string socket_or_nothing(const char* docker_host) {
  const Result<std::string> socket = docker_socket(docker_host);
  return socket ? *socket : "";
}

Error run_is_ending() {
  return Error{Exit::RunFailed, "the run is ending, no container is started any more", ""};
}

/// Every cgroup driver puts the container's id into the group's name.
bool names(const CgroupPaths& cgroup, const std::string& id) {
  const std::vector<std::string> folders = folders_of(cgroup);
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& folder) { return folder.find(id) != std::string::npos; });
}

Error not_here(const std::string& id, int64_t pid) {
  return Error{
      Exit::HostLacks,
      fmt::format("process {} of this machine is not in the cgroup of container {}", pid, id.substr(0, 12)),
      "the socket leads to a Docker daemon on another machine or in another pid namespace; run cbench where "
      "the "
      "containers run (in a container: with --pid=host --cgroupns=host)"};
}

}  // namespace

std::unique_ptr<Engine> make_docker_engine(const RunSpec& spec, const std::string& run_id,
                                           const std::string& logs) {
  return std::make_unique<DockerEngine>(spec, run_id, logs, std::getenv("DOCKER_HOST"));
}

DockerEngine::DockerEngine(const RunSpec& spec, std::string run_id, std::string logs, const char* docker_host,
                           DockerTimes times)
    : spec_(spec),
      run_id_(std::move(run_id)),
      logs_(std::move(logs)),
      times_(times),
      client_(socket_or_nothing(docker_host), times.request),
      images_(client_, spec, times.pull_idle),
      slots_(spec.containers.size()) {
  if (const Result<std::string> socket = docker_socket(docker_host); !socket) no_socket_ = socket.error();
  streams_ = std::make_unique<HttpStreams>(client_.socket());
  watcher_ = std::thread([this] { watch(); });
}

DockerEngine::~DockerEngine() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  watcher_.join();
  streams_.reset();  // before the slots that its callbacks write to
}

Result<> DockerEngine::check() {
  if (no_socket_) return *no_socket_;
  const Result<DaemonVersion> version = client_.connect();
  if (!version) return version.error();
  return open_events();
}

Result<std::string> DockerEngine::create(size_t slot, const std::string& image, bool as_process) {
  const ContainerSpec& container = spec_.containers[slot];
  const std::string body = create_body(container, image, run_id_, as_process);
  std::string plain = plain_name(container.name.value);
  if (plain != container.name.value) plain += fmt::format("-{}", slot);  // two names may look alike now
  // The first 13 characters of a UUIDv7 are its millisecond; two runs of the same one on a host need the
  // rest.
  for (const std::string& run : {run_id_.substr(0, 13), run_id_}) {
    const Result<std::optional<std::string>> id =
        client_.create(fmt::format("cbench-{}-{}", run, plain), body);
    if (!id) return id.error();
    if (*id) return **id;
  }
  return Error{Exit::RunFailed,
               fmt::format("Docker: a container named cbench-{}-{} exists already", run_id_, plain),
               "cbench clean --yes removes what earlier runs left"};
}

Result<> DockerEngine::prepare(size_t slot, const Progress& progress) {
  const ContainerSpec& container = spec_.containers[slot];
  if (closing_) return run_is_ending();
  const Result<ImageInfo> image = images_.get(slot, progress);
  if (!image) return image.error();
  Result<std::unique_ptr<OutputFiles>> output = OutputFiles::open(logs_, container.name.value);
  if (!output) return output.error();

  const std::vector<std::string>& entrypoint =
      container.entrypoint ? *container.entrypoint : image->entrypoint;
  const bool has_command = !container.command.value.empty();
  const bool itself = runs_command_itself(entrypoint, image->command);
  if (closing_) return run_is_ending();
  const Result<std::string> id = create(slot, image->id, has_command && itself);
  if (!id) {
    Error error = id.error();
    error.message = fmt::format("container `{}`: {}", container.name.value, error.message);
    return error;
  }
  {
    const std::lock_guard lock(mutex_);
    Slot& made = slots_[slot];
    made.id = *id;
    made.image_id = image->id;
    made.image_digest = digest_of(*image, container.image.value);
    made.stop_signal = image->stop_signal.empty() ? "SIGTERM" : image->stop_signal;
    made.health_check = image->health_check;
    made.as_process = itself || !has_command;
    made.output = std::move(*output);
    made.prepared = true;
  }
  if (closing_) {  // remove_all() may have listed the containers before this one was there
    const Result<> removed = client_.remove(*id);
    return removed ? run_is_ending() : removed.error();
  }
  return Done{};
}

Result<Started> DockerEngine::start(size_t slot, const CpuSet& cores) {
  const std::string& name = spec_.containers[slot].name.value;
  const auto about = [&](Error error) {
    error.message = fmt::format("container `{}`: {}", name, error.message);
    return error;
  };
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    if (!slots_[slot].prepared || slots_[slot].started) {
      return Error{Exit::RunFailed, fmt::format("container `{}` is not ready to start", name), ""};
    }
    id = slots_[slot].id;
  }
  if (closing_) return run_is_ending();
  if (cores.any()) {
    if (const Result<> pinned = client_.set_cpus(id, to_list(cores)); !pinned) return about(pinned.error());
  }
  // Both before the start: what a container says and does in its first millisecond counts.
  if (const Result<> opened = open_wait(slot, true); !opened) return about(opened.error());
  if (const Result<> opened = open_output(slot, client_.attach_request(id), false); !opened)
    return about(opened.error());
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].started = true;
    slots_[slot].begin_measuring();
  }
  if (const Result<> started = client_.start(id); !started) {
    const std::lock_guard lock(mutex_);
    slots_[slot].noticed = true;  // a container that never ran gives no notice
    return about(started.error());
  }
  Result<Started> started = describe(slot);
  if (!started) return about(started.error());
  if (const Result<> running = start_command(slot); !running) {
    {
      const std::lock_guard lock(mutex_);
      slots_[slot].noticed = true;
      slots_[slot].end_measuring();
    }
    (void)client_.kill(id, "SIGKILL");  // remove_all() tells, should it not end
    return about(running.error());
  }
  return started;
}

Result<Started> DockerEngine::describe(size_t slot) {
  Started started;
  {
    const std::lock_guard lock(mutex_);
    started.id = slots_[slot].id;
    started.image_id = slots_[slot].image_id;
    started.image_digest = slots_[slot].image_digest;
    if (slots_[slot].output) started.output = slots_[slot].output->path(0);
  }
  started.cgroup.mode = cgroup_mode();
  // A first process that has just ended is still "running" for the daemon, for a moment.
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  for (;;) {
    const Result<std::optional<ContainerState>> state = client_.inspect(started.id);
    if (!state) return state.error();
    if (!*state || (*state)->pid <= 0) return started;  // it has ended already
    Result<CgroupPaths> cgroup = cgroups_of((*state)->pid);
    if (!cgroup && (cgroup.error().exit == Exit::HostLacks || Clock::now() > deadline)) return cgroup.error();
    if (cgroup && !names(*cgroup, started.id)) return not_here(started.id, (*state)->pid);
    if (cgroup) {
      started.pid = (*state)->pid;
      started.cgroup = std::move(*cgroup);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::lock_guard lock(mutex_);
  slots_[slot].pid = started.pid;
  slots_[slot].cgroup = started.cgroup;
  return started;
}

Result<> DockerEngine::start_command(size_t slot) {
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    if (slots_[slot].as_process) return Done{};
    id = slots_[slot].id;
  }
  const auto refused = [&](Error error) {
    error.message = fmt::format("its command cannot be executed: {}", error.message);
    if (const auto state = client_.inspect(id); state && *state && !(*state)->running) {
      error.hint = fmt::format(
          "the image's own entrypoint ended at once with code {}; `entrypoint: []` makes the command the "
          "container's process",
          (*state)->exit_code);
    }
    return error;
  };
  const Result<std::string> exec = client_.create_exec(id, exec_body(spec_.containers[slot]));
  if (!exec) return refused(exec.error());
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].exec_id = *exec;
    slots_[slot].exec_started = true;
  }
  const Result<> opened = open_output(slot, client_.start_exec_request(*exec), true);
  if (!opened) return refused(opened.error());
  return Done{};
}

Result<> DockerEngine::open_wait(size_t slot, bool next) {
  std::string id;
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].wait_body.clear();
    id = slots_[slot].id;
  }
  const auto on_bytes = [this, slot](std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    slots_[slot].wait_body += bytes;
    return slots_[slot].wait_body.size() < 1 << 16;
  };
  const auto on_end = [this, slot](const std::string&) {
    post(event_for(slot, Happening::ContainerEnded), std::chrono::milliseconds(0));
  };
  const Result<HttpResponse> opened = streams_->open(client_.wait_request(id, next), on_bytes, on_end);
  if (opened && opened->good()) return Done{};
  constexpr const char* kWhat = "wait for the container";
  return opened ? docker_refusal(kWhat, *opened) : client_.unanswered(kWhat, opened.error());
}

Result<> DockerEngine::open_output(size_t slot, const HttpRequest& request, bool exec) {
  OutputFiles* files = nullptr;
  {
    const std::lock_guard lock(mutex_);
    files = slots_[slot].output.get();
    ++slots_[slot].open_outputs;
  }
  const auto sink = [this, slot, files, exec](size_t which, std::string_view bytes) {
    files->write(which, bytes);
    // A daemon that cannot execute the command says so in the command's own stdout.
    if (exec && bytes.starts_with("OCI runtime exec failed")) note_exec_words(slot, bytes);
  };
  auto demux = std::make_shared<OutputDemux>(sink);
  const auto on_end = [this, slot, exec](const std::string& trouble) {
    {
      const std::lock_guard lock(mutex_);
      --slots_[slot].open_outputs;
      if (!trouble.empty()) slots_[slot].output_trouble = "the output may be incomplete: " + trouble;
    }
    changed_.notify_all();
    if (exec) post(event_for(slot, Happening::ExecEnded), std::chrono::milliseconds(0));
  };
  const auto on_bytes = [this, slot, demux](std::string_view bytes) {
    const bool framed = demux->feed(bytes);
    if (!framed) note_exec_words(slot, bytes);  // some versions say it without a frame
    return framed;
  };
  const Result<HttpResponse> opened = streams_->open(request, on_bytes, on_end);
  if (opened && opened->good()) return Done{};
  {
    const std::lock_guard lock(mutex_);
    --slots_[slot].open_outputs;
  }
  const char* what = exec ? "execute the command" : "read the container's output";
  return opened ? docker_refusal(what, *opened) : client_.unanswered(what, opened.error());
}

void DockerEngine::note_exec_words(size_t slot, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  slots_[slot].exec_words = bytes.substr(0, std::min<size_t>(bytes.find_first_of("\r\n"), 300));
}

}  // namespace cbench
