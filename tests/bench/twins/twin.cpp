#include "tests/bench/twins/twin.h"

#include <stdexcept>

namespace cbench::twins {

Twin cpp_twin(const std::string& policy) {
  if (policy == "cache_aware") return cache_aware();
  if (policy == "bandwidth_aware") return bandwidth_aware();
  if (policy == "parties") return parties();
  throw std::invalid_argument("there is no twin of " + policy);
}

Plan plan_of(const Plan& stock, const Twin& twin) {
  Plan plan = stock;
  plan.texts = twin.texts;
  plan.state_bytes = twin.run_bytes + twin.slot_bytes * stock.slots;
  return plan;
}

}  // namespace cbench::twins
