// Twins of stock policies, written by hand in C++ and in Lua, to tell what the language costs. A twin has the
// signature of the compiled policy and calls the same intrinsics, so that the runtime runs it unchanged and
// its decisions come from the same shadow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stdlib/abi/abi.h"
#include "stdlib/abi/plan.h"

namespace cbench::twins {

/// Of runs of `parties`: so many containers, the first, are critical, with this target for their latency.
inline constexpr int32_t kCritical = 4;
inline constexpr int64_t kTargetNs = 10'000'000;

/// What the runtime has to know of a twin beside the stock policy's plan.
struct Twin {
  abi::EntryFn entry = nullptr;
  std::vector<std::string> texts;          ///< that it prints, by number
  uint64_t run_bytes = 0, slot_bytes = 0;  ///< of its state: for the run, and for each container
};

Twin cache_aware();
Twin bandwidth_aware();
Twin parties();
/// The one of the stock policy's name.
Twin cpp_twin(const std::string& policy);

/// A twin in LuaJIT, from `policy`.lua beside this file. One lives at a time: an entry function has no place
/// for its interpreter.
class LuaTwin {
 public:
  explicit LuaTwin(const std::string& policy);
  ~LuaTwin();
  LuaTwin(const LuaTwin&) = delete;
  LuaTwin& operator=(const LuaTwin&) = delete;
  [[nodiscard]] const Twin& twin() const { return twin_; }

 private:
  Twin twin_;
};

/// The stock policy's plan, with the twin's texts and state in place of the compiled ones.
Plan plan_of(const Plan& stock, const Twin& twin);

}  // namespace cbench::twins
