// The checked program: names resolved, every expression with its type. Nothing has been rewritten: it still
// says what the user wrote. Only check() makes one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/check/statements.h"
#include "compiler/check/types.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"

namespace cbench::check {

/// M in `for N of M` is at most this: a bit for each tick.
inline constexpr int kMaxTally = 64;
/// Elements of an array.
inline constexpr int64_t kMaxArray = 4096;
/// Values of a table.
inline constexpr int64_t kMaxTable = 256;

enum class Op : uint8_t {
  ConstBool,   ///< i
  ConstInt,    ///< i; times in ns
  ConstFloat,  ///< f, canonical
  Unlimited,   ///< +infinity, of quota(c) = unlimited
  Param,       ///< ref: parameter
  Local,  ///< ref: local (let, loop variable, function argument); i: 1 for a container held across a wait
  MetricRead,    ///< ref: Metric; kid: container
  Static,        ///< ref: StaticField; kid: container; i: Metric of a Target
  NameIs,        ///< ref: StaticField; kid: container; text: compared with
  HostFact,      ///< ref: HostField
  StreamRead,    ///< ref: stream; kid: container, none for a global stream
  StreamBefore,  ///< as StreamRead: the value that the stream had before this step
  StateRead,     ///< ref: state; kid: container, none for a global state
  Element,       ///< of a state that is an array; kids: index and, for one per container, the container
  TableElement,  ///< ref: first parameter of the table; i: how many there are; kid: index
  Ways,
  Mb,
  MbRate,  ///< share_of() says of what
  Quota,   ///< kid: container
  Cores,   ///< kid: container
  Paused,  ///< kid: container
  Now,
  Dt,
  Step,
  Negate,
  Not,
  And,
  Or,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Default,  ///< kids: value, fallback
  Add,
  Subtract,
  Multiply,
  Divide,
  Modulo,
  ToFloat,  ///< int to float, time to seconds
  Abs,
  Sqrt,
  Log2,
  Exp2,  ///< kid: a float
  Min,
  Max,
  Floor,
  Ceil,
  Round,
  InSet,   ///< kid: container or cpu; set
  Reduce,  ///< ref: Reduction; set; local: its variable; kid: body, none for count
  Window,  ///< temporal
  Ewma,
  Schmitt,
  Rises,
  Falls,
  Changed,
  DeltaPrevious,
  RatePrevious,  ///< temporal; Schmitt's kids: value, on, off
  Call,          ///< ref: function; kids: arguments
  Cause,         ///< kid: a MetricRead or StreamRead; a Cause
  Has,           ///< ref: Metric; is it measured in this run?
  Next,          ///< kid: of an enum; the value after it, after the last the first
  TextRef,       ///< ref: Told
};
/// What a text may say besides values.
enum class Told : uint32_t { Reason, Why, Failure, Action };
enum class StaticField : uint32_t {
  Index,
  NumCores,
  Critical,
  Priority,
  Name,
  Role,
  Image,
  Ipc,
  Ipce,
  Target
};
enum class HostField : uint32_t {
  NumCpus,
  NumSockets,
  NumDomains,
  L3Ways,
  NumClosids,
  L3Bytes,
  Memory,
  MbKind,
  PeakBandwidth
};
enum class Reduction : uint32_t { Sum, Avg, Min, Max, Any, All, Count, ArgMin, ArgMax };

struct Node {
  Op op{};
  Type type;
  Span span;
  std::vector<NodeId> kids;
  int64_t i = 0;
  double f = 0;
  uint32_t ref = kNone;
  uint32_t set = kNone;
  LocalId local = kNone;
  uint32_t temporal = kNone;
  std::string text;
};

/// Of Ways, Mb and MbRate, whose ref is the class and whose kids are its container, where it is one for each,
/// and, where i is 1, the domain.
inline ClassRef share_of(const Node& n) {
  const size_t containers = n.kids.size() - (n.i != 0 ? 1 : 0);
  return {n.ref, containers > 0 ? n.kids[0] : kNone, n.i != 0 ? n.kids.back() : kNone};
}

/// A set of containers, CPUs, sockets or L3 domains, or a range of ints. `variable` is bound while `where` is
/// evaluated.
struct Set {
  enum class From : uint8_t { All, Class, Group, Host, CpusOf, CpuList, Ordered, Range };
  From from{};
  Base of = Base::Container;  ///< of its elements; of From::Host all of the kind
  [[nodiscard]] bool of_ints() const { return from == From::Range; }
  uint32_t ref = kNone;  ///< class or group; of Ordered the set that is ordered
  NodeId whose = kNone;  ///< of CpusOf: a container, socket or domain
  std::vector<std::pair<NodeId, NodeId>>
      ranges;            ///< of CpuList, second kNone for a single CPU; the one of Range
  NodeId key = kNone;    ///< of Ordered; an element without a key is left out
  NodeId count = kNone;  ///< of Ordered: at most so many; kNone for all
  bool highest = false;  ///< of Ordered: by falling keys
  LocalId variable = kNone;
  NodeId where = kNone;
  Span span;
};

enum class WindowOp : uint8_t { Avg, Min, Max, Sum, Count, Delta, Rate, Sd, Slope, P50, P95, P99, Hold };

/// A temporal operator in a stream; has state for each element of the stream.
struct Temporal {
  Op op{};
  WindowOp window{};
  bool by_steps = false;  ///< window of N steps instead of a time
  NodeId length = kNone;  ///< constant expression of literals and params; ewma: the half-life
  int64_t min_samples = 2;
  bool of_delta = false;       ///< the operand is a metric of kind Delta: rate divides by dt
  bool of_cumulative = false;  ///< the operand is a cumulative metric: a fall is a restart, and missing
  Span span;
};

// --- declarations ---

/// Hosts by how they allocate memory bandwidth, a bit for each MbKind: what stands under `if host.mb_kind ==
/// …` is read and done on some of them only.
using HostKinds = uint32_t;
inline constexpr HostKinds kEveryHost = 7;
constexpr HostKinds only(MbKind kind) { return 1U << static_cast<unsigned>(kind); }

/// Each with the hosts on which it is read or done.
template <class T>
using OnHosts = std::vector<std::pair<T, HostKinds>>;

/// What a declaration reads and does, directly and through the streams, groups and functions that it names.
struct Uses {
  OnHosts<Metric> metrics;
  OnHosts<Verb> verbs;
  std::vector<uint32_t> streams;  ///< whose values of this step it needs
  void add_stream(uint32_t stream) {
    if (std::find(streams.begin(), streams.end(), stream) == streams.end()) streams.push_back(stream);
  }
  void add(Metric metric, HostKinds on = kEveryHost) { add(metric, on, metrics); }
  void add(Verb verb, HostKinds on = kEveryHost) { add(verb, on, verbs); }
  void add(const Uses& other, HostKinds on = kEveryHost) {
    for (const auto& [metric, there] : other.metrics) add(metric, there & on);
    for (const auto& [verb, there] : other.verbs) add(verb, there & on);
    // Not one by one: a stream that ends a chain needs all those before it.
    std::vector<bool> known;
    const auto mark = [&](uint32_t stream) {
      if (known.size() <= stream) known.resize(stream + 1);
      const bool is_new = !known[stream];
      known[stream] = true;
      return is_new;
    };
    for (const uint32_t stream : streams) mark(stream);
    for (const uint32_t stream : other.streams)
      if (mark(stream)) streams.push_back(stream);
  }

