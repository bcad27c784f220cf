// The docker engine against a FAKE daemon that refuses, hangs, drops connections or answers garbage.
#include "runtime/engines/docker_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/engines/docker_client.h"
#include "tests/support/docker_scenario.h"

namespace cbench {
namespace {

using testing::FakeDocker;
using testing::has;
using ::testing::HasSubstr;
using testing::healthy;
using testing::Scenario;
using namespace std::chrono_literals;

TEST(DockerSocket, only_a_socket_of_this_machine_will_do) {
  EXPECT_EQ(*docker_socket(nullptr), "/var/run/docker.sock");
  EXPECT_EQ(*docker_socket(""), "/var/run/docker.sock");
  EXPECT_EQ(*docker_socket("unix:///x/y.sock"), "/x/y.sock");
  for (const char* remote : {"tcp://10.0.0.1:2375", "ssh://host", "localhost:2375", "unix://"}) {
    const auto socket = docker_socket(remote);
    ASSERT_FALSE(socket) << remote;
    EXPECT_EQ(socket.error().exit, Exit::HostLacks);
    EXPECT_THAT(socket.error().message, HasSubstr(remote));
  }
}

TEST(DockerCheck, without_a_daemon_it_is_exit_4_and_says_what_to_do) {
  DockerEngine engine(RunSpec{}, "r", "/tmp", "unix:///nowhere/docker.sock");
  const Result<> checked = engine.check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  EXPECT_THAT(checked.error().message, HasSubstr("cannot reach Docker at /nowhere/docker.sock"));
  EXPECT_THAT(checked.error().hint, HasSubstr("is dockerd running?"));
  EXPECT_TRUE(engine.remove_all().empty());
}

TEST(DockerCheck, agrees_on_an_api_version_between_both_sides_limits) {
  const FakeDocker daemon(healthy);
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  EXPECT_EQ(client.wait_request("c", true).target, "/v1.41/containers/c/wait?condition=next-exit");
  const FakeDocker newer([](const std::string&, const std::string&, int connection) {
    return FakeDocker::reply(connection, 200,
                             R"({"Version":"40","ApiVersion":"1.70","MinAPIVersion":"1.60"})");
  });
  DockerClient future(newer.path());
  ASSERT_TRUE(future.connect());
  EXPECT_EQ(future.attach_request("c").target.substr(0, 6), "/v1.60");
}

TEST(DockerCheck, an_old_daemon_is_refused) {
  const FakeDocker daemon([](const std::string&, const std::string&, int connection) {
    return FakeDocker::reply(connection, 200, R"({"Version":"1.12","ApiVersion":"1.24"})");
  });
  DockerClient client(daemon.path());
  const auto version = client.connect();
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().exit, Exit::HostLacks);
  EXPECT_THAT(version.error().message, HasSubstr("1.24"));
}

TEST(DockerCheck, a_hanging_daemon_is_given_up) {
  const FakeDocker daemon([](const std::string&, const std::string&, int) { return false; });
  Scenario run(daemon);
  const auto begin = std::chrono::steady_clock::now();
  const Result<> checked = run.engine->check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  EXPECT_THAT(checked.error().message, HasSubstr("no answer within 0.3 s"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST(DockerCheck, garbage_is_told_from_docker) {
  for (const char* garbage :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a\":", "SSH-2.0-OpenSSH\r\n", ""}) {
    const FakeDocker daemon([=](const std::string&, const std::string&, int connection) {
      return FakeDocker::write_all(connection, garbage);
    });
    Scenario run(daemon);
    const Result<> checked = run.engine->check();
    ASSERT_FALSE(checked) << garbage;
    EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  }
}

TEST(DockerCheck, a_daemon_that_refuses_its_events_is_told_at_once) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/events")) return FakeDocker::reply(connection, 403, "Forbidden by the proxy\n");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  const Result<> checked = run.engine->check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().exit, Exit::HostLacks);
  EXPECT_THAT(checked.error().message, HasSubstr("does not tell its events: Forbidden by the proxy"));
  EXPECT_THAT(checked.error().hint, HasSubstr("GET /events"));
}

TEST(DockerCheck, events_that_never_come_do_not_hang_us) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    return !has(line, "/events") && healthy(line, request, connection);
  });
  Scenario run(daemon);
  const Result<> checked = run.engine->check();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("no answer within 0.3 s"));
}

TEST(DockerPrepare, an_image_that_may_not_be_pulled_is_named) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/images/"))
      return FakeDocker::reply(connection, 404, R"({"message":"No such image: busybox"})");
    return healthy(line, request, connection);
  });
  Scenario run(daemon, Pull::Never);
  ASSERT_TRUE(run.engine->check());
  const Result<> prepared = run.engine->prepare(0, {});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().exit, Exit::HostLacks);
  EXPECT_THAT(prepared.error().message, HasSubstr("image `busybox` is not on this host"));
  EXPECT_THAT(prepared.error().hint, HasSubstr("docker pull busybox"));
}

