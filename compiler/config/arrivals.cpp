#include "compiler/config/arrivals.h"

#include <algorithm>

namespace cbench::config {
namespace {

constexpr int kDraws = 64;

const std::string& pick(const Weights& weights, Random& random) {
  static const std::string kAny;
  uint64_t sum = 0;
  for (const auto& [word, weight] : weights) sum += weight;
  if (sum == 0) return kAny;
  uint64_t at = random.below(sum);
  for (const auto& [word, weight] : weights) {
    if (at < weight) return word;
    at -= weight;
  }
  return kAny;
}

bool agrees(const std::string& wanted, const std::string& is) { return wanted.empty() || wanted == is; }

/// Places of the templates that are what is wanted.
std::vector<size_t> matching(const Traits& wanted, const std::vector<Traits>& templates) {
  std::vector<size_t> out;
  for (size_t i = 0; i < templates.size(); ++i)
    if (agrees(wanted.kind, templates[i].kind) && agrees(wanted.sensitivity, templates[i].sensitivity) &&
        agrees(wanted.priority, templates[i].priority))
      out.push_back(i);
  return out;
}

void note(std::vector<std::pair<Traits, size_t>>& unmatched, const Traits& wanted) {
  const auto known = std::find_if(unmatched.begin(), unmatched.end(),
                                  [&](const auto& each) { return each.first == wanted; });
  if (known == unmatched.end())
    unmatched.emplace_back(wanted, 1);
  else
    ++known->second;
}

}  // namespace

uint64_t Random::next() {
  uint64_t z = state_ += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

uint64_t Random::below(uint64_t bound) {
  using Wide = unsigned __int128;  // the upper half of the product: no division, a bias below bound / 2^64
  return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
}

int64_t Random::normal() {
  int64_t sum = 0;
  for (int i = 0; i < 6; ++i) {
    const uint64_t two = next();
    sum += static_cast<int64_t>(two >> 32U) + static_cast<int64_t>(two & 0xFFFFFFFFU);
  }
  return sum - 6 * (int64_t{1} << 32U);
}

int64_t Normal::draw(Random& random) const {
  using Wide = __int128;
  Wide value = mean;
  for (int i = 0; i < kDraws; ++i) {
    value = mean + static_cast<Wide>(sigma) * random.normal() / (Wide{1} << 32U);
    if (value >= low && value <= high) break;
  }
  return static_cast<int64_t>(std::clamp<Wide>(value, low, high));
}

Generated generate(const Arrivals& arrivals, const std::vector<Traits>& templates, int64_t until_ns,
                   size_t most) {
  Generated out;
  Random random(arrivals.seed);
  for (int64_t at = 0; at < until_ns && out.jobs.size() <= most;) {
    Traits wanted;
    wanted.kind = pick(arrivals.kinds, random);
    wanted.sensitivity = pick(arrivals.sensitivities, random);
    wanted.priority = pick(arrivals.priorities, random);
    std::vector<size_t> fit = matching(wanted, templates);
    if (fit.empty()) note(out.unmatched, wanted);
    for (std::string* given_up : {&wanted.sensitivity, &wanted.kind, &wanted.priority}) {
      if (!fit.empty()) break;
      given_up->clear();
      fit = matching(wanted, templates);
    }
    const size_t of = fit[random.below(fit.size())];
    out.jobs.push_back({of, at, arrivals.length.draw(random)});
    const int64_t gap = arrivals.gap.draw(random);
    at = gap > until_ns - at ? until_ns : at + gap;
  }
  return out;
}

}  // namespace cbench::config
