// What the loop's thread tells the thread that shows a run, and what shows it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "runtime/driver/live_figures.h"
#include "runtime/loop/edges.h"

namespace cbench {

/// What is settled of a run before its first container is prepared. Everything must outlive who watches.
struct RunFacts {
  const RunSpec& spec;
  const Plan* plan = nullptr;  ///< null without a policy
  std::string run_id, mode, engine, trace_path;
  std::vector<std::string> warnings;  ///< of what is known before it begins
};

struct Preparing {
  size_t slot = 0;
  std::string what;
  double fraction = -1;  ///< negative: not known
};
struct Prepared {
  size_t slot = 0;
};
struct Said {
  RunObserver::Level level{};
  std::string text;
};
/// Some were left out here: they came faster than they could be shown.
struct Omitted {
  int64_t count = 0;
};
using News = std::variant<Preparing, Prepared, TraceEvent, Decision, Said, Omitted>;

/// Something that shows a run. Used by one thread, which may wait in it.
class RunFace {
 public:
  virtual ~RunFace() = default;
  virtual void take(const News& news) = 0;
  /// About ten times a second, after what has happened was taken.
  virtual void tick(const LiveFigures& figures) = 0;
  /// After the last. Returns when everything is out, or can never be.
  virtual void end() = 0;
};

/// Did the decision change the host, or was it to?
inline bool touches_host(const Decision& decision) {
  return decision.outcome != Outcome::NoChange &&
         (info(decision.verb).resource != ActionResource::None || decision.verb == Verb::Reject);
}

}  // namespace cbench
