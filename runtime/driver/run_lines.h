// RunLines: a run as plain lines on standard error, where there is no terminal: one when something happens,
// and how far it is every ten seconds.
#pragma once

#include <string>
#include <vector>

#include "runtime/driver/console.h"
#include "runtime/driver/run_news.h"

namespace cbench {

class RunLines final : public RunFace {
 public:
  RunLines(const RunFacts& facts, Console& console) : facts_(facts), console_(console) {
    doing_.resize(facts.spec.containers.size());
  }
  void take(const News& news) override;
  void tick(const LiveFigures& figures) override;
  void end() override { tell_folded(); }

 private:
  void take_one(const Preparing& news);
  void take_one(const Prepared&) {}
  void take_one(const TraceEvent& event);
  void take_one(const Decision& decision);
  void take_one(const Said& said) { console_.log(said.level, said.text); }
  void take_one(const Omitted& omitted);
  void print(const std::string& line) { console_.say(line); }
  void tell_folded();

  const RunFacts& facts_;
  Console& console_;
  std::vector<std::string> doing_;  ///< [slot] what was said of its preparation
  int64_t next_line_ns_ = 0;
  std::string last_action_;
  int64_t repeated_ = 0, actions_ = 0, untold_ = 0;
};

}  // namespace cbench
