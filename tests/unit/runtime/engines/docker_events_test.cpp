// What the daemon's events tell of others' acts: the pure part, and the engine against a FAKE daemon.
#include "runtime/engines/docker_events.h"

#include <climits>
#include <iomanip>
#include <mutex>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/docker_scenario.h"

namespace cbench {
namespace {

using ::testing::ElementsAre;
using testing::FakeDocker;
using testing::has;
using ::testing::HasSubstr;
using testing::healthy;
using testing::Scenario;
using namespace std::chrono_literals;

int64_t wall_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string line_of(const std::string& action, const std::string& attributes = "",
                    int64_t time_ns = wall_now(), const std::string& id = "c") {
  return R"({"status":"x","Type":"container","Action":")" + action + R"(","Actor":{"ID":")" + id +
         R"(","Attributes":{)" + attributes + R"(}},"scope":"local","timeNano":)" + std::to_string(time_ns) +
         "}\n";
}

std::vector<std::string> actions(const std::vector<DaemonEvent>& events) {
  std::vector<std::string> out;
  for (const DaemonEvent& event : events) out.push_back(event.action);
  return out;
}

TEST(EventParsing, reads_what_dockerd_20_10_writes) {
  const auto exec = parse_event(
      R"({"status":"exec_start: sh -c echo a: b","id":"7f","from":"busybox","Type":"container",)"
      R"("Action":"exec_start: sh -c echo a: b","Actor":{"ID":"7f","Attributes":{"execID":"e1","image":"busybox",)"
      R"("name":"x","org.cbench.run":"r"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789})");
  ASSERT_TRUE(exec);
  EXPECT_EQ(exec->container, "7f");
  EXPECT_EQ(exec->action, "exec_start");
  EXPECT_EQ(exec->detail, "sh -c echo a: b");
  EXPECT_EQ(exec->exec_id, "e1");
  EXPECT_EQ(exec->time_ns, 1700000000123456789);
  EXPECT_EQ(parse_event(line_of("exec_start: true "))->detail, "true");
  EXPECT_EQ(parse_event(line_of("kill", R"("signal":"9")"))->detail, "9");
  EXPECT_EQ(parse_event(line_of("rename", R"("oldName":"/a","name":"b")"))->detail, "b");
}

TEST(EventParsing, what_is_no_event_of_a_container_is_none) {
  for (const char* text : {"", "\n", "{", "[]", "null", "3", R"({"Type":"network","Action":"connect"})",
                           R"({"Type":"container","Action":"pause"})", R"({"Type":"container","Actor":[]})",
                           R"({"Type":3,"Action":4,"Actor":{"ID":5}})", "\xff\xfe", R"({"Type":"container")"})
    EXPECT_FALSE(parse_event(text)) << text;
}

TEST(EventWords, say_what_was_done_and_by_whom) {
  const auto words = [](const std::string& action, const std::string& detail = "") {
    return act_in_words({.container = "c", .action = action, .detail = detail, .exec_id = ""});
  };
  EXPECT_EQ(words("pause"), "was paused by somebody else");
  EXPECT_EQ(words("kill", "9"), "was sent SIGKILL by somebody else");
  EXPECT_EQ(words("exec_start", "ls -l"), "was made to execute a command of somebody else: ls -l");
  EXPECT_EQ(words("exec_start", "a\n\x1b[31mb"), "was made to execute a command of somebody else: a  [31mb");
  EXPECT_EQ(words("oom"), "had a process killed by the OOM killer");
  for (const char* quiet : {"create", "attach", "start", "die", "destroy", "exec_create", "exec_die", "top",
                            "resize", "health_status", "", "PAUSE"})
    EXPECT_EQ(words(quiet), "") << quiet;
}

TEST(EventWords, are_cut_between_characters) {
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "é";
  const std::string words =
      act_in_words({.container = "c", .action = "rename", .detail = "x" + wide, .exec_id = ""});
  EXPECT_LT(words.size(), 250U);
  EXPECT_TRUE(words.ends_with("é… by somebody else")) << words;
}