 private:
  template <class T>
  static void add(T what, HostKinds on, OnHosts<T>& list) {
    const auto known =
        std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.first == what; });
    if (known == list.end())
      list.emplace_back(what, on);
    else
      known->second |= on;
  }
};

struct Param {
  std::string name, doc;
  Type type;
  double value = 0, lo = 0, hi = 0;
  bool has_range = false;
  Span span;
  int64_t table = 0;  ///< of the first value of a table: how many values it has, each a parameter of its own
};
struct Enumeration {
  std::string name;
  std::vector<std::string> values;
  Span span;
};
/// `class own(c) for c in lc` is a class for each container of `set`, which is known before the run.
struct Class {
  std::string name;
  Span span;
  bool per_container = false;
  uint32_t set = kNone;
};
struct Group {
  std::string name;
  uint32_t set;
  Span span;
  Uses uses = {};
};
/// An array has `size` elements, each of which begins as `initial`; 0: a single value.
struct State {
  std::string name;
  Base of;  ///< there is one for each of these; Void: one for the run
  Type type;
  NodeId initial;
  Span span;
  int64_t size = 0;
};
struct Stream {
  std::string name;
  LocalId subject = kNone;  ///< kNone for a global stream
  NodeId value = kNone;
  Type type;
  Span span;
  bool looked_back = false;  ///< `prev` of it is read
  std::vector<uint32_t> temporals;
  std::vector<uint32_t> inputs;   ///< streams that it reads
  std::vector<uint32_t> earlier;  ///< streams whose `prev` it reads: they do not make it tick
  std::vector<Metric> metrics;    ///< that it reads of its own container
  Uses uses = {};
};
struct Function {
  std::string name;
  std::vector<LocalId> parameters;
  Type result;
  bool is_plan = false;
  Block body;
  Span span;
  Uses uses = {};
};
struct Rule {
  enum class Kind : uint8_t { When, Every, On, Task };
  Kind kind{};
  ast::OnEvent event{};
  std::optional<Verb> failed;  ///< of `on failed(…)`: the action; nullopt for any
  Span head;
  NodeId condition = kNone, hold = kNone, cooldown = kNone, period = kNone;
  NodeId of = kNone;         ///< of `for N of M`: M; `hold` is N
  uint32_t set = kNone;      ///< of `each`
  LocalId variable = kNone;  ///< of `each` and of admit, start, stop
  Block body;
  std::vector<LocalId> frame;  ///< of a task: names that outlive a wait
  std::vector<NodeId> leaves;  ///< metric and stream reads of the head: when they tick, and what {why} shows
  Uses uses = {};
};

