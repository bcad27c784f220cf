// A docker engine with one container, `victim`, against a FAKE daemon, and the answers of a daemon that is
// fine.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

#include "runtime/engines/docker_engine.h"
#include "tests/support/fake_docker.h"

namespace cbench::testing {

using namespace std::chrono_literals;

inline constexpr const char* kVersion =
    R"({"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12"})";
inline constexpr DockerTimes kShort{.request = 300ms, .lost = 300ms, .after_kill = 300ms};

inline bool has(const std::string& line, const char* part) { return line.find(part) != std::string::npos; }

/// A daemon that is fine, with any image and one container `c` that runs for ever.
inline bool healthy(const std::string& line, const std::string&, int connection) {
  if (has(line, "/events")) return !FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
  if (has(line, "/version")) return FakeDocker::reply(connection, 200, kVersion);
  if (has(line, "/images/")) return FakeDocker::reply(connection, 200, R"({"Id":"sha256:1","Config":{}})");
  if (has(line, "/containers/create")) return FakeDocker::reply(connection, 201, R"({"Id":"c"})");
  if (has(line, "/attach")) return !FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
  if (has(line, "/wait"))
    return !FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  if (has(line, "/start")) return FakeDocker::reply(connection, 204, "");
  if (has(line, "/containers/c/json")) {
    // Pid 0: no process of this machine is to be taken for the container's.
    return FakeDocker::reply(connection, 200, R"({"State":{"Running":true,"Pid":0}})");
  }
  if (has(line, "/containers/json")) return FakeDocker::reply(connection, 200, "[]");
  return FakeDocker::reply(connection, 204, "");
}

struct Scenario {
  explicit Scenario(const FakeDocker& daemon, Pull pull = Pull::Missing, DockerTimes times = kShort) {
    spec.containers.resize(1);
    spec.containers[0].name.value = "victim";
    spec.containers[0].image.value = "busybox";
    spec.containers[0].command.value = "true";
    spec.containers[0].pull = pull;
    char name[] = "/tmp/cbench-logs-XXXXXX";
    logs = mkdtemp(&name[0]);
    engine = std::make_unique<DockerEngine>(spec, "0190a0b1-c2d3-7000-8000-000000000001", logs,
                                            daemon.host().c_str(), times);
  }
  ~Scenario() {
    engine.reset();
    std::filesystem::remove_all(logs);
  }
  std::vector<ExitNotice> wait_for_exits() const {
    pollfd fd{engine->exit_fd(), POLLIN, 0};
    poll(&fd, 1, 5000);
    return engine->take_exits();
  }
  void start() const {
    ASSERT_TRUE(engine->check());
    ASSERT_TRUE(engine->prepare(0, {}));
    ASSERT_TRUE(engine->start(0, {}));
  }
  RunSpec spec;
  std::string logs;
  std::unique_ptr<DockerEngine> engine;
};

}  // namespace cbench::testing