TEST(DockerPrepare, a_missing_image_is_pulled_with_progress_and_without_its_other_tags) {
  std::atomic<bool> pulled{false};
  const FakeDocker daemon([&](const std::string& line, const std::string& request, int connection) {
    if (has(line, "POST") && has(line, "/images/create")) {
      pulled = true;
      return FakeDocker::reply(
          connection, 200,
          "{\"status\":\"Downloading\",\"id\":\"a\",\"progressDetail\":{\"current\":1,\"total\":4}}\n"
          "{\"status\":\"Pull complete\",\"id\":\"a\"}\n");
    }
    if (has(line, "/images/") && !pulled) return FakeDocker::reply(connection, 404, "{}");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  std::vector<double> fractions;
  const Result<> prepared = run.engine->prepare(0, [&](const std::string& what, double fraction) {
    EXPECT_EQ(what, "pulling busybox");
    fractions.push_back(fraction);
  });
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_THAT(fractions, ::testing::ElementsAre(0.25, 1.0));
  EXPECT_THAT(const_cast<FakeDocker&>(daemon).lines(),
              ::testing::Contains(HasSubstr("fromImage=busybox&tag=latest")));
}

TEST(DockerPrepare, an_error_in_mid_pull_is_the_daemons_words) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/images/create")) {
      return FakeDocker::reply(connection, 200,
                               "{\"status\":\"Pulling\"}\n{\"error\":\"toomanyrequests: slow down\"}\n");
    }
    if (has(line, "/images/")) return FakeDocker::reply(connection, 404, "{}");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  const Result<> prepared = run.engine->prepare(0, {});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, HasSubstr("toomanyrequests: slow down"));
}

TEST(DockerPrepare, credentials_go_only_to_their_own_registry) {
  std::mutex mutex;
  std::string seen;
  const FakeDocker daemon([&](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/images/create")) {
      const std::lock_guard lock(mutex);
      seen = request;
    }
    return healthy(line, request, connection);
  });
  DockerClient client(daemon.path());
  ASSERT_TRUE(client.connect());
  const Registry registry{.host = "https://reg.example.org", .user = "u", .password = "secret"};
  ASSERT_TRUE(client.pull("reg.example.org/team/app:1", registry, {}));
  EXPECT_THAT(seen, HasSubstr("X-Registry-Auth: " + registry_auth(registry)));
  ASSERT_TRUE(client.pull("busybox:1", registry, {}));
  EXPECT_THAT(seen, ::testing::Not(HasSubstr("X-Registry-Auth")));
}

TEST(DockerPrepare, a_taken_name_is_given_up_only_after_the_whole_run_id) {
  FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/create"))
      return FakeDocker::reply(connection, 409, R"({"message":"Conflict. The name is in use"})");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  const Result<> prepared = run.engine->prepare(0, {});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().hint, HasSubstr("cbench clean"));
  EXPECT_THAT(daemon.lines(), ::testing::Contains(HasSubstr("name=cbench-0190a0b1-c2d3-victim ")));
  EXPECT_THAT(daemon.lines(),
              ::testing::Contains(HasSubstr("name=cbench-0190a0b1-c2d3-7000-8000-000000000001-victim ")));
}

TEST(DockerPrepare, a_failing_daemon_is_quoted) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/create"))
      return FakeDocker::reply(connection, 500, R"({"message":"no space left on device"})");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  const Result<> prepared = run.engine->prepare(0, {});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, HasSubstr("container `victim`: Docker: cannot create container"));
  EXPECT_THAT(prepared.error().message, HasSubstr("no space left on device"));
}

TEST(DockerStart, a_refused_start_is_an_error_and_gives_no_notice) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/start"))
      return FakeDocker::reply(connection, 500, R"({"message":"port is already allocated"})");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  const Result<Started> started = run.engine->start(0, {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("port is already allocated"));
  EXPECT_TRUE(run.engine->take_exits().empty());
}

TEST(DockerStart, a_process_of_this_machine_that_is_not_the_containers_is_refused) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    // A daemon elsewhere, whose pid 1 is another process here.
    if (has(line, "/containers/create"))
      return FakeDocker::reply(connection, 201, R"({"Id":"0123456789abcdef"})");
    return has(line, "/containers/0123456789abcdef/json")
               ? FakeDocker::reply(connection, 200, R"({"State":{"Running":true,"Pid":1}})")
               : healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  const Result<Started> started = run.engine->start(0, {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().exit, Exit::HostLacks);
  EXPECT_THAT(started.error().message,
              HasSubstr("process 1 of this machine is not in the cgroup of container 0123456789ab"));
}