TEST(EventLinesTest, are_put_together_from_any_pieces) {
  const std::string stream =
      line_of("pause", "", 5) + "garbage\n\n" + line_of("unpause", "", 6) + line_of("oom", "", 6);
  for (size_t piece = 1; piece < stream.size(); ++piece) {
    EventLines lines;
    std::vector<std::string> seen;
    for (size_t at = 0; at < stream.size(); at += piece)
      for (const std::string& action : actions(lines.feed(std::string_view(stream).substr(at, piece))))
        seen.push_back(action);
    ASSERT_THAT(seen, ElementsAre("pause", "unpause", "oom")) << piece;
    ASSERT_EQ(lines.since_ns(), 6);
  }
}

TEST(EventLinesTest, of_a_stream_that_follows_a_broken_one_are_given_once) {
  EventLines lines(3);
  EXPECT_EQ(lines.since_ns(), 3);
  EXPECT_THAT(actions(lines.feed(line_of("pause", "", 7) + line_of("unpause", "", 7) + "{\"Type\":\"con")),
              ElementsAre("pause", "unpause"));
  lines.begin();
  EXPECT_THAT(actions(lines.feed(line_of("pause", "", 7) + line_of("unpause", "", 7) + line_of("oom", "", 7) +
                                 line_of("kill", "", 8))),
              ElementsAre("oom", "kill"));
}

TEST(EventLinesTest, that_are_out_of_order_are_given) {
  EventLines lines(1);
  EXPECT_THAT(actions(lines.feed(line_of("pause", "", 9) + line_of("unpause", "", 8))),
              ElementsAre("pause", "unpause"));
  EXPECT_EQ(lines.since_ns(), 9);
}

