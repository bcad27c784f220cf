// CodeLayout: all that a policy's code depends on beside the policy's text. Plain data, so that it can be
// hashed, and sent to the process that generates code. Values of parameters are not in it: code reads them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/check/program.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench::plan {

/// Byte offsets in the state block. An array has an element per container, or one for what is global (`n`).
struct StreamPlace {
  uint64_t value = 0, updated = 0;  ///< [n] of 8 bytes; `updated` is the time + 1 ns, 0 for never
  uint64_t ok = 0, ticked = 0;      ///< [n] of 1 byte
  /// [n] of 8 and of 1 byte, where `prev` is read: the value before this tick.
  uint64_t before = 0, before_ok = 0;
  uint64_t bytes = 0;  ///< of all that it takes, its operators included
  uint32_t n = 0;
  std::vector<int64_t> hold_ns = {};  ///< [n]: a value older than this is missing
};
/// Window: [n] × { i64 next, i64 filled, i64 ticks, i64 unused, [capacity] × { i64 time or tick, f64 value }
/// }. Ewma and the -Previous: [n] × { i64 time + 1, f64 value }. Schmitt: [n] × { i64 latch }. Rises, Falls
/// and Changed: [n] × { i64 1 after the first value, value }.
struct TemporalPlace {
  uint64_t base = 0, stride = 0;
  int64_t capacity = 0;
  uint32_t n = 0;
};
/// [n] × [size of an array, or 1] of 8 bytes.
struct StatePlace {
  uint64_t base = 0;
  uint32_t n = 0;
  uint32_t size = 1;
};
/// The plan's class or, for a class for each container, those of its members.
struct ClassPlace {
  int32_t first = 0, count = 1;
  std::vector<int64_t> of_slot = {};  ///< [slots], -1 without one; empty for a single class
};
/// Times + 1 ns, 0 for none: since when the condition holds, when it was last seen, when the rule last fired;
/// for `every` the first is when it is due next; for `for N of M` it is a bit for each of the last ticks.
struct RulePlace {
  uint64_t first = 0, seen = 0, fired = 0;
  uint32_t n = 0;
  int64_t period_ns = 0;  ///< a gap of two of these starts a `for` anew
  /// Of a task, whose `first` is where it goes on (0: at its begin, -1: it has ended) and whose `seen` is the
  /// time or step until which it waits. Names that outlive a wait: { value, i64 present }.
  std::map<check::LocalId, uint64_t> frame = {};
  uint64_t bytes = 0;   ///< of all that it takes
  bool silent = false;  ///< left out of a degraded run
};

/// What code knows of a container.
struct ContainerConstants {
  std::string name, role, image;
  int64_t index = 0, cores = 1;
  bool critical = false, priority = false;
  std::map<Metric, double> targets = {};  ///< canonical, times in ns
};
/// What code knows of the host.
struct HostConstants {
  std::vector<uint32_t> cpus;  ///< online, ascending
  std::vector<HostPart> sockets, domains;
  uint32_t l3_ways = 0, closids = 0;
  uint64_t l3_bytes = 0, memory_bytes = 0;
  uint32_t mb_kind = 0;       ///< MbKind
  double peak_bandwidth = 0;  ///< bytes/s; 0: not known

  [[nodiscard]] const std::vector<HostPart>& parts(check::Base of) const {
    return of == check::Base::Socket ? sockets : domains;
  }
};

struct CodeLayout {
  std::vector<ContainerConstants> containers;  ///< one a slot
  HostConstants host;
  std::vector<Metric> columns;   ///< of the frame
  std::vector<Metric> measured;  ///< those that `has` is true of
  std::vector<StreamPlace> streams;
  std::vector<TemporalPlace> temporals;
  std::vector<StatePlace> states;
  std::vector<RulePlace> rules;
  std::vector<ClassPlace> classes;
  /// A trial: { i64 steps so far, i64 votes so far, i64 time or step at which it is judged }.
  std::vector<uint64_t> trials;

  [[nodiscard]] uint32_t slots() const { return static_cast<uint32_t>(containers.size()); }
  /// How many there are of a kind of handle; 1 for what is one for the run.
  [[nodiscard]] uint32_t count(check::Base of) const {
    return static_cast<uint32_t>(of == check::Base::Void        ? 1
                                 : of == check::Base::Container ? containers.size()
                                 : of == check::Base::Cpu       ? host.cpus.size()
                                                                : host.parts(of).size());
  }
};

}  // namespace cbench::plan
