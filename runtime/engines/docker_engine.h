// The docker engine: a run's containers through the Docker Engine API. What a container's `command` means is
// decided here.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "runtime/engines/docker_client.h"
#include "runtime/engines/docker_events.h"
#include "runtime/engines/docker_images.h"
#include "runtime/engines/engine.h"
#include "runtime/engines/exits.h"
#include "runtime/engines/http.h"
#include "runtime/engines/output.h"

namespace cbench {

/// Tests shorten these.
struct DockerTimes {
  std::chrono::milliseconds request{10'000};  ///< a request that should take milliseconds
  std::chrono::milliseconds lost{
      30'000};  ///< how long a daemon may be away before its containers count as lost
  std::chrono::milliseconds after_kill{10'000};  ///< for a container to end after SIGKILL
  std::chrono::milliseconds pull_idle{300'000};  ///< a pull that tells of no progress
};

/// Two threads besides the callers': one pumps streams (output, waits), the other (`watch`) draws the
/// conclusions from their ends.
class DockerEngine : public Engine {
 public:
  DockerEngine(const RunSpec& spec, std::string run_id, std::string logs, const char* docker_host,
               DockerTimes times = {});
  ~DockerEngine() override;

  Result<> check() override;
  Result<> prepare(size_t slot, const Progress& progress) override;
  Result<Started> start(size_t slot, const CpuSet& cores) override;
  Result<> stop(size_t slot, std::chrono::milliseconds grace) override;
  std::vector<std::string> remove_all() override;
  [[nodiscard]] int exit_fd() const override { return exits_.fd(); }
  std::vector<ExitNotice> take_exits() override { return exits_.take(); }
  std::vector<Interference> take_interferences() override { return exits_.take_interferences(); }

 private:
  using Clock = std::chrono::steady_clock;

  /// What is known of a container; guarded by mutex_ but for the parts that prepare() fills before anyone
  /// else looks.
  struct Slot {
    std::string id, exec_id, image_id, image_digest, stop_signal;
    bool as_process = true;  ///< the command is the container's process (or there is none)
    std::unique_ptr<OutputFiles> output;
    CgroupPaths cgroup;
    int64_t pid = 0;
    bool prepared = false, started = false;
    bool exec_started = false, exec_ended = false;
    bool exited = false;    ///< the container has
    bool stopping = false;  ///< by us
    bool noticed = false;
    int open_outputs = 0;
    std::string wait_body;
    std::string health_check;  ///< what the daemon executes inside by itself
    /// From our start to the first thing that we do to end it, by the wall clock, which the daemon's events
    /// have: what happens outside of it is our own doing, or matters to no figure.
    int64_t measured_from = INT64_MAX, measured_until = INT64_MAX;
    std::string killed;  ///< in words, by whom if not by us
    void begin_measuring();
    void end_measuring();
    [[nodiscard]] bool measured_at(int64_t wall_ns) const {
      return measured_from <= wall_ns && wall_ns < measured_until;
    }
    std::string output_trouble, exec_words;  ///< what the daemon said in place of the command's output
  };
  enum class Happening : uint8_t {
    ContainerEnded,
    ExecEnded,
    ContainerWithoutExec,
    EventsEnded,
    OutOfMemory
  };
  struct Event {
    size_t slot;  ///< not of EventsEnded
    Happening what;
    Clock::time_point give_up;
    std::chrono::milliseconds pause{10};  ///< before the next look, doubled each time
  };

  // docker_engine.cpp
  Result<std::string> create(size_t slot, const std::string& image, bool as_process);
  Result<> open_wait(size_t slot, bool next);
  Result<> open_output(size_t slot, const HttpRequest& request, bool exec);
  void note_exec_words(size_t slot, std::string_view bytes);
  Result<> start_command(size_t slot);
  Result<Started> describe(size_t slot);

  // docker_stop.cpp
  Result<> end_container(size_t slot, Clock::time_point deadline);
  bool wait_until(size_t slot, bool Slot::* flag, Clock::time_point deadline);
  void wait_for_output(std::chrono::milliseconds limit);
  std::vector<std::string> remove_listed();

  // docker_watch.cpp
  void watch();
  void conclude(const Event& event);
  void post(Event event, std::chrono::milliseconds delay);
  void look_again(Event event);
  void follow_again(const Event& event);
  [[nodiscard]] bool daemon_went_at_end(const Event& event);
  void lost(size_t slot, const std::string& why);
  void stop_in_background(size_t slot);
  void container_ended(const Event& event);
  void exec_ended(const Event& event);
  void give_notice(size_t slot, int code, bool oom, const std::string& message);
  Event event_for(size_t slot, Happening what) const;

  // docker_events.cpp
  Result<> open_events();
  std::future<Result<HttpResponse>> send_events_request();
  void follow_events(const Event& event);
  void on_event(const DaemonEvent& event);
  void out_of_memory(const Event& event);

  const RunSpec& spec_;
  const std::string run_id_, logs_;
  const DockerTimes times_;
  std::optional<Error> no_socket_;  ///< what DOCKER_HOST lacks
  DockerClient client_;
  DockerImages images_;
  ExitQueue exits_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::multimap<Clock::time_point, Event> events_;
  Clock::time_point events_cut_{};  ///< when the stream of the daemon's events ended last
  bool quit_ = false;
  std::atomic<bool> closing_{false};  ///< remove_all() has begun

  EventLines lines_;  ///< the pump's while a stream of events is open, then the watcher's
  std::future<Result<HttpResponse>> reopened_;  ///< the watcher's

  std::unique_ptr<HttpStreams> streams_;
  std::thread watcher_;
};

}  // namespace cbench
