// The tests of a policy, checked: what is fed and what is expected, as plain data.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "stdlib/abi/cpu_set.h"
#include "stdlib/abi/plan.h"

namespace cbench {

struct TestContainer {
  std::string name, role, image;
  bool critical = false, priority = false;
  CpuSet cpus;                                     ///< empty: one CPU is picked
  bool later = false;                              ///< started by a `start` of the test, not at its begin
  std::vector<std::pair<Metric, double>> targets;  ///< as ContainerSpec::targets
};

/// A value of a container's metric, in the metric's own unit; absent: missing.
struct TestCell {
  std::string container;
  Metric metric{};
  std::optional<double> value;
};

/// A thing that happens in a test.
struct TestEvent {
  enum class Kind : uint8_t { Feed, File, Start, Stop };
  Kind kind{};
  int64_t steps = 0;            ///< of Feed
  std::vector<TestCell> cells;  ///< of Feed
  std::string text;             ///< of File: its path as written; of Start and Stop: the container
  Span span;
};

/// What a decision has to look like. What is absent may be anything.
struct TestExpectation {
  bool no = false;
  Verb verb{};
  std::string container, cls;
  std::optional<int64_t> domain;  ///< id of an L3 domain
  std::optional<double> value;    ///< canonical, as Decision::value
  std::optional<std::string> detail;
  bool detail_is_part = false;  ///< of the decision's detail, which is a text
  std::optional<int64_t> within, after;
  Span span;
};

struct TestCase {
  std::string name;
  Span span;                                          ///< of the name
  std::vector<Metric> own;                            ///< that the policy declares beside metrics.def
  std::vector<std::pair<std::string, int64_t>> host;  ///< facts that differ from the assumed host
  std::vector<TestContainer> containers;
  std::vector<TestEvent> events;
  std::vector<TestExpectation> expectations;
  int64_t step_ns = 0;  ///< how long a step is
};

namespace check {

/// The tests of a policy. nullopt: errors were reported.
std::optional<std::vector<TestCase>> check_tests(const ast::Policy& policy, Diagnostics& diagnostics);

}  // namespace check

}  // namespace cbench