/// What a constant may be.
struct Range {
  double lo = 0, hi = 0;
};

struct Program {
  std::string name, doc;
  int64_t edition = 1;
  std::vector<Node> nodes;
  std::vector<Set> sets;
  std::vector<Type> locals;
  std::map<LocalId, Range> local_ranges;  ///< of names that run over a range of ints
  std::vector<Temporal> temporals;
  std::vector<Param> params;
  std::vector<Enumeration> enums;
  std::vector<Class> classes;
  int32_t default_class = -1;
  std::vector<Group> groups;
  std::vector<State> states;
  std::vector<Stream> streams;
  std::vector<uint32_t> stream_order;  ///< inputs before their users
  std::vector<Function> functions;
  std::vector<Rule> rules;  ///< in source order
  uint32_t trials = 0;
  std::vector<std::pair<Metric, Span>> needs;       ///< first read of each metric
  std::vector<std::pair<Verb, Span>> acts;          ///< first use of each action
  std::vector<std::pair<int64_t, Span>> sample_ns;  ///< periods that `sample` sets, each with its first place
  std::vector<Metric> optional;                     ///< may be absent, and are then missing
  std::vector<Metric> promised;                     ///< that `needs` names
  std::vector<Metric> own;  ///< beside metrics.def, which `needs` and `optional` declare

  /// What a whole number or time made of literals and parameters with a range may be; nullopt for anything
  /// else. Interval arithmetic; ends beyond 2^53 have no range.
  [[nodiscard]] std::optional<Range> range_of(NodeId id) const;
};

}  // namespace cbench::check
