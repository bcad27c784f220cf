// Each call of the Docker engine's against a FAKE daemon that hangs in it: given up in time, and told which
// call for which container, and how long it was waited for.
#include <gmock/gmock.h>

#include "tests/support/docker_scenario.h"

namespace cbench {
namespace {

using testing::FakeDocker;
using testing::has;
using ::testing::HasSubstr;
using testing::healthy;
using testing::Scenario;
using namespace std::chrono_literals;

/// How a daemon can hang: without a word, in the headers, byte by byte, before the body, and in the body.
enum class Hang : uint8_t { Silent, HeadersDrip, NoBody, BodyDrips };

bool hang(Hang how, int connection) {
  const auto drip = [&](const std::string& text) {
    for (size_t i = 0; FakeDocker::write_all(connection, text.substr(i % text.size(), 1)); ++i)
      std::this_thread::sleep_for(20ms);
    return true;
  };
  if (how == Hang::Silent) return false;
  if (how == Hang::HeadersDrip)
    return drip("HTTP/1.1 200 OK\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  return how == Hang::BodyDrips ? drip(" ") : false;
}

struct Call {
  const char *name, *request;  ///< what the request's first line has
  bool stream = false;         ///< its body may take as long as it likes, or is of no interest
  const char* about;           ///< what the message has
};
constexpr Call kCalls[] = {
    {"version", "/version", false, "ask for its version"},
    {"events", "/events", true, "does not tell its events"},
    {"image", "/images/busybox/json", false, "image `busybox`"},
    {"pull", "/images/create", false, "image `busybox`"},
    {"create", "/containers/create", false, "container `victim`: cannot create container"},
    {"update", "/update", false, "container `victim`: cannot pin the container"},
    {"wait", "/wait", true, "container `victim`: cannot wait for the container"},
    {"attach", "/attach", true, "container `victim`: cannot read the container's output"},
    {"start", "/containers/c/start", false, "container `victim`: cannot start the container"},
    {"inspect", "/containers/c/json", false, "container `victim`: cannot inspect the container"},
    {"exec_create", "/containers/c/exec", false, "container `victim`: its command cannot be executed"},
    {"exec_start", "/exec/e/start", true,
     "container `victim`: its command cannot be executed: cannot execute the command"},
    {"kill", "/kill", false, "container `victim`: cannot send SIGKILL"},
    {"list", "/containers/json", false, "the containers of run 0190a0b1"},
    {"remove", "DELETE", true, "container cbench-0190a0b1-victim"}};

void PrintTo(const Call& call, std::ostream* out) { *out << call.name; }
void PrintTo(Hang how, std::ostream* out) { *out << static_cast<int>(how); }

class DockerHang : public ::testing::TestWithParam<std::tuple<Call, Hang>> {};

TEST_P(DockerHang, is_given_up_in_time_and_told) {
  const auto& [call, how] = GetParam();
  const FakeDocker daemon(
      [&, c = call, h = how](const std::string& line, const std::string& request, int connection) {
        if (has(line, c.request)) return hang(h, connection);
        if (has(line, "/images/busybox/json") && std::string(c.name) == "pull")
          return FakeDocker::reply(connection, 404, "{}");
        if (has(line, "/containers/c/exec")) return FakeDocker::reply(connection, 201, R"({"Id":"e"})");
        if (has(line, "/exec/e/start")) return !FakeDocker::write_all(connection, "HTTP/1.1 200 OK\r\n\r\n");
        if (has(line, "/containers/json"))
          return FakeDocker::reply(
              connection, 200,
              R"([{"Id":"c","Names":["/cbench-0190a0b1-victim"],"Labels":{"org.cbench.run":"r"}}])");
        return healthy(line, request, connection);
      });
  DockerTimes times = testing::kShort;
  times.pull_idle = 300ms;
  Scenario run(daemon, Pull::Missing, times);
  run.spec.containers[0].entrypoint = {"server"};  // so that the command is executed beside it
  CpuSet cpus;
  cpus.set(0);
  const auto begin = std::chrono::steady_clock::now();
  const auto words = [&]() -> std::string {
    const auto said = [](const Error& error) { return error.message + "; " + error.hint; };
    if (const Result<> checked = run.engine->check(); !checked) return said(checked.error());
    if (const Result<> prepared = run.engine->prepare(0, {}); !prepared) return said(prepared.error());
    if (const auto started = run.engine->start(0, cpus); !started) return said(started.error());
    if (std::string(call.name) == "kill") return said(run.engine->stop(0, 100ms).error());
    const std::vector<std::string> left = run.engine->remove_all();
    return left.empty() ? "nothing" : left[0];
  }();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 6s);
  EXPECT_THAT(words, HasSubstr(call.about));
  EXPECT_THAT(words, ::testing::ContainsRegex(
                         "(no answer|the answer did not end) within (0.3|0.9|1.8) s|no progress for 0.3 s"));
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<Call, Hang>>& one) {
  constexpr const char* kHow[] = {"silent", "headers_drip", "no_body", "body_drips"};
  return std::string(std::get<0>(one.param).name) + "_" + kHow[static_cast<size_t>(std::get<1>(one.param))];
}

/// A stream is fine without a body, or with one that comes in drops.
std::vector<std::tuple<Call, Hang>> combinations() {
  std::vector<std::tuple<Call, Hang>> all;
  for (const Call& call : kCalls)
    for (const Hang how : {Hang::Silent, Hang::HeadersDrip, Hang::NoBody, Hang::BodyDrips})
      if (!call.stream || how == Hang::Silent || how == Hang::HeadersDrip) all.emplace_back(call, how);
  return all;
}
INSTANTIATE_TEST_SUITE_P(each, DockerHang, ::testing::ValuesIn(combinations()), name_of);

}  // namespace
}  // namespace cbench
