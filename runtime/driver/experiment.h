// Experiment: the folder of several runs of one benchmark, with an index of them that survives an
// interruption.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/analysis/spread.h"

namespace cbench {

/// What must be alike for runs to be of one experiment: names and values, the texts as their SHA-256.
using Ingredients = std::vector<std::pair<std::string, std::string>>;

/// A run as the index has it.
struct IndexedRun {
  int64_t number = 0;  ///< from 1; warm-up runs have numbers of their own
  bool warmup = false;
  std::string run_id;
  std::string folder;   ///< within the experiment's
  std::string outcome;  ///< ok, failed, interrupted, not_begun; cut_off: it was found unfinished
  int exit_code = 0;
  int64_t start_wall_ns = 0, duration_ns = 0;
  std::vector<std::pair<std::string, Figures>> containers;

  /// It counts: it is not run again when the experiment is resumed.
  [[nodiscard]] bool finished() const { return outcome == "ok" || outcome == "failed"; }
};

class Experiment {
 public:
  /// Begins one in `folder`, which is made. Errors: it holds an experiment already (Usage), it cannot be
  /// written (RunFailed).
  static Result<Experiment> begin(std::string folder, std::string name, Ingredients ingredients);
  /// Goes on with the one in `folder`. Runs that another process left unfinished become cut_off. Errors:
  /// there is none, or it was of other ingredients, which are named (Usage); it is damaged (Invalid);
  /// somebody is at work on it (RunFailed).
  static Result<Experiment> resume(std::string folder, const Ingredients& ingredients);
  Experiment(Experiment&& other) noexcept;
  Experiment& operator=(Experiment&&) = delete;
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;
  ~Experiment();

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string index() const { return folder_ + "/index.json"; }
  /// Has the run `number` been made?
  [[nodiscard]] bool finished(int64_t number) const;
  /// What a run's folder is called before its id.
  [[nodiscard]] std::string prefix(int64_t number, bool warmup) const;
  /// Adds a run and writes the index, all or nothing.
  Result<> add(IndexedRun run);
  /// Of the finished runs, warm-up runs left out.
  [[nodiscard]] std::vector<SpreadRow> spreads() const;
  [[nodiscard]] size_t finished_runs() const;
  /// The index, with `indent` -1 on one line.
  [[nodiscard]] std::string to_json(int indent = 2) const;

 private:
  Experiment() = default;
  Result<> lock();
  Result<> write() const;
  void find_cut_off();

  std::string folder_, name_;
  Ingredients ingredients_;
  std::vector<IndexedRun> runs_;
  int lock_ = -1;
};

}  // namespace cbench
