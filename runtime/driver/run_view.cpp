#include "runtime/driver/run_view.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "runtime/analysis/table.h"

namespace cbench {
namespace {

constexpr size_t kMostActions = 5, kGap = 2;
constexpr size_t kLeastName = 8, kMostName = 24, kLeastSparks = 8, kLeastBar = 8, kMostBar = 40;

/// "6.1 s", "12:05", "1:00:00": as coarse as `whole` allows.
std::string clock(int64_t ns, int64_t whole) {
  const int64_t seconds = ns / 1'000'000'000, tenths = ns / 100'000'000;
  if (whole < 100'000'000'000) return fmt::format("{}.{}", tenths / 10, tenths % 10);
  if (whole < 3'600'000'000'000) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

ViewLine header(const RunView& view, const Screen& screen) {
  const char* unit = view.total_ns < 100'000'000'000 ? " s" : "";
  std::string passed, left;
  switch (view.phase) {
    case RunView::Phase::Preparing: {
      const auto ready = std::count_if(view.rows.begin(), view.rows.end(),
                                       [](const RunView::Row& row) { return row.prepared; });
      passed = fmt::format("preparing {} / {}", ready, view.rows.size());
      break;
    }
    case RunView::Phase::Measuring:
      passed = fmt::format("{} / {}{}", clock(view.elapsed_ns, view.total_ns),
                           clock(view.total_ns, view.total_ns), unit);
      left = view.elapsed_ns >= view.total_ns
                 ? "draining"
                 : clock(view.total_ns - view.elapsed_ns, view.total_ns) + unit + " left";
      break;
    case RunView::Phase::Ending:
      passed = fmt::format("{} / {}{}", clock(view.elapsed_ns, view.total_ns),
                           clock(view.total_ns, view.total_ns), unit);
      left = "stopping";
      break;
  }
  const std::string who = view.policy.empty() ? view.mode : fmt::format("{} ({})", view.policy, view.mode);
  const double part = view.phase == RunView::Phase::Preparing
                          ? 0
                          : static_cast<double>(view.elapsed_ns) / static_cast<double>(view.total_ns);
  // What is less needed goes first: the time left, then the policy, then the bar.
  const size_t name = std::min(width_of(view.name), kMostName);
  const size_t most = screen.columns;
  size_t used = name + kGap + width_of(passed);
  const auto fits = [&](const std::string& text) {
    const bool yes = !text.empty() && used + kGap + width_of(text) + kGap + kLeastBar <= most;
    if (yes) used += kGap + width_of(text);
    return yes;
  };
  const bool with_who = fits(who), with_left = fits(left);
  ViewLine line(screen);
  line.add(view.name, name, Style::Bold).blanks(kGap);
  if (view.phase != RunView::Phase::Preparing && used + kGap + kLeastBar <= most)
    add_bar(line, part, std::min(most - used - kGap, kMostBar), screen).blanks(kGap);
  line.add(passed);
  if (with_left)
    line.blanks(kGap).add(left, view.phase == RunView::Phase::Ending ? Style::Yellow : Style::Dim);
  if (with_who) line.blanks(kGap).add(who, Style::Dim);
  return line;
}

struct Words {
  std::string text;
  Style style;
};

Words state_of(const RunView::Row& row) {
  switch (row.state) {
    case ContainerState::Waiting:
      return {"waiting", Style::Dim};
    case ContainerState::Starting:
      return {"starting", Style::Yellow};
    case ContainerState::Running:
      return row.paused ? Words{"paused", Style::Yellow} : Words{"running", Style::Green};
    case ContainerState::Stopping:
      return {"stopping", Style::Yellow};
    case ContainerState::Rejected:
      return {"rejected", Style::Yellow};
    case ContainerState::Failed:
      return {"failed", Style::Red};
    case ContainerState::Ended:
      break;
  }
  if (row.exit && row.exit->oom) return {"no memory", Style::Red};
  if (row.exit && row.exit->stopped) return {"stopped", Style::Dim};
  if (row.exit && row.exit->code != 0) return {fmt::format("exit {}", row.exit->code), Style::Red};
  return {"ended", Style::Dim};
}
constexpr size_t kStateWidth = 9;

/// The columns of figures that the screen has room for.
struct Layout {
  size_t name = 0, cls = 0, cores = 0, sparks = 0;  ///< widths; 0: not shown
  bool ipc = false, memory = false;
};
constexpr size_t kCpuWidth = 6, kIpcWidth = 4, kMemoryWidth = 9;

Layout lay_out(const RunView& view, const Screen& screen) {
  Layout out;
  size_t longest = width_of("container"), cores = width_of("cores");
  for (const RunView::Row& row : view.rows) {
    longest = std::max(longest, width_of(row.name));
    cores = std::max(cores, width_of(row.cores));
  }
  out.name = std::min({longest, kMostName, std::max(kLeastName, screen.columns / 3)});
  size_t used = out.name + kGap + kStateWidth + kGap + kCpuWidth;
  const auto take = [&](size_t width) {
    if (used + kGap + width > screen.columns) return false;
    used += kGap + width;
    return true;
  };
  out.ipc = take(kIpcWidth);
  out.memory = out.ipc && take(kMemoryWidth);
  if (out.memory && take(std::min<size_t>(cores, 12))) out.cores = std::min<size_t>(cores, 12);
  size_t cls = width_of("class");
  for (const std::string& one : view.classes) cls = std::max(cls, width_of(one));
  if (!view.classes.empty() && out.cores > 0 && take(std::min<size_t>(cls, 12)))
    out.cls = std::min<size_t>(cls, 12);
  const size_t left = screen.columns - std::min(screen.columns, used + kGap);
  if (left >= kLeastSparks) out.sparks = std::min(left, Sparks::kMost);
  return out;
}

ViewLine titles(const Layout& layout, const Screen& screen) {
  ViewLine line(screen);
  line.left("container", layout.name, Style::Dim).blanks(kGap).left("state", kStateWidth, Style::Dim);
  line.blanks(kGap).right("CPU %", kCpuWidth, Style::Dim);
  if (layout.ipc) line.blanks(kGap).right("IPC", kIpcWidth, Style::Dim);
  if (layout.memory) line.blanks(kGap).right("memory", kMemoryWidth, Style::Dim);
  if (layout.cls > 0) line.blanks(kGap).left("class", layout.cls, Style::Dim);
  if (layout.cores > 0) line.blanks(kGap).left("cores", layout.cores, Style::Dim);
  return line;
}

ViewLine row_line(const RunView::Row& row, const Layout& layout, const Screen& screen) {
  const bool runs = row.state == ContainerState::Running;
  const auto figure = [&](double value, const std::string& words, size_t width, ViewLine& line) {
    const bool none = !std::isfinite(value);
    line.blanks(kGap).right(!runs || (none && !row.sampled) ? ""
                            : none                          ? "n/a"
                                                            : words,
                            width, none ? Style::Dim : Style::Plain);
  };
  ViewLine line(screen);
  const Words state = state_of(row);
  line.left(row.name, layout.name).blanks(kGap).left(state.text, kStateWidth, state.style);
  figure(row.cpu_percent, fmt::format("{:.{}f}", row.cpu_percent, row.cpu_percent < 1000 ? 1 : 0), kCpuWidth,
         line);
  if (layout.ipc) figure(row.ipc, fmt::format("{:.2f}", row.ipc), kIpcWidth, line);
  if (layout.memory)
    figure(row.memory_bytes,
           std::isfinite(row.memory_bytes) ? in_bytes(static_cast<int64_t>(row.memory_bytes)) : "",
           kMemoryWidth, line);
  if (layout.cls > 0) line.blanks(kGap).left(runs ? row.cls : "", layout.cls);
  if (layout.cores > 0) line.blanks(kGap).left(runs ? row.cores : "", layout.cores);
  if (layout.sparks > 0) {
    double top = 100;  // a whole core, or more where more was used
    for (const float value : row.sparks.last(Sparks::kMost)) top = std::fmax(top, value);
    const auto values = row.sparks.last(layout.sparks);
    line.blanks(kGap + layout.sparks - values.size());
    line.add(sparkline(values, top, screen), runs ? Style::Cyan : Style::Dim);
  }
  return line;
}

ViewLine preparing_line(const RunView::Row& row, size_t name, const Screen& screen) {
  ViewLine line(screen);
  line.left(row.name, name).blanks(kGap);
  if (row.state == ContainerState::Failed) return line.add("failed", Style::Red);
  if (row.prepared) return line.add("ready", Style::Green);
  if (row.doing.empty()) return line.add("preparing", Style::Dim);
  constexpr size_t kPercent = 5;  // " 100%"
  const size_t bar = std::min<size_t>(20, line.room() / 3);
  if (row.fraction < 0 || bar < kLeastBar) return line.add(row.doing);
  const size_t words = std::min<size_t>(line.room() - bar - kPercent - kGap, 40);
  line.left(row.doing, words).blanks(kGap);
  return add_bar(line, row.fraction, bar, screen).right(fmt::format("{:.0f}%", 100 * row.fraction), kPercent);
}

ViewLine action_line(const RunView::Action& action, size_t what, const Screen& screen) {
  constexpr size_t kTime = 9, kOutcome = 8;
  const Style style = action.outcome == Outcome::Applied   ? Style::Green
                      : action.outcome == Outcome::Failed  ? Style::Red
                      : action.outcome == Outcome::Refused ? Style::Yellow
                                                           : Style::Cyan;
  ViewLine line(screen);
  line.right(fmt::format("{:.2f} s", static_cast<double>(action.time_ns) / 1e9), kTime, Style::Dim);
  line.blanks(kGap).left(action.what, what).blanks(kGap).left(name(action.outcome), kOutcome, style);
  if (action.times > 1) line.blanks(1).add(fmt::format("({} times)", action.times), Style::Dim);
  if (!action.reason.empty()) line.blanks(kGap).add(action.reason, Style::Dim);
  return line;
}

/// How much one wants to see the row where not all fit.
int interest(const RunView::Row& row) {
  int level = 0;
  if (row.state == ContainerState::Failed) level = 4;
  if (row.state == ContainerState::Running || row.state == ContainerState::Stopping ||
      row.state == ContainerState::Starting)
    level = 3;
  if (row.state == ContainerState::Waiting) level = row.prepared ? 1 : 2;
  return 2 * level + (row.important ? 1 : 0);
}

/// Which rows are shown, in their own order: `most` of them, by interest and then by their order, so that a
/// row does not come and go with its figures.
std::vector<size_t> chosen(const std::vector<RunView::Row>& rows, size_t most) {
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int of_a = interest(rows[a]), of_b = interest(rows[b]);
    return of_a != of_b ? of_a > of_b : a < b;
  });
  order.resize(std::min(most, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

/// How the lines are shared out.
struct Budget {
  size_t rows = 0, actions = 0;
  bool titles = true, missed = false, blank = true;
  [[nodiscard]] size_t lines(size_t all_rows) const {
    const size_t below = actions + (missed ? 1 : 0);
    return 1 + (titles ? 1 : 0) + rows + (rows < all_rows ? 1 : 0) + below +
           (blank ? 1 + (below > 0 ? 1 : 0) : 0);
  }
};

Budget share_out(const RunView& view, size_t most) {
  const bool preparing = view.phase == RunView::Phase::Preparing;
  const size_t all = view.rows.size();
  Budget out{.rows = all,
             .actions = std::min(view.actions.size(), kMostActions),
             .titles = !preparing,
             .missed = view.missed_steps > 0};
  const auto too_long = [&] { return out.lines(all) > most; };
  if (too_long()) out.blank = false;
  while (too_long() && out.actions > 1) --out.actions;
  const size_t least_rows = std::min<size_t>(all, 3);
  while (too_long() && out.rows > least_rows) --out.rows;
  if (too_long()) out.actions = 0;
  if (too_long()) out.titles = false;
  if (too_long()) out.missed = false;
  while (too_long() && out.rows > 0) --out.rows;
  return out;
}

}  // namespace

std::vector<ViewLine> draw(const RunView& view, const Screen& real) {
  // The last column stays free: a terminal whose line is full may already have gone to the next.
  Screen screen = real;
  screen.columns = std::max<size_t>(real.columns, 2) - 1;
  const size_t most = std::max<size_t>(real.rows, 2) - 1;
  const Budget budget = share_out(view, most);
  const bool preparing = view.phase == RunView::Phase::Preparing;
  const Layout layout = lay_out(view, screen);

  std::vector<ViewLine> lines{header(view, screen)};
  const auto blank = [&] {
    if (budget.blank) lines.emplace_back(screen);
  };
  blank();
  if (budget.titles) lines.push_back(titles(layout, screen));
  const std::vector<size_t> shown = chosen(view.rows, budget.rows);
  for (const size_t row : shown)
    lines.push_back(preparing ? preparing_line(view.rows[row], layout.name, screen)
                              : row_line(view.rows[row], layout, screen));
  if (shown.size() < view.rows.size() && lines.size() < most)
    lines.push_back(std::move(ViewLine(screen).add(
        fmt::format("{} and {} more", screen.utf8 ? "…" : "...", view.rows.size() - shown.size()),
        Style::Dim)));
  if (budget.actions > 0 || budget.missed) blank();
  const size_t first = view.actions.size() - budget.actions;
  size_t what = 0;
  for (size_t i = first; i < view.actions.size(); ++i) what = std::max(what, width_of(view.actions[i].what));
  what = std::min(what, screen.columns / 2);
  for (size_t i = first; i < view.actions.size(); ++i)
    lines.push_back(action_line(view.actions[i], what, screen));
  if (budget.missed)
    lines.push_back(std::move(ViewLine(screen).add(
        fmt::format("{} of {} steps missed", view.missed_steps, view.steps + view.missed_steps),
        Style::Yellow)));
  for (ViewLine& line : lines) line.trim();
  return lines;
}

}  // namespace cbench