TEST(EventLinesTest, that_are_too_long_are_left_out) {
  EventLines lines;
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(lines.feed(std::string(100'000, 'x')).empty());
  EXPECT_THAT(actions(lines.feed("\n" + line_of("pause"))), ElementsAre("pause"));
}

/// A daemon whose event stream a test writes. begin() of the connection, and what it was asked for, are kept.
class EventDaemon {
 public:
  void tell(const std::string& text) {
    const std::lock_guard lock(mutex_);
    FakeDocker::write_all(connection_, text);
  }
  /// Ends the present stream.
  void cut() {
    const std::lock_guard lock(mutex_);
    shutdown(connection_, SHUT_RDWR);
    connection_ = -1;
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  /// False when no further stream was asked for within a while.
  bool wait_for_streams(size_t count) {
    for (int i = 0; i < 500 && asked().size() < count; ++i) std::this_thread::sleep_for(10ms);
    return asked().size() >= count;
  }

 private:
  bool answer(const std::string& line, const std::string& request, int connection) {
    if (!has(line, "/events")) return also(line, request, connection);
    if (refusals > 0) {
      --refusals;
      return FakeDocker::reply(connection, 503, R"({"message":"starting"})");
    }
    const std::lock_guard lock(mutex_);
    FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
    connection_ = connection;
    asked_.push_back(line);
    return false;
  }

  std::mutex mutex_;
  int connection_ = -1;
  std::vector<std::string> asked_;

 public:
  std::atomic<int> refusals{0};
  FakeDocker::Answer also = healthy;
  FakeDocker daemon{[this](const std::string& line, const std::string& request, int connection) {
    return answer(line, request, connection);
  }};
};

/// A healthy daemon whose container ends with this code once `ended`.
FakeDocker::Answer ends_when(const std::atomic<bool>& ended, int code) {
  return [&ended, code](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/wait")) {
      FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (!ended) std::this_thread::sleep_for(5ms);
      return true;
    }
    if (ended && has(line, "/containers/c/json"))
      return FakeDocker::reply(connection, 200,
                               R"({"State":{"Running":false,"ExitCode":)" + std::to_string(code) + "}}");
    return healthy(line, request, connection);
  };
}

std::vector<std::string> wait_for_acts(const Scenario& run, size_t count,
                                       std::chrono::milliseconds limit = 5s) {
  std::vector<std::string> words;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (words.size() < count && std::chrono::steady_clock::now() < deadline) {
    pollfd fd{run.engine->exit_fd(), POLLIN, 0};
    poll(&fd, 1, 50);
    for (const Interference& seen : run.engine->take_interferences()) words.push_back(seen.what);
  }
  return words;
}

/// An act that ends the wait for those that should not come.
constexpr const char* kLast = "was exported by somebody else";
std::string last() { return line_of("export"); }

TEST(DockerEvents, are_asked_for_with_the_run_and_the_time) {
  EventDaemon fake;
  const Scenario run(fake.daemon);
  ASSERT_TRUE(run.engine->check());
  ASSERT_EQ(fake.asked().size(), 1U);
  EXPECT_THAT(
      fake.asked()[0],
      HasSubstr("&filters=%7B%22type%22%3A%5B%22container%22%5D%2C%22label%22%3A%5B%22org.cbench.run%3D"
                "0190a0b1-c2d3-7000-8000-000000000001%22%5D%7D"));
  EXPECT_THAT(fake.asked()[0], ::testing::ContainsRegex("/events\\?since=[0-9]+\\.[0-9]{9}&"));
}

TEST(DockerEvents, of_others_are_told_with_the_descriptor_readable) {
  EventDaemon fake;
  const Scenario run(fake.daemon);
  run.start();
  fake.tell(line_of("pause") + line_of("unpause") + line_of("exec_create: ls") +
            line_of("exec_start: ls", R"("execID":"e9")") + line_of("kill", R"("signal":"15")") +
            line_of("stop"));
  fake.tell(last());
  EXPECT_THAT(wait_for_acts(run, 5),
              ElementsAre("was paused by somebody else", "was unpaused by somebody else",
                          "was made to execute a command of somebody else: ls",
                          "was sent SIGTERM by somebody else", kLast));
  EXPECT_TRUE(run.engine->take_exits().empty());
  pollfd fd{run.engine->exit_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&fd, 1, 0), 0);
}

TEST(DockerEvents, before_the_start_and_of_other_containers_are_not_told) {
  EventDaemon fake;
  const Scenario run(fake.daemon);
  run.start();
  fake.tell(line_of("update", "", wall_now() - 10'000'000'000) + line_of("pause", "", wall_now(), "d") +
            last());
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre(kLast));
}

TEST(DockerEvents, of_our_own_stop_and_removal_are_not_told) {
  EventDaemon fake;
  fake.also = [&](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/kill")) fake.tell(line_of("kill", R"("signal":"15")"));
    return healthy(line, request, connection);
  };
  const Scenario run(fake.daemon);
  run.start();
  const std::string before = line_of("pause");
  EXPECT_FALSE(run.engine->stop(0, 50ms));  // the fake's container does not end
  fake.tell(line_of("kill") + line_of("die") + line_of("stop") + line_of("oom") + before);
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre("was paused by somebody else"));
  run.engine->remove_all();
  fake.tell(line_of("kill") + line_of("destroy"));
  EXPECT_THAT(wait_for_acts(run, 1, 200ms), ElementsAre());
}

TEST(DockerEvents, of_our_command_and_of_the_health_check_are_not_told) {
  EventDaemon fake;
  fake.also = [](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/images/"))
      return FakeDocker::reply(connection, 200,
                               R"({"Id":"sha256:1","Config":{"Entrypoint":["server"],
                                   "Healthcheck":{"Test":["CMD-SHELL","curl localhost"]}}})");
    if (has(line, "/containers/c/exec")) return FakeDocker::reply(connection, 201, R"({"Id":"e1"})");
    if (has(line, "/exec/e1/start")) return !FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
    return healthy(line, request, connection);
  };
  const Scenario run(fake.daemon);
  run.start();
  fake.tell(line_of("exec_start: sh -c true", R"("execID":"e1")") +
            line_of("exec_start: /bin/sh -c curl localhost", R"("execID":"e2")") +
            line_of("health_status: healthy") + last());
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre(kLast));
}