TEST(DockerStart, a_wait_that_hangs_does_not_hang_us) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    return !has(line, "/wait") && healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  const Result<Started> started = run.engine->start(0, {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("no answer within 0.3 s"));
}

/// A daemon whose container has started, and that then fails: waits are cut, and inspect answers as `inspect`
/// says.
FakeDocker::Answer failing_after_start(std::atomic<bool>& failed, const FakeDocker::Answer& inspect) {
  return [&failed, inspect](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/wait")) {
      FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (!failed) std::this_thread::sleep_for(5ms);
      return true;  // the connection drops in mid-stream
    }
    if (failed && has(line, "/json")) return inspect(line, request, connection);
    return healthy(line, request, connection);
  };
}

TEST(DockerWatch, a_daemon_that_goes_away_for_good_gives_one_notice_that_says_so) {
  std::atomic<bool> failed{false};
  const FakeDocker daemon(
      failing_after_start(failed, [](const std::string&, const std::string&, int) { return true; }));
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  ASSERT_TRUE(run.engine->start(0, {}));
  failed = true;
  const std::vector<ExitNotice> exits = run.wait_for_exits();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].code, 125);
  EXPECT_THAT(exits[0].message, HasSubstr("the container was lost"));
  EXPECT_FALSE(run.engine->remove_all().empty());
}

TEST(DockerWatch, a_cut_wait_falls_back_to_inspect) {
  std::atomic<bool> failed{false};
  const FakeDocker daemon(
      failing_after_start(failed, [](const std::string&, const std::string&, int connection) {
        return FakeDocker::reply(connection, 200,
                                 R"({"State":{"Running":false,"ExitCode":137,"OOMKilled":true}})");
      }));
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  ASSERT_TRUE(run.engine->start(0, {}));
  failed = true;
  const std::vector<ExitNotice> exits = run.wait_for_exits();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].code, 137);
  EXPECT_TRUE(exits[0].oom);
  EXPECT_FALSE(exits[0].stopped);
}

TEST(DockerWatch, a_running_container_is_followed_again_after_a_cut) {
  std::atomic<bool> failed{false};
  std::atomic<int> waits{0};
  const FakeDocker daemon([&](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/wait")) ++waits;
    if (has(line, "condition=not-running")) {
      return FakeDocker::reply(connection, 200, R"({"StatusCode":7})");
    }
    if (waits > 1 && has(line, "/containers/c/json")) {
      return FakeDocker::reply(connection, 200, R"({"State":{"Running":false,"ExitCode":7}})");
    }
    return failing_after_start(failed, healthy)(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  ASSERT_TRUE(run.engine->start(0, {}));
  failed = true;
  const std::vector<ExitNotice> exits = run.wait_for_exits();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].code, 7);
}

TEST(DockerStop, a_container_that_never_ends_is_an_error_in_time) {
  FakeDocker daemon(healthy);
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  ASSERT_TRUE(run.engine->stop(0, 0ms));  // not started: nothing to do
  ASSERT_TRUE(run.engine->start(0, {}));
  const Result<> stopped = run.engine->stop(0, 50ms);
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("`victim` has not ended 300 ms after SIGKILL"));
  EXPECT_THAT(daemon.lines(), ::testing::Contains(HasSubstr("/kill?signal=SIGTERM")));
  EXPECT_THAT(daemon.lines(), ::testing::Contains(HasSubstr("/kill?signal=SIGKILL")));
}

TEST(DockerRemove, nothing_is_started_once_the_run_is_ending) {
  const FakeDocker daemon(healthy);
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_TRUE(run.engine->prepare(0, {}));
  EXPECT_TRUE(run.engine->remove_all().empty());
  EXPECT_FALSE(run.engine->start(0, {}));
  EXPECT_FALSE(run.engine->prepare(0, {}));
  EXPECT_TRUE(run.engine->remove_all().empty());
}

TEST(DockerRemove, what_remains_is_named_with_the_daemons_reason) {
  const FakeDocker daemon([](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/containers/json")) {
      return FakeDocker::reply(connection, 200,
                               R"([{"Id":"c","Names":["/cbench-x"],"Labels":{"org.cbench.run":"r"}}])");
    }
    if (has(line, "DELETE"))
      return FakeDocker::reply(connection, 500, R"({"message":"device or resource busy"})");
    return healthy(line, request, connection);
  });
  Scenario run(daemon);
  ASSERT_TRUE(run.engine->check());
  EXPECT_THAT(run.engine->remove_all(),
              ::testing::ElementsAre("container cbench-x (device or resource busy)"));
}

}  // namespace
}  // namespace cbench
