// RunJson: a run on standard output as it happens, one JSON object a line.
#pragma once

#include <string>

#include "runtime/driver/run_news.h"

namespace cbench {

class RunJson final : public RunFace {
 public:
  /// Writes to `fd`, which stays open.
  RunJson(const RunFacts& facts, int fd);
  void take(const News& news) override;
  void tick(const LiveFigures& figures) override;
  void end() override;

 private:
  void take_one(const Preparing&) {}
  void take_one(const Prepared& news);
  void take_one(const TraceEvent& event);
  void take_one(const Decision& decision);
  void take_one(const Said& said);
  void take_one(const Omitted& omitted);
  void line(const std::string& object);
  void tell_dropped();
  /// Writes as much as the reader takes without waiting, or all of it. A reader that has gone gets no more.
  void write_out(bool wait);

  const RunFacts& facts_;
  int fd_;
  std::vector<std::string> names_;  ///< of containers
  std::string out_;
  bool gone_ = false, measuring_ = false;
  int64_t next_progress_ns_ = 0, dropped_ = 0;
};

}  // namespace cbench
