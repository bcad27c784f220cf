// The app collector: the figures that a workload prints, by its output, a file of its own or a socket.
#include <algorithm>
#include <deque>

#include <fmt/format.h>

#include "runtime/collectors/collector.h"
#include "runtime/collectors/figure_pattern.h"
#include "runtime/collectors/log_tail.h"
#include "runtime/collectors/socket_tail.h"

namespace cbench {
namespace {

class AppCollector final : public Collector {
 public:
  AppCollector(const RunSpec& spec, const Frame& frame) : slots_(spec.containers.size()) {
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
      const auto& app = spec.containers[slot].app;
      if (!app) continue;
      Source& source = sources_.emplace_back(*app);
      for (const AppFigure& figure : app->figures)
        if (const int column = frame.column(figure.metric); column >= 0)
          source.cells.push_back({figure, static_cast<size_t>(column), false});
      slots_[slot] = &source;
    }
  }

  std::vector<std::string> attach(size_t slot, const Started& started) override {
    if (slots_[slot] == nullptr) return {};
    Source& s = *slots_[slot];
    if (!s.app.address.value.empty()) {  // the service may come up later: it is asked in each sample
      s.socket = std::make_unique<SocketTail>(s.app.address.value, s.app.request);
      return {};
    }
    const bool own_output = s.app.path.value.empty();
    const std::string& path = own_output ? started.output : s.app.path.value;
    // A file may have lines of an earlier run; the output was empty when the container began.
    s.tail.follow(path, own_output ? LogTail::From::Beginning : LogTail::From::End);
    const std::string trouble = LogTail::why_not(path);
    if (trouble.empty()) return {};
    std::string names;
    for (const Cell& cell : s.cells)
      names += fmt::format("{}app.{}", names.empty() ? "" : ", ", info(cell.figure.metric).name);
    return {fmt::format("{}: cannot read {}: {}; it is tried again in each sample", names, path, trouble)};
  }

  void detach(size_t slot) override {
    if (slots_[slot] == nullptr) return;
    slots_[slot]->tail.close();
    slots_[slot]->socket.reset();
  }

  void collect(size_t slot, Frame& frame) override {
    if (slots_[slot] == nullptr) return;
    Source& s = *slots_[slot];
    const auto lines = s.socket ? s.socket->read() : s.tail.read();
    for (Cell& cell : s.cells)
      frame.set_missing(cell.column, slot, lines ? Status::Unavailable : Status::Error);
    if (lines) find(s, *lines, slot, frame);
    if (s.socket || !s.tail.reopen()) return;
    if (const auto more = s.tail.read()) {
      for (Cell& cell : s.cells)
        if (!lines) frame.set_missing(cell.column, slot, Status::Unavailable);
      find(s, *more, slot, frame);
    }
  }

 private:
  struct Cell {
    AppFigure figure;
    size_t column;
    bool found;  ///< in the lines that are being looked at
  };
  struct Source {
    explicit Source(const AppSource& source) : app(source), pattern(source.pattern.value) {}
    const AppSource& app;
    FigurePattern pattern;
    LogTail tail;
    std::unique_ptr<SocketTail> socket;  ///< instead of a file
    std::vector<Cell> cells;
  };

  /// The newest figure counts, of each metric by itself: a pattern of alternatives may find them in several
  /// lines.
  static void find(Source& s, std::string_view lines, size_t slot, Frame& frame) {
    for (Cell& cell : s.cells) cell.found = false;
    size_t left = s.cells.size();
    while (!lines.empty() && left > 0) {
      const FigurePattern::Found matched = s.pattern.match(take_last_line(lines));
      if (matched == FigurePattern::Found::No) continue;
      for (Cell& cell : s.cells) {
        if (cell.found) continue;
        const auto text = s.pattern.group(cell.figure.group);
        if (!text && matched == FigurePattern::Found::Yes) continue;
        cell.found = true;
        --left;
        set(cell, text ? figure_value(*text, cell.figure) : std::nullopt, slot, frame);
      }
    }
  }

  /// What was printed and is no figure is an error, not silence.
  static void set(const Cell& cell, std::optional<double> value, size_t slot, Frame& frame) {
    if (!value)
      frame.set_missing(cell.column, slot, Status::Error);
    else if (info(cell.figure.metric).type == MetricType::I64)
      frame.set_i64(cell.column, slot, static_cast<int64_t>(*value));
    else
      frame.set_f64(cell.column, slot, *value);
  }

  std::deque<Source> sources_;
  std::vector<Source*> slots_;  ///< nullptr: reports nothing
};

}  // namespace

std::unique_ptr<Collector> make_app_collector(const RunSpec& spec, const Frame& frame) {
  return std::make_unique<AppCollector>(spec, frame);
}

}  // namespace cbench
