// Generated workloads: which jobs arrive when, from a seed. Whole numbers only, so that one seed gives the
// same jobs on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cbench::config {

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next();
  /// Uniform in [0, bound); `bound` is at least 1.
  uint64_t below(uint64_t bound);
  /// Near to normal: the sum of twelve uniform draws, less their mean (Irwin–Hall), which has variance 1 and
  /// ends at ±6. In units of 2^-32 standard deviations.
  int64_t normal();

 private:
  uint64_t state_;
};

/// A normal distribution, truncated: what lies outside of [low, high] is drawn again.
struct Normal {
  int64_t mean = 0, sigma = 0;  ///< nanoseconds
  int64_t low = 0, high = INT64_MAX;

  /// After 64 draws outside the bounds the last one is moved to the nearer bound.
  int64_t draw(Random& random) const;
};

/// Words with weights; empty: anything goes.
using Weights = std::vector<std::pair<std::string, uint64_t>>;

/// What arrivals ask for, and what a template is.
struct Traits {
  std::string kind, sensitivity, priority;
  friend bool operator==(const Traits&, const Traits&) = default;
};

struct Arrivals {
  uint64_t seed = 1;
  Normal gap;     ///< between two arrivals; the first job arrives at 0
  Normal length;  ///< of a job
  Weights kinds, sensitivities, priorities;
};

struct Job {
  size_t of = 0;  ///< place of its template
  int64_t start_ns = 0, length_ns = 0;
};

struct Generated {
  std::vector<Job> jobs;  ///< by start
  /// What was drawn and no template is, with the number of jobs, each once. Such a job takes a template that
  /// agrees in as much as possible: first the sensitivity is given up, then the kind, the priority last.
  std::vector<std::pair<Traits, size_t>> unmatched;
};

/// The jobs that arrive before `until_ns`, `most` + 1 at the most. There is a template.
Generated generate(const Arrivals& arrivals, const std::vector<Traits>& templates, int64_t until_ns,
                   size_t most);

}  // namespace cbench::config