TEST(DockerEvents, a_kill_by_another_hand_is_in_the_exit_notice) {
  std::atomic<bool> ended{false};
  EventDaemon fake;
  fake.also = ends_when(ended, 137);
  const Scenario run(fake.daemon);
  run.start();
  fake.tell(line_of("kill", R"("signal":"9")"));
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre("was sent SIGKILL by somebody else"));
  ended = true;
  const std::vector<ExitNotice> exits = run.wait_for_exits();
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].code, 137);
  EXPECT_EQ(exits[0].message, "it was sent SIGKILL by somebody else");
}

TEST(DockerEvents, the_oom_killer_is_told_when_the_container_goes_on) {
  EventDaemon fake;
  const Scenario run(fake.daemon);
  run.start();
  fake.tell(line_of("oom"));
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre("had a process killed by the OOM killer"));
}

TEST(DockerEvents, a_broken_stream_is_opened_again_and_nothing_is_told_twice) {
  EventDaemon fake;
  const Scenario run(fake.daemon, Pull::Missing,
                     DockerTimes{.request = 10s, .lost = 10s, .after_kill = 300ms});
  run.start();
  const int64_t now = wall_now();
  const std::string pause = line_of("pause", "", now), unpause = line_of("unpause", "", now + 1);
  fake.tell(pause);
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre("was paused by somebody else"));
  fake.refusals = 3;
  fake.cut();
  ASSERT_TRUE(fake.wait_for_streams(2));
  std::ostringstream since;
  since << "since=" << now / 1'000'000'000 << "." << std::setw(9) << std::setfill('0') << now % 1'000'000'000;
  EXPECT_THAT(fake.asked()[1], HasSubstr(since.str()));
  fake.tell(pause + unpause);
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre("was unpaused by somebody else"));
  fake.cut();
  ASSERT_TRUE(fake.wait_for_streams(3));
  fake.tell(unpause + last());
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre(kLast));
}

TEST(DockerEvents, that_come_no_more_are_missed_in_words_and_exits_are_still_noticed) {
  std::atomic<bool> ended{false};
  EventDaemon fake;
  fake.also = ends_when(ended, 4);
  const Scenario run(fake.daemon);
  run.start();
  fake.refusals = INT_MAX;
  fake.cut();
  EXPECT_THAT(wait_for_acts(run, 1), ElementsAre("is no longer watched for acts of others: starting"));
  ended = true;
  EXPECT_EQ(run.wait_for_exits().at(0).code, 4);
}

TEST(DockerEvents, a_reopening_that_hangs_delays_neither_an_exit_nor_the_end) {
  std::atomic<bool> ended{false}, hangs{false};
  const FakeDocker daemon([&](const std::string& line, const std::string& request, int connection) {
    if (has(line, "/events")) {
      if (hangs) return false;
      FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
      while (!hangs) std::this_thread::sleep_for(5ms);
      return true;
    }
    if (has(line, "/wait")) {
      FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (!ended) std::this_thread::sleep_for(5ms);
      return true;
    }
    if (ended && has(line, "/containers/c/json"))
      return FakeDocker::reply(connection, 200, R"({"State":{"Running":false,"ExitCode":4}})");
    return healthy(line, request, connection);
  });
  Scenario run(daemon, Pull::Missing, DockerTimes{.request = 60s, .lost = 60s, .after_kill = 1s});
  run.start();
  hangs = true;
  std::this_thread::sleep_for(300ms);
  const auto begin = std::chrono::steady_clock::now();
  ended = true;
  EXPECT_EQ(run.wait_for_exits().at(0).code, 4);
  run.engine.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

}  // namespace
}  // namespace cbench
