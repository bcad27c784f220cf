// What scripts and people without a terminal are told of a run: objects on standard output, lines on standard
// error.
#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "runtime/driver/console.h"
#include "runtime/driver/run_json.h"
#include "runtime/driver/run_lines.h"
#include "watched_run.h"

namespace cbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using json = nlohmann::json;

class run_json : public WatchedRun {
 protected:
  run_json() {
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  }
  ~run_json() override {
    for (const int fd : ends)
      if (fd >= 0) ::close(fd);
  }
  /// All that can be read now.
  std::string read_all() const {
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string out;
    char piece[65536];
    for (ssize_t count = 0; (count = ::read(ends[0], piece, sizeof piece)) > 0;)
      out.append(piece, static_cast<size_t>(count));
    return out;
  }
  static std::vector<json> objects(const std::string& text) {
    std::vector<json> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
    return out;
  }
  int ends[2] = {-1, -1};
  LiveFigures figures;
};

TEST_F(run_json, each_thing_that_happens_is_an_object_on_a_line) {
  RunJson face(facts, ends[1]);
  face.take(Prepared{0});
  face.take(event(EventKind::Begin));
  face.take(event(EventKind::Start, 0, -1, "0-1"));
  Decision refused = quota(Outcome::Refused);
  refused.reason = "too \"small\"";
  face.take(refused);
  face.take(event(EventKind::MissedSteps, -1, 4));
  face.take(Said{RunObserver::Level::Info, "not a warning"});
  face.take(Said{RunObserver::Level::Error, "two\nlines, and no UTF-8: \xFF"});
  figures.elapsed_ns = 1500 * kMs;
  figures.running = 2;
  face.tick(figures);
  face.tick(figures);
  face.take(event(EventKind::Exit, 1, 137, "out of memory"));
  face.end();
  const std::vector<json> lines = objects(read_all());
  std::vector<std::string> events;
  for (const json& line : lines) events.push_back(line["event"]);
  ASSERT_THAT(events, ElementsAre("begin", "warning", "prepared", "start", "action", "missed", "warning",
                                  "progress", "exit"));
  EXPECT_EQ(lines[0]["run_id"], "id");
  EXPECT_EQ(lines[0]["containers"], json({"a", "b"}));
  EXPECT_EQ(lines[1]["text"], "a CPU is shared");
  EXPECT_EQ(lines[3], json({{"event", "start"},
                            {"step", 3},
                            {"time_ns", 30 * kMs},
                            {"container", "a"},
                            {"code", -1},
                            {"text", "0-1"}}));
  EXPECT_EQ(lines[4]["outcome"], "refused");
  EXPECT_EQ(lines[4]["reason"], "too \"small\"");
  EXPECT_EQ(lines[4]["line"], 7);
  EXPECT_EQ(lines[5]["missed_steps"], 4);
  EXPECT_EQ(lines[6]["level"], "error");
  EXPECT_EQ(lines[7]["running"], 2);
  EXPECT_EQ(lines[8]["code"], 137);
}

TEST_F(run_json, a_reader_that_does_not_read_is_not_waited_for_until_the_end) {
  RunJson face(facts, ends[1]);
  const std::string text(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    face.take(Said{RunObserver::Level::Warn, text});
    face.tick(figures);  // would hang
  }
  auto ended = std::async(std::launch::async, [&] { face.end(); });
  EXPECT_EQ(ended.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  std::string all;
  while (ended.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) all += read_all();
  all += read_all();
  EXPECT_EQ(objects(all).size(), 1002U);
}

TEST_F(run_json, what_a_reader_does_not_take_for_long_is_left_out_and_counted) {
  RunJson face(facts, ends[1]);
  const std::string text(100'000, 'x');
  for (int i = 0; i < 300; ++i) {
    face.take(Said{RunObserver::Level::Warn, text});
    face.tick(figures);
  }
  auto ended = std::async(std::launch::async, [&] { face.end(); });
  std::string all;
  while (ended.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) all += read_all();
  const std::vector<json> lines = objects(all + read_all());
  EXPECT_LT(lines.size(), 200U);
  EXPECT_EQ(lines.back()["text"],
            std::to_string(303 - lines.size()) +
                " lines were left out here, since standard output was not read; the trace has all of it");
}

TEST_F(run_json, a_reader_that_has_gone_ends_nothing) {
  ::signal(SIGPIPE, [](int) {});
  RunJson face(facts, ends[1]);
  ::close(std::exchange(ends[0], -1));
  face.tick(figures);
  face.take(Prepared{0});
  face.tick(figures);
  face.end();
}

class run_lines : public WatchedRun {
 protected:
  run_lines() { testing::internal::CaptureStderr(); }
  static std::string told() { return testing::internal::GetCapturedStderr(); }
  Console console{Console::Verbosity::Normal};
};

TEST_F(run_lines, there_is_one_for_each_thing_that_happens) {
  RunLines face(facts, console);
  face.take(Preparing{1, "pulling x", 0.1});
  face.take(Preparing{1, "pulling x", 0.2});
  face.take(event(EventKind::Start, 0, -1, "0"));
  face.take(quota(Outcome::Applied));
  Decision refused = quota(Outcome::Refused);
  refused.reason = "too small";
  for (int i = 0; i < 3; ++i) face.take(refused);
  face.take(quota(Outcome::NoChange));
  face.take(event(EventKind::Exit, 0, 7));
  LiveFigures figures;
  figures.elapsed_ns = 10'010 * kMs;
  figures.running = 2;
  figures.missed_steps = 3;
  face.tick(figures);
  face.tick(figures);
  face.end();
  const std::string lines = told();
  EXPECT_EQ(lines,
            "b: pulling x\n"
            "   0.03 s  a started on CPU 0\n"
            "   0.00 s  quota a = 50%: applied\n"
            "   0.00 s  quota a = 50%: refused: too small\n"
            "   0.03 s  a ended with exit code 7\n"
            "           the same 2 more times\n"
            "10.0/60.0 s  2 running, 0 waiting, 0 ended, 3 steps missed\n");
  EXPECT_THAT(lines, Not(HasSubstr("\x1b")));
}

TEST_F(run_lines, a_policy_that_acts_all_the_time_does_not_fill_the_screen) {
  RunLines face(facts, console);
  for (int i = 0; i < 1000; ++i) face.take(quota(Outcome::Applied, 0.1 + i * 0.001));
  LiveFigures figures;
  figures.elapsed_ns = 10'010 * kMs;
  face.tick(figures);
  face.take(quota(Outcome::Applied, 3));
  const std::string lines = told();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 22);
  EXPECT_THAT(lines, HasSubstr("980 more actions"));
}

}  // namespace
}  // namespace cbench
