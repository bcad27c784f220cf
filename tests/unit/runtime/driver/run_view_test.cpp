// The view of a run as text, without a terminal: tests/golden/view/NAME.expected, a line of `-` marks how
// wide the terminal is. CBENCH_BLESS=1 writes them anew.
#include "runtime/driver/run_view.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace cbench {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

/// The frame as a file shows it: escapes readable.
std::string frame(const RunView& view, const Screen& screen) {
  std::string out(screen.columns, '-');
  out += '\n';
  for (const ViewLine& line : draw(view, screen)) {
    for (const char c : line.text()) out += c == '\x1b' ? "\\e" : std::string(1, c);
    out += '\n';
  }
  return out;
}

void expect_frames(const std::string& name, const std::string& frames) {
  const std::string path = std::string(CBENCH_TESTS_DIR) + "/golden/view/" + name + ".expected";
  if (std::getenv("CBENCH_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << frames;
  std::ostringstream expected;
  expected << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(frames, expected.str()) << "write it anew: CBENCH_BLESS=1 test.runtime.driver";
}

Screen plain(size_t columns, size_t rows = 24) {
  return {.columns = columns, .rows = rows, .colour = false, .utf8 = true};
}

RunView::Row running(const std::string& name, double cpu, double ipc, const std::string& cores) {
  RunView::Row row{.name = name, .prepared = true, .state = ContainerState::Running, .sampled = true};
  row.cpu_percent = cpu;
  row.ipc = ipc;
  row.memory_bytes = 3.25 * 1024 * 1024;
  row.cores = cores;
  for (int i = 0; i < 40; ++i) row.sparks.push(i % 9 == 8 ? RunView::kNone : cpu * (i % 8) / 8);
  return row;
}

RunView three() {
  RunView view{.name = "quickstart", .policy = "rescue", .mode = "act", .phase = RunView::Phase::Measuring};
  view.elapsed_ns = 12'340'000'000;
  view.total_ns = 20 * kSecond;
  view.steps = 121;
  view.missed_steps = 2;
  view.classes = {"shared", "jail"};
  view.rows = {running("victim", 48.2, 1.417, "0"), running("hog", 1204.7, RunView::kNone, "1-12")};
  view.rows[0].cls = "shared";
  view.rows[1].cls = "jail";
  view.rows[1].paused = true;
  view.rows.push_back({.name = "late", .prepared = true});
  view.actions = {{4 * kSecond, "move hog -> jail", Outcome::Applied, "", 1},
                  {8 * kSecond, "quota hog = 5%", Outcome::Refused, "below the least quota of 10%", 17},
                  {9 * kSecond, "pin hog to 1-12", Outcome::Failed, "cpuset.cpus: Invalid argument", 1}};
  return view;
}

RunView twenty() {
  RunView view{.name = "twenty", .policy = "", .mode = "observe", .phase = RunView::Phase::Measuring};
  view.elapsed_ns = 754 * kSecond;
  view.total_ns = 3600 * kSecond;
  for (int i = 0; i < 20; ++i) {
    RunView::Row row = running("service-" + std::to_string(i), 5.0 * i, 0.1 * i, std::to_string(i));
    if (i % 4 == 1) row = {.name = row.name, .prepared = true};
    if (i % 4 == 2) {
      row.state = ContainerState::Ended;
      row.exit =
          ExitNotice{.slot = 0, .code = i == 2 ? 0 : i, .oom = i == 10, .stopped = i == 6, .message = ""};
    }
    if (i == 19) row.important = true;
    view.rows.push_back(row);
  }
  view.rows[13].state = ContainerState::Failed;
  view.rows[17].state = ContainerState::Rejected;
  for (int i = 0; i < 5; ++i)
    view.actions.push_back({i * kSecond, "pause service-0", Outcome::Advised, "", 1});
  return view;
}

TEST(run_view, it_has_fewer_columns_on_a_narrow_terminal) {
  std::string frames;
  for (const size_t columns : {120, 80, 60, 40, 20}) frames += frame(three(), plain(columns));
  expect_frames("widths", frames);
}

TEST(run_view, it_has_fewer_rows_on_a_short_terminal_and_keeps_the_most_interesting) {
  std::string frames;
  for (const size_t rows : {40, 24, 12, 7, 4, 2}) frames += frame(twenty(), plain(80, rows));
  expect_frames("heights", frames);
}

TEST(run_view, colours_are_only_there_when_they_are_asked_for) {
  EXPECT_EQ(frame(three(), plain(80)).find("\\e"), std::string::npos);
  expect_frames("colours", frame(three(), {.columns = 100, .rows = 24, .colour = true, .utf8 = true}));
}

TEST(run_view, without_utf8_it_is_drawn_with_ascii) {
  const std::string ascii = frame(three(), {.columns = 100, .rows = 5, .colour = false, .utf8 = false});
  for (const char c : ascii) ASSERT_GE(c, 0);
  expect_frames("ascii", ascii);
}

TEST(run_view, each_image_that_is_pulled_has_a_bar_of_its_own) {
  RunView view{.name = "pulls", .policy = "rescue", .mode = "act", .total_ns = kSecond};
  view.rows = {{.name = "db", .doing = "pulling registry.example:5000/team/postgres:16", .fraction = 0.42},
               {.name = "web", .doing = "pulling nginx:latest", .fraction = -1},
               {.name = "cache", .doing = "pulling redis:7", .fraction = 1, .prepared = true},
               {.name = "load"},
               {.name = "gone", .state = ContainerState::Failed}};
  expect_frames("preparing", frame(view, plain(100)) + frame(view, plain(60)) + frame(view, plain(40)));
}

TEST(run_view, the_head_says_where_the_run_is) {
  RunView view = three();
  view.rows.clear();
  view.actions.clear();
  view.missed_steps = 0;
  std::string frames;
  view.phase = RunView::Phase::Ending;
  frames += frame(view, plain(80));
  view.phase = RunView::Phase::Measuring;
  view.elapsed_ns = 25 * kSecond;  // drain
  frames += frame(view, plain(80));
  view.total_ns = 7322 * kSecond;
  frames += frame(view, plain(80));
  view.policy.clear();
  view.mode = "observe";
  frames += frame(view, plain(80));
  expect_frames("heads", frames);
}

TEST(run_view, names_of_any_script_stay_in_their_columns) {
  RunView view = three();
  view.rows.clear();
  for (const char* name : {"データベース-primary", "наблюдатель", "cafe\xCC\x81",
                           "😀😀😀😀😀😀😀😀😀😀😀😀😀", "bad\xFF\xC3utf", "esc\x1b[31mred\ttab", "a"})
    view.rows.push_back(running(name, 50, 1, "0"));
  expect_frames("names", frame(view, plain(80)));
}

TEST(run_view, no_line_is_wider_and_no_frame_is_higher_than_the_terminal) {
  RunView wide = three();
  wide.name = "データベースデータベースデータベース";
  wide.rows[0].name = "日本語の名前日本語の名前日本語の名前";
  wide.actions[0].what = std::string(300, 'x');
  RunView preparing = wide;
  preparing.phase = RunView::Phase::Preparing;
  preparing.rows[2].doing = "pulling 日本語/日本語";
  preparing.rows[2].prepared = false;
  preparing.rows[2].fraction = 0.5;
  for (const RunView& view : {wide, preparing, twenty()})
    for (size_t columns = 0; columns < 150; ++columns)
      for (size_t rows = 0; rows < 40; ++rows) {
        const std::vector<ViewLine> lines = draw(view, {columns, rows, columns % 2 == 0, rows % 2 == 0});
        ASSERT_GE(lines.size(), 1U);
        ASSERT_LE(lines.size(), std::max<size_t>(rows, 2) - 1) << columns << "x" << rows;
        for (const ViewLine& line : lines)
          ASSERT_LE(line.width(), std::max<size_t>(columns, 2) - 1) << line.text();
      }
}

TEST(view_text, a_text_is_cut_at_a_character_and_says_so) {
  const Screen screen = plain(10);
  EXPECT_EQ(ViewLine(screen).add("0123456789").text(), "0123456789");
  EXPECT_EQ(ViewLine(screen).add("0123456789a").text(), "012345678…");
  EXPECT_EQ(ViewLine(screen).add("日本語日本語").text(), "日本語日…")
      << "nine columns: a wide one has no room";
  EXPECT_EQ(ViewLine(screen).add("日本語日本語").width(), 9U);
  EXPECT_EQ(ViewLine(screen).left("日本", 6).add("|").text(), "日本  |");
  EXPECT_EQ(ViewLine(screen).right("日本", 6).add("|").text(), "  日本|");
  EXPECT_EQ(width_of("e\xCC\x81"), 1U);
}

TEST(view_text, a_sparkline_has_a_gap_where_nothing_was_measured) {
  const float values[] = {0, 50, 100, NAN, 400};
  EXPECT_EQ(sparkline(values, 100, plain(80)), "▁▅█ █");
}

}  // namespace
}  // namespace cbench
