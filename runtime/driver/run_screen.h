// RunScreen: a run on a terminal, redrawn in place.
#pragma once

#include <memory>
#include <string>

#include "runtime/driver/console.h"
#include "runtime/driver/run_news.h"
#include "runtime/driver/run_view.h"
#include "runtime/driver/terminal.h"

namespace cbench {

class RunScreen final : public RunFace {
 public:
  RunScreen(const RunFacts& facts, const Console& console, std::unique_ptr<Terminal> terminal);
  void take(const News& news) override;
  void tick(const LiveFigures& figures) override;
  void end() override;

 private:
  void take_one(const Preparing& news);
  void take_one(const Prepared& news);
  void take_one(const TraceEvent& event);
  void take_one(const Decision& decision);
  void take_one(const Said& said);
  void take_one(const Omitted&) {}
  void bring_up_to_date(const LiveFigures& figures);

  const RunFacts& facts_;
  const Console& console_;
  std::unique_ptr<Terminal> terminal_;
  RunView view_;
  std::vector<CpuSet> cpus_;  ///< [slot] that the row's words are of
  std::vector<uint64_t> points_;
  std::string above_;  ///< lines that wait to scroll by
};

}  // namespace cbench
